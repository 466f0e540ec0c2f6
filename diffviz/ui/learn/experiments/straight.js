// One step at a time, each with noise of its own, against straight to t: one distribution.

import { make } from "../../lib/dom.js";
import { distributionGap, gapDue } from "../../lib/measures.js";
import { Bars } from "../../lib/marks.js";
import { counterNoise } from "../../lib/noise.js";
import { Plot } from "../../lib/plot.js";
import { Linear } from "../../lib/scales.js";
import { makeSchedule, transition } from "../../lib/schedules.js";
import { slider } from "../../lib/slider.js";
import { button, figure, picture, row } from "../drawn.js";
import { cleanPicture } from "./drown.js";

/** @import { Schedule } from "../../lib/types.d.ts" */
/** @import { Experiment, Found } from "../types.d.ts" */

const T = 1000;
const BINS = 40;
const STRAIGHT = 2 ** 20; // a step that no chain takes: noise of its own

/** x_t of all t single steps, and of one. @param {Float32Array} x0 @param {Schedule} schedule @param {number} t @param {number} seed */
export function bothWays(x0, schedule, t, seed) {
  let walked = Float64Array.from(x0);
  for (let s = 0; s < t; s++) {
    const [ratio, spread] = transition(schedule, s, s + 1);
    const z = counterNoise(seed, s, x0.length);
    walked = walked.map((value, i) => ratio * value + spread * z[i]);
  }
  const eps = counterNoise(seed, STRAIGHT, x0.length);
  const direct = Float64Array.from(x0, (value, i) => schedule.alpha[t] * value + schedule.sigma[t] * eps[i]);
  return { walked, direct };
}

/** Whether what was added has one distribution. @param {Float64Array} walked @param {Float64Array} direct @param {number} steps @returns {Found} */
export function compared(walked, direct, steps) {
  const gap = distributionGap(walked, direct);
  const due = gapDue(walked.length);
  return { outcome: gap < due ? "agree" : "differ", measured: { pixels: walked.length, steps, gap, due } };
}

/** @type {Experiment} */
export function straight({ facts, found, ready }) {
  const { x0, shape } = cleanPicture(facts);
  const schedule = makeSchedule("cosine", T, { s: 0.008 });
  const figures = [figure("One step at a time"), figure("Straight to t")];
  const plot = new Plot({ label: "How often each amount of noise was added", x: new Linear([-3, 3]), y: new Linear([0, 1]) });
  const bars = [new Bars(plot, "bars first"), new Bars(plot, "bars second")];
  plot.xAxis([{ at: -3, text: "−3 σₜ", anchor: "start" }, { at: 0, text: "xₜ − αₜ x₀" }, { at: 3, text: "3 σₜ", anchor: "end" }]);
  const times = slider({ label: "t", minimum: 10, maximum: 990, step: 10, value: 500 });
  let seed = 0;

  function start() {
    if (!ready()) return;
    const t = times.value;
    const { walked, direct } = bothWays(x0, schedule, t, (seed += 1));
    const added = [walked, direct].map((x) => x.map((value, i) => value - schedule.alpha[t] * x0[i]));
    const heights = added.map((values) => histogram(values, schedule.sigma[t]));
    plot.y.domain = [0, Math.max(...heights.flat())];
    bars.forEach((bar, i) => bar.draw(heights[i]));
    [walked, direct].forEach((x, i) => picture(figures[i].canvas, x, shape));
    figures[0].tell(`One step at a time, ${t} of them`);
    found(compared(added[0], added[1], t));
  }
  const note = make("p", { className: "muted" }, "Outlined: one step at a time; filled: straight to t.");
  return { root: make("div", {}, row(figures), make("div", { className: "learn-narrow" }, plot.root, note), times.root, button("Noise it both ways", start)) };
}

/** @param {Float64Array} values @param {number} sigma */
function histogram(values, sigma) {
  const counts = Array(BINS).fill(0);
  for (const value of values) {
    const bin = Math.floor(((value / sigma + 3) / 6) * BINS);
    if (bin >= 0 && bin < BINS) counts[bin] += 1;
  }
  return counts;
}
