// The 2-D tab's parts: what they ask for, and what they make of what they are told.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./page.js";
import { convergencePanel, sentence } from "../../diffviz/ui/plane/convergence.js";

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
  for (const count of steps) panel.heed({ id: 7, run: { sampler: "euler", steps: count, evaluations: count, distance: 1 / count } });
  panel.heed({ id: 9, run: { sampler: "unipc", steps: 2, evaluations: 2, distance: 1 } }); // another's
  assert.equal(panel.root.querySelectorAll("circle.curve-0").length, 3);
  assert.equal(panel.root.querySelectorAll("circle.curve-1").length, 0);
  panel.heed({ id: 7, converged: [{ sampler: "euler", label: "Euler", order: 1, slope: 1.004, runs: steps.map((count) => [count, count, 1 / count]) }] });
  assert.deepEqual([...panel.root.querySelectorAll("tbody th, tbody td")].map((cell) => cell.textContent.trim()), ["Euler", "1", "1.00", "1.3e−1"]);
  assert.match(panel.root.querySelector("svg").getAttribute("aria-label"), /Measured orders: Euler 1\.00\./);
  assert.equal(panel.root.dataset.state, "done");
  assert.equal(sentence([{ label: "Euler", slope: null }]), "There are too few steps for an order.");
  panel.start({});
  panel.heed({ id: 7, failed: "No." });
  assert.equal(panel.root.dataset.state, "failed");
});
