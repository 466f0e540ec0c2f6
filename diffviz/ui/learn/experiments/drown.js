// A slider from a clean picture to static: the browser does the sum itself.

import { make } from "../../lib/dom.js";
import { equation } from "../../lib/math.js";
import { counterNoise } from "../../lib/noise.js";
import { bytes } from "../../lib/pixels.js";
import { makeSchedule } from "../../lib/schedules.js";
import { slider } from "../../lib/slider.js";
import { figure, picture } from "../drawn.js";

/** @import { Experiment, Facts } from "../types.d.ts" */

const T = 1000;

/** The lesson's picture in −1..1. @param {Facts} facts */
export function cleanPicture({ picture: { levels, shape } }) {
  return { x0: Float32Array.from(bytes(levels), (level) => level / 127.5 - 1), shape };
}

/** @type {Experiment} */
export function drown({ facts }) {
  const { x0, shape } = cleanPicture(facts);
  const eps = counterNoise(0, 0, x0.length);
  const { alpha, sigma } = makeSchedule("cosine", T, { s: 0.008 });
  const shown = figure("A boot, and noise");
  const line = make("div", { role: "status" });
  const times = slider({ label: "t", minimum: 0, maximum: T, step: 10, value: 300, onInput: show });

  function show() {
    const t = times.value;
    picture(shown.canvas, x0.map((value, i) => alpha[t] * value + sigma[t] * eps[i]), shape);
    shown.canvas.dataset.t = String(t);
    shown.tell(`x at t = ${t}: ${(100 * alpha[t] ** 2).toFixed(0)} % picture, ${(100 * sigma[t] ** 2).toFixed(0)} % noise, of its variance`);
    line.replaceChildren(equation(`x_{${t}} = ${alpha[t].toFixed(3)}\\;x_0 + ${sigma[t].toFixed(3)}\\;\\varepsilon`, true));
  }
  show();
  return { root: make("div", { className: "learn-narrow" }, shown.root, times.root, line) };
}
