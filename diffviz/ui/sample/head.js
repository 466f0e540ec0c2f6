// Above the pictures of a run: which view of its steps is shown, how far it is, what was asked for.

import { make } from "../lib/dom.js";
import { explained } from "../lib/glossary.js";
import { counted } from "../lib/text.js";
import { segments } from "../lib/segments.js";
import { HINTS, VIEWS } from "../lib/views.js";

/** @import { View } from "../lib/views.js" */
/** @import { Run, SampleState } from "./state.js" */

/** @param {SampleState} state */
export function headPanel(state) {
  const views = segments({
    label: "What is shown",
    labels: VIEWS,
    hints: HINTS,
    onChoose: (view) => state.show(/** @type {View} */ (view)),
  });
  const status = make("p", { className: "player-status muted", "aria-live": "polite" });
  const words = make("p", { className: "player-words" });
  const number = make("span", {});
  const outside = make("p", { className: "player-outside muted", hidden: true }, explained("outside", number));
  const root = make("div", {}, make("div", { className: "player-head" }, views.root, status, outside), words);

  /** @param {Set<string>} changed */
  function update(changed) {
    views.update(state.view);
    const { run, waiting } = state;
    if (changed.has("run") && run) {
      words.textContent = run.start.words;
      outside.hidden = !run.start.outside;
      number.textContent = `${counted(run.start.outside, "step")} outside the noise this network was trained on`;
    }
    const frame = run && state.frame(run.lanes[0]);
    const text = waiting ? `diffviz is busy: you are number ${waiting} in line` : frame ? progress(run, frame.index) : "";
    if (status.textContent !== text) status.textContent = text;
  }
  return { root, update };
}

/** How far a run is at one of its frames. @param {Run} run @param {number} index */
function progress({ start: { steps }, recorded, stopped, complete }, index) {
  const state = recorded ? "a recorded run · " : stopped ? "stopped · " : complete ? "" : "sampling · ";
  const place = index < steps ? `step ${index + 1} of ${steps}` : `done after ${counted(steps, "step")}`;
  return state + place;
}
