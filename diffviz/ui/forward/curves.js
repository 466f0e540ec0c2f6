// Curves over t with the cursor on the present one, and a histogram of x_t's values.

import { Bars, Cursor, Line } from "../lib/marks.js";
import { Plot } from "../lib/plot.js";
import { Linear } from "../lib/scales.js";
import { digits, minus } from "../lib/text.js";

const MOST_POINTS = 220;
const CURVES = 3;

/** @typedef {(t: number) => number} Curve */

/**
 * A plot of up to three curves over t; pressing and dragging on it calls onMove(t).
 * update(curves, T): the first is the main one; move(t): sets the cursor.
 * @param {{ id: string, label: string, ticks: number[], domain: [number, number], onMove: Curve | ((t: number) => void) }} options
 */
export function curvePlot({ id, label, ticks, domain, onMove }) {
  const plot = new Plot({ id, label, x: new Linear([0, 1]), y: new Linear(domain) });
  const lines = Array.from({ length: CURVES }, (_, k) => new Line(plot, `curve curve-${CURVES - 1 - k}`)).reverse();
  const cursor = new Cursor(plot);
  plot.yAxis(ticks);
  plot.onPick((t) => onMove(Math.round(t)));
  plot.explain((t) => `t = ${Math.round(t)}: ${digits(main(Math.round(t)))}`);
  /** @type {Curve} */
  let main = () => 0;

  /** @param {Curve[]} curves @param {number} T */
  function update(curves, T) {
    main = curves[0];
    plot.x.domain = [0, T];
    plot.xAxis([{ at: 0, text: "0" }, { at: "50%", text: "t" }, { at: T, text: `T = ${T}`, anchor: "end" }]);
    lines.forEach((line, k) => line.draw(curves[k] ? points(curves[k], T) : []));
  }

  /** @param {number} t */
  const move = (t) => cursor.move(t, main(t));
  return { plot, root: plot.root, update, move };
}

/** A curve at evenly spaced t. @param {Curve} curve @param {number} T @returns {Generator<[number, number]>} */
function* points(curve, T) {
  const count = Math.min(T, MOST_POINTS);
  for (let i = 0; i <= count; i++) {
    const t = Math.round((i * T) / count);
    yield [t, curve(t)];
  }
}

/**
 * Bars of counts from −reach to reach, against the density of N(0, 1). update(counts, total).
 * @param {{ id: string, label: string, reach: number }} options
 */
export function histogramPlot({ id, label, reach }) {
  const top = 1.6 * density(0); // room above the bell; higher bars are cut off
  const plot = new Plot({ id, label, x: new Linear([-reach, reach]), y: new Linear([0, top]) });
  const bars = new Bars(plot, "bars");
  const bell = new Line(plot, "bell");
  const whole = Array.from({ length: 2 * reach - 1 }, (_, k) => k - reach + 1);
  plot.yAxis([0], () => "");
  plot.xAxis(whole.map((value) => ({ at: value, text: minus(value) })));
  bell.draw(Array.from({ length: 121 }, (_, i) => reach * (i / 60 - 1)).map((value) => [value, density(value)]));

  /** @param {Uint32Array} counts @param {number} total */
  function update(counts, total) {
    const width = (2 * reach) / counts.length;
    bars.draw(Float64Array.from(counts, (count) => count / total / width));
  }
  return { root: plot.root, update };
}

/** Of N(0, 1). @param {number} value */
function density(value) {
  return Math.exp(-(value ** 2) / 2) / Math.sqrt(2 * Math.PI);
}
