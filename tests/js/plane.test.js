// The 2-D tab's parts: what they ask for, and what they make of what they are told.

import assert from "node:assert/strict";
import { test } from "node:test";

import { window } from "./page.js";
import { Drawing, drawingPanel, greyOf } from "../../diffviz/ui/plane/drawing.js";
import { sentence } from "../../diffviz/ui/lib/orders.js";
import { convergencePanel } from "../../diffviz/ui/plane/convergence.js";
import { lineDensity } from "../../diffviz/ui/plane/line.js";

const pen = new Proxy({}, { get: () => () => {}, set: () => true }); // draws nothing
window.HTMLCanvasElement.prototype.getContext = () => pen;

const SAMPLERS = [
  { name: "euler", label: "Euler", order: 1, stochastic: false, parameters: [] },
  { name: "ddpm", label: "DDPM", order: null, stochastic: true, parameters: [] },
  { name: "unipc", label: "UniPC", order: 3, stochastic: false, parameters: [] },
];
const FACTS = { samplers: SAMPLERS, convergence: { samplers: { default: ["euler", "unipc"] }, at: { default: [2, 256] } } };

test("samplers that have one end are compared by the tab's settings", () => {
  const asked = [];
  const panel = convergencePanel(FACTS, (settings) => asked.push(settings) && 7);
  const ticks = [...panel.root.querySelectorAll("input")];
  assert.deepEqual(ticks.map(({ value }) => value), ["euler", "unipc"]);
  panel.start({ data: "eight", schedule: "cosine", steps: 50, seed: 3 });
  assert.deepEqual(asked, [{ data: "eight", seed: 3, samplers: ["euler", "unipc"] }]);
  for (const tick of ticks) tick.checked = false;
  panel.start({ data: "eight" });
  assert.equal(asked.length, 1);
  assert.match(panel.root.textContent, /Choose at least one sampler/);
});

test("distances are drawn as they come, and the orders told that were measured", () => {
  const panel = convergencePanel(FACTS, () => 7);
  panel.start({});
  panel.heed({ id: 7, waiting: 2 });
  assert.match(panel.root.textContent, /number 2 in line/);
  const steps = [2, 4, 8];
  panel.heed({ id: 7, run: { sampler: "euler", steps: 2, evaluations: 2, distance: 0.5 } });
  assert.doesNotMatch(panel.root.innerHTML, /NaN/); // of one alone
  panel.start({});
  for (const count of steps) panel.heed({ id: 7, run: { sampler: "euler", steps: count, evaluations: count, distance: 1 / count } });
  panel.heed({ id: 9, run: { sampler: "unipc", steps: 2, evaluations: 2, distance: 1 } }); // another's
  assert.equal(panel.root.querySelectorAll("circle.order-0").length, 3);
  assert.equal(panel.root.querySelectorAll("circle.order-1").length, 0);
  panel.heed({ id: 7, converged: [{ sampler: "euler", label: "Euler", order: 1, slope: 1.004, runs: steps.map((count) => [count, count, 1 / count]) }] });
  assert.deepEqual([...panel.root.querySelectorAll("tbody th, tbody td")].map((cell) => cell.textContent.trim()), ["Euler", "1", "1.00", "1.3e−1"]);
  assert.match(panel.root.querySelector("svg").getAttribute("aria-label"), /Measured orders: Euler 1\.00\./);
  assert.equal(panel.root.dataset.state, "done");
  assert.equal(sentence([{ label: "Euler", slope: null }]), "There are too few steps for an order.");
  panel.start({});
  panel.heed({ id: 7, failed: "No." });
  assert.equal(panel.root.dataset.state, "failed");
});

test("a brush leaves points evenly, a spray within its circle, an eraser none within its own", () => {
  const drawing = new Drawing(1000);
  drawing.move(0, 0);
  drawing.move(1.2, 0);
  const gaps = drawing.points.slice(1).map(([x], i) => x - drawing.points[i][0]);
  assert.ok(drawing.points.length >= 10 && gaps.every((gap) => Math.abs(gap - 0.12) < 2e-3), String(gaps));
  drawing.tool = "eraser";
  drawing.move(0, 0);
  assert.ok(drawing.points.length && drawing.points.every(([x]) => x > 0.35));
  drawing.points = [];
  drawing.tool = "spray";
  for (let k = 0; k < 50; k++) drawing.move(2, -1);
  assert.ok(drawing.points.length === 300 && drawing.points.every(([x, y]) => Math.hypot(x - 2, y + 1) < 0.351));
  drawing.most = 301;
  drawing.move(2, -1);
  assert.equal(drawing.points.length, 301);
  drawing.points = [];
  for (let k = 0; k < 50; k++) drawing.move(3, 3);
  assert.ok(drawing.points.length > 20 && drawing.points.every(([x, y]) => x <= 3 && y <= 3)); // a corner
});

test("points are set by keyboard alone, and taken when there are enough", () => {
  const used = [];
  const { root, show } = drawingPanel({ fewest: 3, most: 100 }, {}, (places) => used.push(places));
  show();
  const canvas = root.querySelector("canvas");
  const press = (key, shiftKey = false) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true, cancelable: true }));
  const use = root.querySelector("#plane-drawing-use");
  press("Enter");
  press("ArrowRight");
  press("Enter");
  assert.equal(use.disabled, true);
  assert.match(root.querySelector("[role=status]").textContent, /2 points; it takes at least 3\. The cross is at 0\.25, 0\.00\./);
  press("ArrowUp", true);
  press("Enter");
  use.click();
  assert.deepEqual(used, [[0, 0, 0.25, 0, 0.25, 0.05]]);
  press("Backspace"); // takes the two near the cross
  assert.equal(canvas.dataset.points, "1");
  show([1, 2, 3, 4]);
  assert.equal(canvas.dataset.points, "2");
});

test("a pixel's grey is its luma", () => {
  assert.deepEqual([...greyOf(new Uint8ClampedArray([255, 255, 255, 255, 0, 0, 0, 255, 255, 0, 0, 255, 0, 255, 0, 255]))], [255, 0, 76, 150]);
});

test("of data on a line p_t is that of its Gaussians, each as wide as noise and its own width make it", () => {
  const [a, s, std] = [0.6, 0.8, 0.3];
  const found = lineDensity(new Float32Array([-1, 5, 1, -5]), std, { a, s }, 400, 6);
  const variance = s * s + a * a * std * std;
  const due = (x) => [-a, a].reduce((sum, mean) => sum + Math.exp(-((x - mean) ** 2) / (2 * variance)), 0) / 2 / Math.sqrt(2 * Math.PI * variance);
  found.forEach((value, i) => assert.ok(Math.abs(value - due((i + 0.5) * 0.03 - 6)) < 1e-6));
});
