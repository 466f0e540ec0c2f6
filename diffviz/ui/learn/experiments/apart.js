// A run taken apart: each step by hand, and the same run with one number changed.

import { make } from "../../lib/dom.js";
import { slider } from "../../lib/slider.js";
import { byHand } from "../byhand.js";
import { button, figure, numbers, picture, row } from "../drawn.js";

/** @import { Experiment } from "../types.d.ts" */
/** @import { Written } from "../byhand.js" */

const STEPS = 10;

/** @type {Experiment} */
export function apart({ run }) {
  const figures = ["xₜ", "x̂₀", "ε̂", "xₜ with your number"].map((label) => figure(label));
  const hand = byHand();
  /** @type {(Written & { lane: number })[][]} */
  let lanes = [[], []];
  let [changed, factor] = [0, 1];
  const step = slider({ label: "Look at step", minimum: 1, maximum: STEPS, value: 4, text: (value) => `${value} of ${STEPS}`, onInput: show });
  const where = slider({ label: "Change step", minimum: 1, maximum: STEPS - 1, value: 4 });
  const times = slider({ label: "ε̂ times", minimum: 0, maximum: 2, step: 0.1, value: 1.3, text: (value) => value.toFixed(1) });

  function show() {
    const at = step.value - 1;
    const frame = lanes[0][at];
    if (!frame) return;
    const values = [frame.x, frame.x0, frame.eps].map(numbers);
    values.forEach((value, i) => picture(figures[i].canvas, value, frame.shape, i === 2 ? 2 : 1));
    figures[0].tell(`x at t = ${frame.t}`);
    const last = at + 1 >= STEPS;
    const other = lanes[1][at + 1] ?? lanes[0][at + 1];
    if (other) picture(figures[3].canvas, numbers(other.x), other.shape);
    figures[3].tell(`x at t = ${frame.s}${at >= changed ? ", with your number" : ""}${last ? ": the end" : ""}`);
    hand.take(frame, at === changed ? factor : 1);
  }

  function start() {
    if (!run({ steps: STEPS, step: where.value - 1, factor: times.value })) return;
    lanes = [[], []];
  }
  return {
    root: make("div", {}, make("div", { className: "learn-controls" }, where.root, times.root), button("Run it both ways", start), row(figures), step.root, hand.root),
    take(message) {
      if (message.grid) [changed, factor] = [message.changed, message.factor];
      if (message.frame) lanes[message.frame.lane][message.frame.index] = message.frame;
      if (message.frame?.lane === 1 || message.outcome) show();
    },
  };
}
