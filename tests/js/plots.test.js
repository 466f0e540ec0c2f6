import { window } from "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { curvePlot, histogramPlot } from "../../diffviz/ui/forward/curves.js";
import { Bars, Cursor, Dots, Line, Rules } from "../../diffviz/ui/lib/marks.js";
import { Plot } from "../../diffviz/ui/lib/plot.js";
import { Linear, Log } from "../../diffviz/ui/lib/scales.js";
import { pathPlot } from "../../diffviz/ui/sample/path.js";
import { levelPlot, lossPlot, smoothed } from "../../diffviz/ui/train/losses.js";

// jsdom has no layout: a plot's units are the screen's, from its top left corner.
globalThis.DOMPoint = class {
  constructor(x, y) {
    Object.assign(this, { x, y });
  }
  matrixTransform() {
    return this;
  }
};
window.SVGElement.prototype.getScreenCTM = () => null;
window.SVGElement.prototype.setPointerCapture = function () {
  this.captured = true;
};
window.SVGElement.prototype.hasPointerCapture = function () {
  return this.captured;
};

function pointer(element, type, clientX, more = {}) {
  const event = new MouseEvent(type, { clientX, clientY: 50, button: 0, bubbles: true, cancelable: true, ...more });
  element.dispatchEvent(Object.assign(event, { pointerId: 1 }));
}

const small = (y = new Linear([0, 1]), x = new Linear([0, 10])) =>
  new Plot({ id: "small", label: "A plot", x, y, width: 120, height: 60, pad: { left: 10, right: 10, top: 10, bottom: 10 } });

test("a straight scale there and back, also where it falls", () => {
  for (const scale of [new Linear([0, 10], [10, 110]), new Linear([10, 0], [110, 10])]) {
    assert.equal(scale.at(2.5), 35);
    assert.equal(scale.invert(35), 2.5);
    assert.deepEqual([-1, 99, -Infinity, Infinity].map((value) => scale.at(value)), [10, 110, 10, 110]);
    assert.equal(scale.invert(0), 0);
  }
});

test("a logarithmic scale there and back", () => {
  const scale = new Log([0.01, 100], [0, 400]);
  assert.deepEqual([0.01, 0.1, 1, 10, 100].map((value) => Math.round(scale.at(value))), [0, 100, 200, 300, 400]);
  assert.ok(Math.abs(scale.invert(300) - 10) < 1e-9);
  assert.equal(scale.at(0), 0);
});

test("ticks of a logarithmic scale are few and round", () => {
  const ticks = (...domain) => new Log(domain).ticks();
  assert.deepEqual(ticks(0.9, 6), [1, 2, 5]);
  assert.deepEqual(ticks(0.018, 0.33), [0.02, 0.05, 0.1, 0.2]);
  assert.deepEqual(ticks(0.0009, 2), [0.001, 0.01, 0.1, 1]);
});

test("a logarithmic scale fits itself to values above 0", () => {
  const scale = new Log([1, 2]);
  scale.fit([0, 0.5, 2, NaN, Infinity, -1]);
  assert.deepEqual(scale.domain, [0.45, 2.2]);
});

test("a plot as markup", () => {
  const plot = small();
  plot.yAxis([0, 1]);
  plot.xAxis([{ at: 0, text: "0" }, { at: "50%", text: "t" }, { at: 10, text: "ten", anchor: "end" }]);
  new Line(plot, "curve").draw([[0, 0], [5, 0.5], [10, 2]]);
  new Dots(plot, "dot", 3).draw([[5, 1]]);
  new Bars(plot, "bars").draw([1, 0.5]);
  new Rules(plot).draw([{ x: 5, className: "mark" }]);
  const cursor = new Cursor(plot);
  cursor.move(10, 0);
  assert.equal(
    plot.root.outerHTML,
    '<svg class="plot" role="img" id="small" aria-label="A plot" viewBox="0 0 120 60">' +
      "<g>" +
      '<line class="grid" x1="10" x2="110" y1="50" y2="50"></line><text x="4" y="54" text-anchor="end">0</text>' +
      '<line class="grid" x1="10" x2="110" y1="10" y2="10"></line><text x="4" y="14" text-anchor="end">1</text>' +
      "</g><g>" +
      '<text x="10" y="60" text-anchor="middle">0</text><text x="60" y="60" text-anchor="middle">t</text>' +
      '<text x="110" y="60" text-anchor="end">ten</text>' +
      "</g><g>" +
      '<path class="curve" d="M10.0 50.0L60.0 30.0L110.0 10.0"></path>' +
      '<g><circle class="dot" r="3" cx="60.0" cy="10.0"></circle></g>' +
      '<path class="bars" d="M10 50V10.0H60.0V30.0H110.0V50Z"></path>' +
      '<g><line class="mark" x1="60" x2="60" y1="10" y2="50"></line></g>' +
      '<g><line class="cursor" x1="110" x2="110" y1="10" y2="50"></line><circle class="dot" r="5" cx="110" cy="50"></circle></g>' +
      "</g></svg>",
  );
  cursor.move(0);
  assert.equal(cursor.root.childElementCount, 1, "no dot without a curve");
});

test("a press picks, a drag goes on, a mere move does not", () => {
  const plot = small();
  const picked = [];
  plot.onPick((x) => picked.push(x));
  pointer(plot.root, "pointermove", 30);
  pointer(plot.root, "pointerdown", 60, { button: 2 });
  pointer(plot.root, "pointerdown", 60);
  pointer(plot.root, "pointermove", 85);
  pointer(plot.root, "pointermove", 500);
  assert.deepEqual(picked, [5, 7.5, 10]);
});

