// Where on the schedule a frame is: in an equation, in numbers and on the path of the run.

import { make, terms } from "../lib/dom.js";
import { explained } from "../lib/glossary.js";
import { pathPlot } from "./path.js";

/** @import { SampleState } from "./state.js" */

const NUMBERS = [["t", "t"], ["alpha", "α"], ["sigma", "σ"], ["alpha_bar", "ᾱ"], ["snr", "SNR"]];

/** @param {SampleState} state */
export function factsPanel(state) {
  const equation = make("p", { className: "player-equation number" });
  const values = NUMBERS.map(() => make("span", {}));
  const numbers = make("dl", { className: "player-numbers number" },
    ...terms(NUMBERS.map(([name, label], k) => [explained(name, label), values[k]])));
  const path = pathPlot();
  const root = make("div", {}, equation, make("div", { className: "player-facts" }, numbers, path.root));

  function update() {
    const frame = state.run && state.frame(state.run.lanes[0]);
    if (!state.run || !frame) return;
    const { t, alpha, sigma } = frame;
    const { start } = state.run;
    const x_t = make("span", {}, make("i", {}, "x"), make("sub", {}, "t"));
    equation.replaceChildren(
      x_t, " = ", make("strong", {}, alpha.toFixed(4)), " · x̂0 + ", make("strong", {}, sigma.toFixed(4)), " · ε̂");
    const bar = (alpha * alpha) / (alpha * alpha + sigma * sigma);
    const snr = (alpha / sigma) ** 2;
    const told = [
      `${t} of ${start.T}`, alpha.toFixed(4), sigma.toFixed(4), bar.toFixed(4),
      Number.isFinite(snr) ? snr.toPrecision(3) : "∞",
    ];
    told.forEach((text, k) => (values[k].textContent = text));
    path.draw(start, t);
  }
  return { root, update };
}
