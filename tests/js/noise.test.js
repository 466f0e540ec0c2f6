import assert from "node:assert/strict";
import { test } from "node:test";
import { chainIndices, counterNoise, noisingChain } from "../../diffviz/ui/lib/noise.js";
import { makeSchedule } from "../../diffviz/ui/lib/schedules.js";

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

test("the counter's noise is standard normal, and another for another seed, step or place", () => {
  const z = counterNoise(3, 7, 40_000);
  assert.ok(Math.abs(mean(z)) < 0.02);
  assert.ok(Math.abs(mean(z.map((value) => value ** 2)) - 1) < 0.03);
  assert.ok(Math.abs(mean(z.map((value) => value ** 4)) - 3) < 0.2);
  assert.deepEqual(counterNoise(3, 7, 5), z.slice(0, 5));
  for (const other of [counterNoise(4, 7, 40_000), counterNoise(3, 8, 40_000)])
    assert.ok(Math.abs(mean(z.map((value, i) => value * other[i]))) < 0.02, "uncorrelated");
});

test("a chain's indices rise to t, and none is 0", () => {
  assert.deepEqual(chainIndices(1000, 4), [250, 500, 750, 1000]);
  assert.deepEqual(chainIndices(3, 8), [1, 2, 3]);
  assert.deepEqual(chainIndices(0, 8), []);
});

test("the chain ends in the very x_t of the formula, and each step has its variance", () => {
  const schedule = makeSchedule("cosine", 1000, { s: 0.008 });
  const x0 = new Float32Array(20_000);
  const eps = Float32Array.from(counterNoise(1, 1, x0.length));
  const indices = [200, 400, 700];
  const yielded = [...noisingChain(x0, eps, schedule, indices, 5)];
  assert.deepEqual(yielded.slice(0, 3), [null, null, null], "one for each step whose noise is drawn");
  const pictures = yielded.slice(3);
  assert.equal(pictures.length, 3);
  assert.deepEqual(pictures[2], eps.map((value) => Math.fround(schedule.sigma[700] * value)));
  for (const [k, t] of indices.entries()) {
    const spread = Math.sqrt(mean(Array.from(pictures[k], (value) => value ** 2)));
    assert.ok(Math.abs(spread / schedule.sigma[t] - 1) < 0.03, `σ at t = ${t}`);
  }
});
