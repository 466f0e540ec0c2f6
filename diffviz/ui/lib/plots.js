// Small plots in SVG: curves over t with a cursor, and a histogram. Colours come from the page's CSS
// variables, so that a change of theme needs no redrawing.

import { svg } from "./dom.js";

const WIDTH = 340;
const HEIGHT = 190;
const PAD = { left: 34, right: 10, top: 12, bottom: 26 };
const INNER_WIDTH = WIDTH - PAD.left - PAD.right;
const INNER_HEIGHT = HEIGHT - PAD.top - PAD.bottom;
const MOST_POINTS = 220;

/** An empty plot: {root, x, y, value, share, back, front}; x and y map shares 0..1 to places. */
function frame(id, label, ticks, range) {
  const x = (share) => PAD.left + share * INNER_WIDTH;
  const y = (value) => PAD.top + ((range[1] - value) / (range[1] - range[0])) * INNER_HEIGHT;
  const back = svg("g");
  const front = svg("g");
  const root = svg("svg", { id, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  for (const tick of ticks) {
    back.append(
      svg("line", { class: "grid", x1: x(0), x2: x(1), y1: y(tick), y2: y(tick) }),
      svg("text", { x: PAD.left - 6, y: y(tick) + 4, "text-anchor": "end" }, String(tick).replace("-", "−")),
    );
  }
  root.append(back, front);
  return { root, x, y, back, front };
}

/**
 * A plot of curves over t, with a cursor; pressing and dragging on it calls onMove(share of T).
 * update(curves): functions of t, the first one the main one; move(t): sets the cursor.
 */
export function curvePlot({ id, label, ticks, range, onMove }) {
  const { root, x, y, back, front } = frame(id, label, ticks, range);
  const lines = [2, 1, 0].map((k) => svg("path", { class: `curve curve-${k}` })).reverse();
  const cursor = svg("line", { class: "cursor", y1: PAD.top, y2: HEIGHT - PAD.bottom });
  const dot = svg("circle", { class: "dot", r: 5 });
  const start = svg("text", { x: x(0), y: HEIGHT - 8, "text-anchor": "middle" }, "0");
  const end = svg("text", { x: x(1), y: HEIGHT - 8, "text-anchor": "end" });
  const name = svg("text", { x: x(0.5), y: HEIGHT - 8, "text-anchor": "middle" }, "t");
  back.append(start, name, end);
  front.append(...[...lines].reverse(), cursor, dot);
  const clip = (value) => Math.min(range[1], Math.max(range[0], value));
  let T = 1;
  let main = () => 0;

  function update(curves, newT) {
    T = newT;
    main = curves[0];
    end.textContent = `T = ${T}`;
    const count = Math.min(T, MOST_POINTS);
    lines.forEach((line, k) => {
      if (!curves[k]) return line.setAttribute("d", "");
      let path = "";
      for (let i = 0; i <= count; i++) {
        const t = Math.round((i * T) / count);
        path += `${i ? "L" : "M"}${x(t / T).toFixed(1)} ${y(clip(curves[k](t))).toFixed(1)}`;
      }
      line.setAttribute("d", path);
    });
  }

  function move(t) {
    const at = x(t / T);
    cursor.setAttribute("x1", at);
    cursor.setAttribute("x2", at);
    dot.setAttribute("cx", at);
    dot.setAttribute("cy", y(clip(main(t))));
  }

  onDrag(root, (event) => {
    const place = placeOf(root, event);
    onMove(Math.min(1, Math.max(0, (place.x - PAD.left) / INNER_WIDTH)));
  });
  return { root, x, y, front, update, move };
}

/** An event's place in the plot's own units. */
export function placeOf(root, event) {
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(root.getScreenCTM().inverse());
}

/** Call back on press and while the pointer is then dragged. */
export function onDrag(element, callback) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    callback(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) callback(event);
  });
}

/** Bars of counts against the density of N(0, 1). update(counts, total). */
export function histogramPlot({ id, label, range }) {
  const { root, x, back, front } = frame(id, label, [], [0, 1]);
  const bars = svg("path", { class: "bars" });
  const bell = svg("path", { class: "bell" });
  const bottom = HEIGHT - PAD.bottom;
  const top = 1.6 * densityOf(0); // room above the bell; higher bars are cut off
  const y = (density) => bottom - (Math.min(density, top) / top) * INNER_HEIGHT;
  const share = (value) => (value + range) / (2 * range);
  for (let tick = -range + 1; tick < range; tick++) {
    const text = String(tick).replace("-", "−");
    back.append(svg("text", { x: x(share(tick)), y: HEIGHT - 8, "text-anchor": "middle" }, text));
  }
  back.append(svg("line", { class: "grid", x1: x(0), x2: x(1), y1: bottom, y2: bottom }));
  let path = "";
  for (let i = 0; i <= 120; i++) {
    const value = range * (i / 60 - 1);
    path += `${i ? "L" : "M"}${x(share(value)).toFixed(1)} ${y(densityOf(value)).toFixed(1)}`;
  }
  bell.setAttribute("d", path);
  front.append(bars, bell);

  function update(counts, total) {
    const width = (2 * range) / counts.length;
    let d = `M${x(0)} ${bottom}`;
    for (let i = 0; i < counts.length; i++) {
      const height = y(counts[i] / total / width).toFixed(1);
      d += `V${height}H${x((i + 1) / counts.length).toFixed(1)}`;
    }
    bars.setAttribute("d", `${d}V${bottom}Z`);
  }
  return { root, update };
}

function densityOf(value) {
  return Math.exp(-(value ** 2) / 2) / Math.sqrt(2 * Math.PI);
}
