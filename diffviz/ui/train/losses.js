// The curves of a training: its loss over the pictures seen, and its loss by noise level.

import { make } from "../lib/dom.js";
import { Cursor, Dots, Line } from "../lib/marks.js";
import { Plot } from "../lib/plot.js";
import { Linear, Log } from "../lib/scales.js";
import { digits, thousands } from "../lib/text.js";

/** @typedef {number[]} Point pictures seen, the loss, and then the loss at each noise level */

const SIZE = { width: 420, height: 210, pad: { left: 46, right: 12, bottom: 30 } };
const SMOOTHING = 0.9;

/** Loss over pictures seen: raw values faint, smoothed ones strong. @param {(images: number) => void} onPick when pressed */
export function lossPlot(onPick) {
  const y = new Log([0.1, 1]);
  const plot = new Plot({ id: "train-loss", label: "Loss over the pictures seen", x: new Linear([0, 1]), y, ...SIZE });
  const raw = new Line(plot, "faint");
  const smooth = new Line(plot, "curve curve-0");
  const beside = new Line(plot, "curve curve-1");
  const cursor = new Cursor(plot);
  plot.onPick(onPick);
  plot.explain((images) => {
    const [seen, loss] = nearest(all, images);
    return `${thousands(seen)} pictures: ${digits(loss)}`;
  });
  /** @type {Point[]} */
  let all = [];
  let redraw = () => {};
  let shown = 0; // where the cursor is
  plot.fit(() => {
    redraw();
    move(shown);
  });

  /** @param {Point[]} points @param {Point[]} [others] of a training that it is compared with */
  function update(points, others = []) {
    all = points;
    redraw = () => update(points, others);
    if (!points.length) return [raw, smooth, beside].forEach((line) => line.draw([]));
    const last = Math.max(...[points, others].map((one) => one.at(-1)?.[0] ?? 0));
    const losses = points.map((point) => point[1]);
    const theirs = smoothed(others.map((point) => point[1]));
    y.fit([...losses, ...theirs]);
    plot.x.domain = [0, last];
    plot.yAxis(y.ticks());
    plot.xAxis([{ at: 0, text: "0" }, { at: last, text: thousands(last), anchor: "end" }]);
    /** @param {number} loss @param {number} i @returns {[number, number]} */
    const place = (loss, i) => [points[i][0], loss];
    raw.draw(losses.map(place));
    smooth.draw(smoothed(losses).map(place));
    beside.draw(theirs.map((loss, i) => [others[i][0], loss]));
    plot.root.dataset.points = String(points.length);
  }

  /** @param {number} images */
  const move = (images) => cursor.move((shown = images));
  return { root: plot.root, update, move };
}

/** The point nearest to a number of pictures seen. @param {Point[]} points @param {number} images */
function nearest(points, images) {
  return points.reduce((best, point) => (Math.abs(point[0] - images) < Math.abs(best[0] - images) ? point : best));
}

/** An exponential mean that does not start from 0 (as in Adam). @param {number[]} values */
export function smoothed(values) {
  let mean = 0;
  return values.map((value, i) => {
    mean = SMOOTHING * mean + (1 - SMOOTHING) * value;
    return mean / (1 - SMOOTHING ** (i + 1));
  });
}

/** Loss by noise level, at one moment of training and, faint, at its beginning. */
export function levelPlot() {
  const y = new Log([0.1, 1]);
  const plot = new Plot({ id: "train-levels-plot", label: "Loss by noise level", x: new Linear([0, 1]), y, ...SIZE });
  const first = new Line(plot, "faint");
  const now = new Line(plot, "curve curve-0");
  const dots = new Dots(plot, "dot", 3.5);
  let redraw = () => {};
  plot.fit(() => redraw());

  /**
   * @param {Point[]} points
   * @param {number[]} ratios σ/α of each level
   * @param {number} images the moment
   */
  function update(points, ratios, images) {
    redraw = () => update(points, ratios, images);
    if (!points.length) return [first, now].forEach((line) => line.draw([]));
    const index = Math.max(0, points.findLastIndex((point) => point[0] <= images));
    y.fit(points.flatMap((point) => point.slice(2)));
    plot.x.domain = [-0.5, ratios.length - 0.5]; // in levels, which are evenly apart in log σ/α
    plot.yAxis(y.ticks());
    const ends = [0, Math.floor(ratios.length / 2), ratios.length - 1];
    plot.xAxis(ends.map((level) => ({ at: level, text: ratios[level].toPrecision(2) })));
    /** @param {Point} point */
    const places = (point) => point.slice(2).map((loss, level) => /** @type {[number, number]} */ ([level, loss]));
    first.draw(places(points[0]));
    now.draw(places(points[index]));
    dots.draw(places(points[index]));
  }
  return { root: plot.root, update };
}

/** A plot with its title and a note. @param {string} title @param {string} note @param {{ root: Node }} plot */
export function plotFigure(title, note, plot) {
  const caption = make("figcaption", {}, make("strong", {}, title), make("span", { className: "muted" }, ` ${note}`));
  return make("figure", { className: "train-plot" }, caption, plot.root);
}
