// A slider from static back to a picture: the steps of a run that was just made.

import { make } from "../../lib/dom.js";
import { slider } from "../../lib/slider.js";
import { button, figure, numbers, picture } from "../drawn.js";

/** @import { Experiment } from "../types.d.ts" */

/** @type {Experiment} */
export function back({ run }) {
  const shown = figure("Nothing is made yet");
  /** @type {{ t: number, shape: number[], x: string }[]} */
  let frames = [];
  const place = slider({ label: "Step", minimum: 0, maximum: 0, onInput: show });
  const again = button("Make one out of noise", () => run({ seed: Math.floor(Math.random() * 10_000) }) && (frames = []));

  function show() {
    const frame = frames[place.value];
    if (!frame) return;
    picture(shown.canvas, numbers(frame.x), frame.shape);
    shown.tell(`x at t = ${frame.t}`);
  }
  return {
    root: make("div", { className: "learn-narrow" }, shown.root, place.root, again),
    take({ frame }) {
      if (!frame) return;
      frames.push(frame);
      place.set(frames.length - 1, frames.length - 1);
      show();
    },
  };
}