test("the mouse over a plot is told what is there", () => {
  const plot = small();
  plot.explain((x) => `x = ${x}`);
  const tip = plot.root.querySelector(".tooltip");
  pointer(plot.root, "pointermove", 35);
  assert.deepEqual([tip.getAttribute("visibility"), tip.textContent], ["visible", "x = 2.5"]);
  pointer(plot.root, "pointermove", 5);
  assert.equal(tip.getAttribute("visibility"), "hidden", "outside of its axes");
  pointer(plot.root, "pointermove", 35);
  pointer(plot.root, "pointerleave", 35);
  assert.equal(tip.getAttribute("visibility"), "hidden");
});

test("curves over t: one, then three, the main one in front with the cursor's dot on it", () => {
  const moved = [];
  const { root, update, move } = curvePlot({ id: "bar", label: "ᾱ", ticks: [0, 1], domain: [0, 1], onMove: (t) => moved.push(t) });
  update([(t) => 1 - t / 4], 4);
  move(2);
  const lines = [...root.querySelectorAll(".curve")];
  assert.deepEqual(lines.map((line) => line.getAttribute("class")), ["curve curve-2", "curve curve-1", "curve curve-0"]);
  assert.deepEqual(lines.map((line) => line.getAttribute("d").match(/[ML]/g)?.length ?? 0), [0, 0, 5]);
  assert.match(root.textContent, /T = 4/);
  const dot = root.querySelector(".dot");
  assert.deepEqual([dot.getAttribute("cx"), dot.getAttribute("cy")], ["182", "88"]);
  update([() => 1, () => 0.5, () => -Infinity], 4000);
  assert.ok([...root.querySelectorAll(".curve")].every((line) => line.getAttribute("d").match(/[ML]/g).length === 221));
  assert.ok(!root.outerHTML.includes("NaN"));
  pointer(root, "pointerdown", 182);
  assert.deepEqual(moved, [2000]);
});

test("a histogram's bars are densities", () => {
  const { root, update } = histogramPlot({ id: "h", label: "Values", reach: 4 });
  update(new Uint32Array([0, 10, 30, 0]), 40);
  const [, ...heights] = root.querySelector(".bars").getAttribute("d").split("V").map(parseFloat);
  const top = 1.6 / Math.sqrt(2 * Math.PI);
  const place = (value) => Number((164 - (152 * value) / top).toFixed(1));
  assert.deepEqual(heights.slice(0, 4), [0, 0.125, 0.375, 0].map(place));
  assert.deepEqual([...root.querySelectorAll("text")].map((text) => text.textContent).filter(Boolean), ["−3", "−2", "−1", "0", "1", "2", "3"]);
});

test("a run's path walks from T to 0 with a dot a step", () => {
  const { root, draw } = pathPlot();
  draw({ T: 100, grid: [100, 50, 0], curve: [[0, 1], [50, 0.6], [100, 0]] }, 50);
  const places = (selector) => [...root.querySelectorAll(selector)].map((dot) => Number(dot.getAttribute("cx")));
  assert.deepEqual(places(".step"), [26, 179, 332]);
  assert.deepEqual(places(".here"), [179]);
  assert.match(root.getAttribute("aria-label"), /now t = 50$/);
  draw({ T: 100, grid: [100, 0], curve: [] }, 50);
  assert.deepEqual(places(".here"), [179], "without a curve nothing is drawn anew");
});

test("losses, smoothed without a start at 0; nothing is drawn of no points", () => {
  assert.deepEqual(smoothed([2, 2, 2]).map((value) => value.toFixed(9)), Array(3).fill("2.000000000"));
  const picked = [];
  const loss = lossPlot((images) => picked.push(images));
  const levels = levelPlot();
  const points = [[100, 1, 2, 0.5], [200, 0.5, 1, 0.25], [400, 0.25, 0.5, 0.1]];
  loss.update(points);
  loss.move(200);
  levels.update(points, [0.1, 1], 250);
  assert.equal(loss.root.dataset.points, "3");
  assert.match(loss.root.textContent, /0400$/);
  assert.equal(levels.root.querySelectorAll(".dot").length, 2);
  assert.ok(!`${loss.root.outerHTML}${levels.root.outerHTML}`.includes("NaN"));
  pointer(loss.root, "pointerdown", 227);
  assert.deepEqual(picked, [200]);
  loss.update([]);
  assert.equal(loss.root.querySelector(".curve").getAttribute("d"), "");
});

test("where there is little room a plot is as wide as that, so that its texts are no smaller", () => {
  const heard = [];
  const observer = globalThis.ResizeObserver;
  globalThis.ResizeObserver = class {
    constructor(hear) {
      heard.push(hear);
    }
    observe() {}
  };
  const plots = [lossPlot(() => {}), levelPlot()];
  globalThis.ResizeObserver = observer;
  const points = [[0, 1, 1, 1], [400, 0.1, 0.1, 0.2]];
  plots[0].update(points);
  plots[0].move(400);
  plots[1].update(points, [0.1, 1], 400);
  for (const [k, room] of [[0, 230], [1, 230], [0, 900]]) {
    Object.defineProperty(plots[k].root, "clientWidth", { value: room, configurable: true });
    heard[k]();
  }
  assert.deepEqual(plots.map(({ root }) => root.getAttribute("viewBox")), ["0 0 420 210", "0 0 230 210"]);
  const last = Number(plots[1].root.querySelector("circle:last-of-type").getAttribute("cx"));
  assert.ok(last > 160 && last < 230 - 12, String(last));
  assert.equal(plots[0].root.querySelector(".cursor").getAttribute("x1"), "408");
});
