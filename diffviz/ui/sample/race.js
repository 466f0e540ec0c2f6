// At a race's end: who came how near to where the exact path ends, with how many evaluations, in what
// time. The exact end costs more than the race, so it is made at a press alone.

import { make } from "../lib/dom.js";
import { float16 } from "../lib/pixels.js";
import { explained } from "../lib/glossary.js";
import { digits, duration, thousands } from "../lib/text.js";
import { MEASURED } from "./state.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { Run, SampleState } from "./state.js" */
/** @import { SampleServer } from "./types.d.ts" */

/** @param {SampleState} state @param {LiveView<SampleServer>["trigger"]} trigger */
export function racePanel(state, trigger) {
  const body = make("tbody", {});
  const head = make("tr", {}, make("th", { scope: "col" }, "Sampler"),
    make("th", { scope: "col" }, explained("distance", "Distance")),
    make("th", { scope: "col" }, "Evaluations"), make("th", { scope: "col" }, "Time"));
  const table = make("table", { id: "sample-race", className: "number" }, make("caption", {}, "Who came how near"), make("thead", {}, head), body);
  const button = make("button", { type: "button", id: "sample-measure", onclick: measure });
  const told = make("p", { className: "muted", role: "status" });
  const root = make("div", { className: "sample-race", hidden: true }, table, button, told);

  function measure() {
    const { run } = state;
    if (!run) return;
    if (run.measuring === "reference") {
      run.reference = null;
      trigger("halt");
    } else {
      run.reference = { index: 0 };
      trigger("refer", { run: run.number, kind: "reference" });
    }
    state.change("reference");
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    const { run } = state;
    if (!run || !["run", "frames", ...MEASURED].some((what) => changed.has(what))) return;
    root.hidden = run.lanes.length < 2 || !run.complete;
    if (root.hidden) return;
    body.replaceChildren(...rowsOf(run));
    const { reference, start: { reference: steps = 0, alike = "", drawing = [] } } = run;
    button.hidden = Boolean(reference?.result);
    button.disabled = ![null, "reference"].includes(run.measuring);
    button.textContent = run.measuring === "reference" ? "Stop measuring" : `Measure: ${steps} steps from the same noise, about ${duration(cost(run))}`;
    const noisy = run.lanes.filter((_, k) => drawing[k]).map(({ label }) => label);
    told.textContent = [
      reference ? progress(reference, steps) : "",
      alike,
      noisy.length ? `${noisy.join(" and ")} ${noisy.length > 1 ? "draw" : "draws"} noise on the way and so ${noisy.length > 1 ? "end" : "ends"} in another picture of the same kind: there the distance is no error.` : "",
    ].filter(Boolean).join(" ");
  }
  return { root, update };
}

/** @param {NonNullable<Run["reference"]>} reference @param {number} steps */
function progress({ waiting, index = 0, failed, result }, steps) {
  if (failed) return failed;
  if (result) return `Distance to what DPM-Solver++ 2M makes of the same noise with the same network in ${steps} steps: root mean square over pixels in −1..1.`;
  return waiting ? `diffviz is busy: you are number ${waiting} in line.` : `Step ${index} of ${steps} …`;
}

/** @param {Run} run */
function rowsOf({ lanes, start: { steps }, reference }) {
  const exact = reference?.result;
  const distances = lanes.map(({ result }) => (exact && result ? apart(result, exact) : NaN));
  return lanes.map(({ label, frames }, k) => {
    const { evaluations, seconds } = frames[steps];
    const near = digits(distances[k]) === digits(Math.min(...distances)) && Boolean(exact); // of two alike both
    const row = make("tr", {}, make("th", { scope: "row" }, label), make("td", {}, exact ? digits(distances[k]) : "–"),
      make("td", {}, thousands(evaluations)), make("td", {}, `${seconds.toFixed(2)} s`));
    row.toggleAttribute("data-nearest", near);
    return row;
  });
}

/** Seconds that the reference takes, by those that an evaluation took here. @param {Run} run */
function cost({ lanes, start: { steps, reference = 0 } }) {
  const last = lanes.map(({ frames }) => frames[steps]);
  const sides = Math.min(...last.map(({ evaluations }) => evaluations / steps)); // of guidance
  const each = Math.min(...last.map(({ seconds, evaluations }) => seconds / evaluations));
  return reference * sides * each;
}

/** The root mean square of the difference of float16 numbers in base64. @param {string} one @param {string} other */
export function apart(one, other) {
  const [a, b] = [float16(one), float16(other)];
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length);
}
