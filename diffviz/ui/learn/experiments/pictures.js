// Pictures of one jump and of many steps, a few of each, with how far all of them are from real ones.

import { make } from "../../lib/dom.js";
import { button, figure, numbers, picture } from "../drawn.js";
import { figures as number } from "../progress.js";

/** @import { Experiment } from "../types.d.ts" */

/** @type {Experiment} */
export function pictures({ run, say }) {
  const list = make("div", {});
  return {
    root: make("div", {}, button("Jump, and walk", () => run() && list.replaceChildren()), list),
    take({ lane, fraction, of }) {
      if (fraction !== undefined) say(`${of}: ${Math.round(100 * fraction)} %`);
      if (!lane) return;
      const shown = lane.pictures.map((/** @type {string} */ x, /** @type {number} */ i) => {
        const one = figure("");
        picture(one.canvas, numbers(x), lane.shape);
        one.canvas.setAttribute("aria-label", `${lane.label}, number ${i + 1}`);
        return one.root;
      });
      list.append(make("p", { className: "number" }, `${lane.label}: Fréchet distance ${number(lane.distance)}`), make("div", { className: "learn-figures small" }, ...shown));
    },
  };
}
