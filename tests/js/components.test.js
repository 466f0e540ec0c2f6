import assert from "node:assert/strict";
import { test } from "node:test";
import { Components } from "../../diffviz/ui/lib/components.js";

const PLACES = [
  { name: "denoiser", default: "clothes", settles: true },
  { name: "sampler", default: "ddim" },
  { name: "guidance", default: 1.5 },
  { name: "sampler_parameters", key: "eta", by: "sampler", of: "ddim", default: 0 },
  { name: "sampler_parameters", key: "churn", by: "sampler", of: "heun", default: 0.5 },
];
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

function made() {
  const components = new Components();
  components.places = PLACES;
  components.settled = 0;
  components.onSettled = () => components.settled++;
  return components;
}

test("components that have not changed hold their defaults", () => {
  assert.deepEqual(made().values, { denoiser: "clothes", sampler: "ddim", guidance: 1.5, sampler_parameters: {} });
});

test("of a table the entries of the choice that holds count, where they are no defaults", () => {
  const components = made();
  components.take(["clothes", "ddim", 2, 0.3, 0.9]);
  assert.deepEqual(components.values.sampler_parameters, { eta: 0.3 });
  components.take(["clothes", "heun", 2, 0.3, 0]);
  assert.deepEqual(components.values.sampler_parameters, { churn: 0 });
});

test("a link's values are given back in the order of the components", async () => {
  const components = made();
  const wanted = { denoiser: "clothes", sampler: "heun", guidance: 3, sampler_parameters: { churn: 0 } };
  components.want(wanted);
  assert.deepEqual(components.given(false), ["clothes", "heun", 3, 0, 0]);
  await pause();
  assert.equal(components.settled, 1);
  assert.deepEqual(components.values, wanted);
  assert.deepEqual(components.given(true).map((given) => given.__type__), Array(5).fill("update"), "later answers set nothing");
});

test("they are given again after the server's answer to one of them, and hold until then", async () => {
  const components = made();
  const wanted = { denoiser: "heroes", sampler: "ddim", guidance: 3, sampler_parameters: {} };
  components.want(wanted);
  components.given(false);
  components.take(["heroes", "heun", 2, 0, 0.5]); // what the answer sets
  await pause();
  assert.deepEqual([components.settled, components.values], [0, wanted]);
  assert.deepEqual(components.given(true), ["heroes", "ddim", 3, 0, 0.5]);
  await pause();
  assert.deepEqual([components.settled, components.values], [1, wanted]);
});
