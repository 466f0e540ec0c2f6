// Samples in the plane, a cloud for each way to make them, with how good they are.

import { make } from "../../lib/dom.js";
import { store } from "../../lib/store.js";
import { button, cloud, figure } from "../drawn.js";
import { figures as number } from "../progress.js";

/** @import { Bench, Experiment } from "../types.d.ts" */

/** @param {Bench} bench @param {string} label @param {() => Record<string, unknown>} [wanted] */
function clouds({ run }, label, wanted = () => ({})) {
  const list = make("div", { className: "learn-figures many" });
  return {
    root: make("div", {}, button(label, () => run(wanted()) && list.replaceChildren()), list),
    /** @param {Record<string, any>} message */
    take({ lane }) {
      if (!lane) return;
      const shown = figure(lane.label, "cloud");
      list.append(shown.root);
      cloud(shown.canvas, lane.points);
      const quality = lane.name === "data" ? "" : `: Fréchet distance ${number(lane.distance)}, ${lane.covered} of ${lane.modes} modes, ${number(100 * lane.astray)} % astray`;
      shown.tell(`${lane.label}${quality}`);
    },
  };
}

/** @type {Experiment} */
export const once = (bench) => clouds(bench, "Jump, and walk");

/** @type {Experiment} */
export const schedule = (bench) => {
  const handles = () => store.get("handles");
  return clouds(bench, "Try each schedule", () => (handles() ? { handles: handles() } : {}));
};
