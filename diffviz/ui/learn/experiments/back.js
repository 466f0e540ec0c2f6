// From static back to a picture, of itself or told in words: a slider through the run's steps.

import { make } from "../../lib/dom.js";
import { slider } from "../../lib/slider.js";
import { button, figure, numbers, picture } from "../drawn.js";

/** @import { Bench, Experiment, Message } from "../types.d.ts" */

/** The steps of one run, to walk through. */
function player() {
  const shown = figure("Nothing is made yet");
  /** @type {{ t: number, shape: number[], x: string }[]} */
  let frames = [];
  const place = slider({ label: "Step", minimum: 0, maximum: 0, onInput: show });

  function show() {
    const frame = frames[place.value];
    if (!frame) return;
    picture(shown.canvas, numbers(frame.x), frame.shape);
    shown.tell(`x at t = ${frame.t}`);
  }
  return {
    parts: [shown.root, place.root],
    /** Another run begins. @param {boolean} begun whether it does */
    begin(begun) {
      if (begun) frames = [];
    },
    /** @param {Message} message */
    take({ frame }) {
      if (!frame) return;
      frames.push(frame);
      place.set(frames.length - 1, frames.length - 1);
      show();
    },
  };
}

const anew = () => ({ seed: Math.floor(Math.random() * 10_000) });

/** @type {Experiment} */
export function back({ run }) {
  const { parts, begin, take } = player();
  const again = button("Make one out of noise", () => begin(run(anew())));
  return { root: make("div", { className: "learn-narrow" }, ...parts, again), take };
}

/** @type {Experiment} */
export const words = (bench) => fromWords(bench, "a dwarf with a red beard, blue robe and an axe");

/** @type {Experiment} */
export const latent = (bench) => fromWords(bench, "a smiling woman with long blonde hair and glasses");

/** @param {Bench} bench @param {string} example */
function fromWords({ run }, example) {
  const { parts, begin, take } = player();
  const text = make("input", { type: "text", value: example, maxLength: 200 });
  const draw = button("Draw it", () => begin(run({ ...anew(), text: text.value })));
  const label = make("label", { className: "learn-words" }, make("span", {}, "What to draw"), text);
  return { root: make("div", { className: "learn-narrow" }, label, draw, ...parts), take };
}
