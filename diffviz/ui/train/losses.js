// The curves of a training, in SVG: its loss over the pictures seen, and its loss by noise level.

import { make, svg } from "../lib/dom.js";
import { onDrag, placeOf } from "../lib/plots.js";

const WIDTH = 420;
const HEIGHT = 210;
const PAD = { left: 46, right: 12, top: 12, bottom: 30 };
const RIGHT = WIDTH - PAD.right;
const BOTTOM = HEIGHT - PAD.bottom;
const SMOOTHING = 0.9;

/** A log-scaled y axis that fits itself to values; x is a share 0..1. */
function frame(id, label) {
  const grid = svg("g");
  const marks = svg("g");
  const root = svg("svg", { id, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  root.append(grid, marks);
  const x = (share) => PAD.left + share * (RIGHT - PAD.left);
  let low = 0;
  let high = 1;
  const y = (value) => BOTTOM - ((Math.log(value) - low) / (high - low)) * (BOTTOM - PAD.top);

  function fit(values) {
    const known = values.filter((value) => value > 0 && Number.isFinite(value));
    low = Math.log(Math.min(...known) * 0.9);
    high = Math.log(Math.max(...known) * 1.1);
    const lines = ticks(Math.exp(low), Math.exp(high)).flatMap((tick) => [
      svg("line", { class: "grid", x1: PAD.left, x2: RIGHT, y1: y(tick), y2: y(tick) }),
      svg("text", { x: PAD.left - 6, y: y(tick) + 4, "text-anchor": "end" }, String(tick)),
    ]);
    grid.replaceChildren(...lines);
  }
  return { root, marks, grid, x, y, fit };
}

/** Some of 1, 2, 5 × powers of ten between two numbers. */
function ticks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
    for (const digit of [1, 2, 5]) {
      const tick = Number((digit * 10 ** power).toPrecision(1));
      if (tick >= low && tick <= high) found.push(tick);
    }
  return found.length > 5 ? found.filter((tick) => String(tick).replace(/[0.]/g, "") === "1") : found;
}

function bottomText(at, text, anchor) {
  return svg("text", { x: at, y: HEIGHT - 9, "text-anchor": anchor }, text);
}

/** Loss over pictures seen: raw values faint, smoothed ones strong. onPick(images) when pressed. */
export function lossPlot(onPick) {
  const { root, marks, grid, x, y, fit } = frame("train-loss", "Loss over the pictures seen");
  const raw = svg("path", { class: "loss-raw" });
  const smooth = svg("path", { class: "curve curve-0" });
  const cursor = svg("line", { class: "cursor", y1: PAD.top, y2: BOTTOM });
  marks.append(raw, smooth, cursor);
  let last = 1;

  function update(points) {
    if (!points.length) return [raw, smooth].forEach((path) => path.setAttribute("d", ""));
    last = points.at(-1)[0];
    const losses = points.map((point) => point[1]);
    fit(losses);
    grid.append(bottomText(x(0), "0", "middle"), bottomText(x(0.5), "pictures seen", "middle"),
      bottomText(RIGHT, last.toLocaleString("en"), "end"));
    const place = (value, i) => `${i ? "L" : "M"}${x(points[i][0] / last).toFixed(1)} ${y(value).toFixed(1)}`;
    raw.setAttribute("d", losses.map(place).join(""));
    smooth.setAttribute("d", smoothed(losses).map(place).join(""));
    root.dataset.points = points.length;
  }

  function move(images) {
    const at = x(Math.min(1, images / last));
    cursor.setAttribute("x1", at);
    cursor.setAttribute("x2", at);
  }

  onDrag(root, (event) => onPick(((placeOf(root, event).x - PAD.left) / (RIGHT - PAD.left)) * last));
  return { root, update, move };
}

/** An exponential mean that does not start from 0 (as in Adam). */
function smoothed(values) {
  let mean = 0;
  return values.map((value, i) => {
    mean = SMOOTHING * mean + (1 - SMOOTHING) * value;
    return mean / (1 - SMOOTHING ** (i + 1));
  });
}

/** Loss by noise level, at one moment of training and, faint, at its beginning. */
export function levelPlot() {
  const { root, marks, grid, x, y, fit } = frame("train-levels-plot", "Loss by noise level");
  const first = svg("path", { class: "loss-raw" });
  const now = svg("path", { class: "curve curve-0" });
  const dots = svg("g");
  marks.append(first, now, dots);

  function update(points, ratios, images) {
    if (!points.length) return [first, now].forEach((path) => path.setAttribute("d", ""));
    const index = Math.max(0, points.findLastIndex((point) => point[0] <= images));
    const [start, current] = [points[0], points[index]].map((point) => point.slice(2));
    fit(points.flatMap((point) => point.slice(2)));
    const share = (i) => (i + 0.5) / current.length;
    const path = (values) =>
      values.map((value, i) => `${i ? "L" : "M"}${x(share(i)).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    first.setAttribute("d", path(start));
    now.setAttribute("d", path(current));
    dots.replaceChildren(...current.map((value, i) => svg("circle", { class: "dot", r: 3.5, cx: x(share(i)), cy: y(value) })));
    for (const i of [0, Math.floor(ratios.length / 2), ratios.length - 1])
      grid.append(bottomText(x(share(i)), ratios[i].toPrecision(2), "middle"));
    grid.append(bottomText(x(0.28), "noise σ/α", "middle"));
  }
  return { root, update };
}

/** A plot with its title and a note. */
export function plotFigure(title, note, plot) {
  return make("figure", { className: "train-plot" },
    make("figcaption", {}, make("strong", { textContent: title }), make("span", { className: "muted", textContent: ` ${note}` })),
    plot.root);
}
