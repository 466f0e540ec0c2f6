// One noising step on a tensor, as a cell that runs on the server.

import { make } from "../../lib/dom.js";
import { slider } from "../../lib/slider.js";
import { button, figure, numbers, picture, row } from "../drawn.js";

/** @import { Experiment } from "../types.d.ts" */

/** @type {Experiment} */
export function noising({ run, facts }) {
  const figures = [figure("x, 1 × 3 × 64 × 64"), figure("x + factor · noise")];
  const factor = slider({ label: "factor", minimum: 0, maximum: 3, step: 0.1, value: 0.3, text: (value) => value.toFixed(1) });
  const code = make("pre", { tabindex: "0", "aria-label": "The code of one noising step" }, make("code", {}, facts.code.noising));
  return {
    root: make("div", {}, code, factor.root, button("Run the cell", () => run({ factor: factor.value })), row(figures)),
    take({ noised }) {
      if (!noised) return;
      picture(figures[0].canvas, numbers(noised.x), noised.shape);
      picture(figures[1].canvas, numbers(noised.noisy), noised.shape);
    },
  };
}
