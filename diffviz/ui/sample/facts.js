// Where on the schedule a frame is: in an equation, in numbers and on the path of the run.

import { make, terms } from "../lib/dom.js";
import { pathPlot } from "./path.js";

export function factsPanel() {
  const equation = make("p", { className: "player-equation number" });
  const numbers = make("dl", { className: "player-numbers number", title: "Where on the schedule this frame is" });
  const path = pathPlot();
  const root = make("div", { className: "player-facts" }, numbers, path.root);

  function draw(run, { t, alpha, sigma }) {
    equation.replaceChildren(
      math("x", "t"), " = ", strong(alpha.toFixed(4)), " · x̂0 + ", strong(sigma.toFixed(4)), " · ε̂");
    const bar = (alpha * alpha) / (alpha * alpha + sigma * sigma);
    const snr = (alpha / sigma) ** 2;
    numbers.replaceChildren(...terms([
      ["t", `${t} of ${run.T}`], ["α", alpha.toFixed(4)], ["σ", sigma.toFixed(4)],
      ["ᾱ", bar.toFixed(4)], ["SNR", Number.isFinite(snr) ? snr.toPrecision(3) : "∞"],
    ]));
    path.draw(run, t);
  }
  return { equation, root, draw };
}

function math(letter, index) {
  return make("span", {}, make("i", { textContent: letter }), make("sub", { textContent: index }));
}

function strong(text) {
  return make("strong", { textContent: text });
}
