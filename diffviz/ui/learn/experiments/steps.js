// One noise, more and more steps: what each makes of it, how long it takes, how far off it is.

import { make } from "../../lib/dom.js";
import { counted } from "../../lib/text.js";
import { button, figure, numbers, picture } from "../drawn.js";
import { figures as number } from "../progress.js";

/** @import { Experiment } from "../types.d.ts" */

/** @type {Experiment} */
export function steps({ run }) {
  const list = make("div", { className: "learn-figures many" });
  /** @type {number[]} */
  let shape = [];

  /** @param {string} label @param {string} x */
  function add(label, x) {
    const shown = figure(label);
    picture(shown.canvas, numbers(x), shape);
    list.append(shown.root);
  }
  return {
    root: make("div", {}, button("Run them all", () => run({ seed: Math.floor(Math.random() * 10_000) }) && list.replaceChildren()), list),
    take({ reference, rung }) {
      if (reference) {
        shape = reference.shape;
        add(`${counted(reference.steps, "step")}: ${number(reference.seconds)} s`, reference.x);
      }
      if (rung) add(`${counted(rung.steps, "step")}: ${number(rung.seconds)} s, ${number(rung.distance)} away`, rung.x);
    },
  };
}
