// Numbers: where on its way the cloud stands, and how good the result is beside fresh data.

import { make, terms } from "../lib/dom.js";
import { logSnr } from "../lib/schedules.js";
import { digits } from "../lib/text.js";

/** @import { PlaneState } from "./state.js" */
/** @import { Measured } from "./types.d.ts" */

/** @type {Record<string, [label: string, help: string]>} */
const NUMBERS = {
  energy: ["Energy distance", "to fresh data; 0 for one distribution alone"],
  sliced: ["Sliced Wasserstein", "to fresh data, along 128 random lines"],
  covered: ["Modes covered", "with at least a fifth of what would be theirs"],
  astray: ["Astray", "farther than 3σ from every mode"],
  nearest: ["Nearest known point", "the median over the samples: 0 is a copy"],
};

export function readoutPanel() {
  const place = make("dl", { className: "plane-place number", id: "plane-place" });
  const said = make("p", { id: "plane-said", className: "muted", role: "status" });
  const table = make("table", { id: "plane-numbers", className: "plane-numbers number", hidden: true });

  /** Where it stands. @param {PlaneState} state */
  function update(state) {
    const { time: t, schedule, step } = state;
    const snr = logSnr(schedule, t);
    const t_of = `${t} of ${schedule.T}`;
    place.replaceChildren(...terms([
      [step < 0 ? "Into noise" : `Back, step ${step + 1} of ${state.t.length}`, `t = ${t_of}`],
      ["α", digits(schedule.alpha[t])],
      ["σ", digits(schedule.sigma[t])],
      ["log SNR", digits(snr)],
    ].map(([name, value]) => /** @type {[string, string]} */ ([name, value]))));
  }

  /** How good it is. @param {PlaneState} state */
  function result({ ends, lanes }) {
    table.hidden = !ends.length;
    if (!ends.length) return;
    const names = Object.keys(ends[0].numbers);
    table.replaceChildren(
      make("caption", {}, "The result, beside what as many fresh data get"),
      make("thead", {}, make("tr", {}, ...["", ...lanes.map(({ label }) => label), "Fresh data"].map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...names.map((name) => make("tr", {},
        make("th", { scope: "row", title: NUMBERS[name][1] }, NUMBERS[name][0]),
        ...ends.map((end) => make("td", {}, figure(name, end.numbers[name], "value"))),
        make("td", {}, figure(name, ends[0].numbers[name], "fresh")))),
      make("tr", {}, make("th", { scope: "row", title: "of the denoiser; both sides of guidance count" }, "Evaluations"), ...ends.map(({ nfe }) => make("td", {}, String(nfe))), make("td", {}, "–"))),
    );
  }
  return { place, said, table, update, result };
}

/** @param {string} name @param {Measured} measured @param {"value" | "fresh"} which */
function figure(name, measured, which) {
  const value = measured[which];
  if (name === "covered") return `${value} of ${measured.of}`;
  if (name === "astray") return `${(100 * value).toFixed(1)} %`;
  return digits(value);
}
