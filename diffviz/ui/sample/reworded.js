// One word changed and the rest of the picture kept: the attention of the first run put into the second
// (prompt-to-prompt), beside the same words sampled anew from the same noise.

import { make } from "../lib/dom.js";
import { rendererOf } from "../lib/renderer.js";
import { slider } from "../lib/slider.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { Run, SampleState } from "./state.js" */
/** @import { Reworded, SampleServer } from "./types.d.ts" */

const KEPT = 0.8;

/** @param {SampleState} state @param {LiveView<SampleServer>["trigger"]} trigger */
export function rewordedPanel(state, trigger) {
  const to = make("input", { type: "text", id: "sample-reword", maxLength: 400, "aria-label": "The other words", onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && ask() });
  const kept = slider({ label: "Attention kept", minimum: 0, maximum: 1, step: 0.05, value: KEPT, inputId: "sample-reword-kept", text: (share) => `${Math.round(100 * share)} % of the steps` });
  const button = make("button", { type: "button", id: "sample-reword-run", onclick: ask }, "Change the words, keep the picture");
  const told = make("p", { className: "muted", role: "status" });
  const shown = make("div", { className: "player-lanes" });
  const root = make("details", { className: "reworded", id: "sample-reworded", hidden: true },
    make("summary", {}, "Change a word, keep the rest"), make("div", { className: "reworded-controls" }, to, kept.root, button), told, shown);

  function ask() {
    const { run } = state;
    if (!run) return;
    if (run.measuring === "reworded") {
      run.reworded = null;
      trigger("halt");
    } else if (run.measuring === null) {
      run.reworded = { made: [] };
      trigger("refer", { run: run.number, kind: "reworded", to: to.value, kept: kept.value });
    }
    state.change("reworded");
  }

  /** @param {Run} run @param {Reworded["made"][number]} one */
  function figure({ start }, one) {
    const canvas = make("canvas", { className: "picture", role: "img", ariaLabel: one.label });
    rendererOf(start.renderer, () => state.change("reworded"))?.draw(canvas, one.x, { ...start, count: one.count, columns: one.columns });
    return make("figure", {}, canvas, make("figcaption", {}, make("strong", {}, one.label)));
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    const { run } = state;
    if (!run) return;
    const { start, reworded } = run;
    root.hidden = !start.lookups || !start.sentence || start.headings.length > 0 || !run.complete;
    if (changed.has("run")) to.value = start.sentence ?? "";
    button.disabled = ![null, "reworded"].includes(run.measuring);
    button.textContent = run.measuring === "reworded" ? "Stop" : "Change the words, keep the picture";
    if (!changed.has("run") && !changed.has("reworded")) return;
    told.textContent = reworded ? progress(reworded, start.steps) : "";
    shown.dataset.count = String(reworded?.made.length || 1);
    shown.replaceChildren(...(reworded?.made ?? []).map((one) => figure(run, one)));
  }
  return { root, update };
}

/** @param {Reworded} reworded @param {number} steps */
function progress({ waiting, failed, index, made }, steps) {
  if (failed) return failed;
  if (waiting) return `diffviz is busy: you are number ${waiting} in line.`;
  if (made.length) return "In the middle pixels look the new words up where they looked for those that these stand for (Hertz et al. 2022); on the right they look for themselves.";
  return `Step ${(index ?? 0) + 1} of ${steps} …`;
}
