// A distilled denoiser's pictures after a few looks, beside its teacher's after many, from
// the run's own noise, and what it took; made at a press, the quickest first.

import { make } from "../lib/dom.js";
import { rendererOf } from "../lib/renderer.js";
import { counted } from "../lib/text.js";
import { captionOf } from "./lanes.js";
import { MEASURED } from "./state.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { Run, SampleState } from "./state.js" */
/** @import { FewSteps, SampleServer } from "./types.d.ts" */

/** @param {SampleState} state @param {LiveView<SampleServer>["trigger"]} trigger */
export function fewPanel(state, trigger) {
  const button = make("button", { type: "button", id: "sample-few", onclick: ask });
  const told = make("p", { className: "muted", role: "status" });
  const shown = make("div", { className: "player-lanes" });
  const root = make("div", { className: "sample-few", hidden: true }, button, shown, told);

  function ask() {
    const { run } = state;
    if (!run) return;
    if (run.measuring === "few") {
      run.few = null;
      trigger("halt");
    } else {
      run.few = { made: [] };
      trigger("refer", { run: run.number, kind: "few" });
    }
    state.change("few");
  }

  /** @param {Run} run @param {FewSteps["made"][number]} one */
  function figure({ start }, one) {
    const canvas = make("canvas", { className: "picture", role: "img", ariaLabel: `${one.label}: ${counted(one.evaluations, "evaluation")}` });
    const { count } = one; // of columns the first alone
    const { caption, label, asked, time } = captionOf();
    label.textContent = one.label;
    asked.textContent = counted(one.evaluations, "evaluation");
    time.textContent = `${one.seconds.toFixed(2)} s`;
    rendererOf(start.renderer, () => state.change("few"))?.draw(canvas, one.x, { ...start, count, columns: count < start.count ? 1 : start.columns });
    return make("figure", {}, canvas, caption);
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    const { run } = state;
    if (!run || !["run", "frames", "view", ...MEASURED].some((what) => changed.has(what))) return;
    const { start: { distilled }, few } = run;
    root.hidden = !distilled || !run.complete;
    if (!distilled || root.hidden) return;
    const whole = few?.made.length === distilled.few.length + 1;
    button.hidden = whole;
    button.disabled = ![null, "few"].includes(run.measuring);
    button.textContent = run.measuring === "few" ? "Stop" : `Few steps: ${distilled.student} in ${listed(distilled.few)} evaluations, ${distilled.teacher} in ${distilled.many}, from the same noise`;
    told.textContent = few ? progress(few, whole ? distilled.took : "") : "";
    shown.replaceChildren(...(few?.made ?? []).map((one) => figure(run, one)));
  }
  return { root, update };
}

/** @param {FewSteps} few @param {string} took */
function progress({ waiting, failed, made }, took) {
  if (failed) return failed;
  if (waiting) return `diffviz is busy: you are number ${waiting} in line.`;
  return took || (made.length ? "" : "Asking …");
}

/** @param {number[]} counts */
function listed(counts) {
  return `${counts.slice(0, -1).join(", ")} and ${counts.at(-1)}`;
}
