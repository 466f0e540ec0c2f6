import assert from "node:assert/strict";
import { test } from "node:test";
import { digits, duration, thousands, unlearned } from "../../diffviz/ui/lib/text.js";

test("numbers in few digits", () => {
  const cases = [
    [0, "0.0000"], [0.12345, "0.1235"], [-0.5, "−0.5000"], [12.345, "12.35"], [123.4, "123"],
    [1e-4, "1.0e−4"], [1e6, "1.0e+6"], [Infinity, "∞"], [-Infinity, "−∞"], [NaN, "–"],
  ];
  for (const [value, text] of cases) assert.equal(digits(value), text);
});

test("durations", () => {
  assert.deepEqual([0, 89, 90, 5399, 5400].map(duration), ["0 s", "89 s", "2 min", "90 min", "1.5 h"]);
});

test("thousands", () => assert.equal(thousands(60000), "60,000"));

test("steps that a network was not trained on", () => {
  assert.equal(unlearned(0), "");
  assert.match(unlearned(1), /^One step is outside/);
  assert.match(unlearned(12), /^12 steps are outside/);
});
