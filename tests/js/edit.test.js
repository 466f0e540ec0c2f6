// The Edit tab's controls: whose denoisers there are, and how many results there can be.

import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { controlsPanel } from "../../diffviz/ui/edit/controls.js";
import { Mask } from "../../diffviz/ui/edit/mask.js";
import { mount } from "../../diffviz/ui/edit/view.js";

const setting = (name, more) => ({ name, kind: "whole", label: name, default: 1, minimum: 1, maximum: 8, step: 1, ...more });
const one = (name, more = {}) => ({ name, label: name, shape: [3, 64, 64], any: true, speaks: false, example: "", negative: "", things: [], ...more });
const task = { name: "inpaint", label: "Fill", says: "", degrades: false, masked: true, holes: true, free: false, parameters: [] };
const method = { name: "ddnm", label: "DDNM", source: "", cost: 1, gradients: false, holes: false };
const sizes = [64, 128, 256].map((name) => ({ name, label: String(name) }));
const FACTS = {
  settings: Object.fromEntries([
    setting("task", { kind: "text", default: "inpaint", choices: [task] }), setting("method", { kind: "text", default: "ddnm" }),
    setting("denoiser", { kind: "text", default: "photos" }), setting("degrade", { kind: "flag", default: false }),
    setting("size", { default: 128, choices: sizes }), setting("begin"), setting("steps"), setting("count"), setting("seed"), setting("guidance"),
  ].map((made) => [made.name, made])),
  tasks: [task], methods: [method], denoisers: [one("photos"), one("fashion", { any: false, shape: [1, 28, 28] })], mostPixels: 8 * 128 * 128,
};

let controls, root;
const $ = (selector) => root.querySelector(selector);

beforeEach(() => {
  controls = controlsPanel(FACTS, () => {});
  root = document.createElement("div");
  root.append(...controls.bar, controls.root);
});

test("no more results can be asked for than the host allows of that size", () => {
  const choose = (size) => {
    $("#edit-size").value = size;
    $("#edit-size").dispatchEvent(new Event("change"));
  };
  controls.pictured([300, 400]);
  $("#edit-count").value = "8";
  assert.deepEqual([$("#edit-count").max, controls.values().count], ["8", 8]);
  choose("256");
  assert.deepEqual([$("#edit-count").max, controls.values().count], ["2", 2]);
  assert.match($("#edit-cost").textContent, /Of 256 × 192 pixels there can be 2 results at once/);
  controls.pictured([128, 256]);
  assert.equal($("#edit-count").max, "4");
  controls.set({ ...controls.linked(), size: 128, count: 8 });
  assert.equal(controls.values().count, 8, "a link's count is not cut by what was there before");
});

test("one's own trainings are offered beside the bundled denoisers", () => {
  const names = () => [...$("#edit-denoiser").options].map(({ value }) => value);
  const mine = one("training:a", { label: "Yours: cats", any: false, shape: [3, 32, 32], things: ["anything", "cat"] });
  assert.ok(!controls.knows("training:a"));
  controls.set({ ...controls.linked(), denoiser: "training:a" });
  assert.equal(controls.values().denoiser, "photos", "of somebody else there is none");
  controls.offer([mine]);
  assert.deepEqual(names(), ["photos", "fashion", "training:a"]);
  controls.set({ ...controls.linked(), denoiser: "training:a", what: "cat" });
  assert.deepEqual([controls.values().denoiser, controls.values().what], ["training:a", "cat"]);
  assert.match($("#edit-says").textContent, /32 × 32 pixels, in colour/);
  controls.offer([]); // it was deleted meanwhile
  assert.equal(controls.values().denoiser, "training:a");
});

test("another picture ends the run of the one before, and says so", async () => {
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
  const element = document.createElement("div");
  element.innerHTML = '<section class="live-view"></section>';
  document.body.append(element);
  const examples = ["boot", "bag"].map((name) => ({ name, thumbnail: "", credit: "" }));
  const example = setting("example_name", { kind: "text", default: "boot", choices: examples.map(({ name }) => ({ name, label: name })) });
  const facts = { ...FACTS, settings: { ...FACTS.settings, example_name: example }, examples, side: 256, maxBytes: 1000, maxSeed: 9 };
  const triggered = [];
  const server = { picture: async () => ({ shape: [1, 8, 8], levels: `${"A".repeat(86)}==` }), own_denoisers: async () => ({ denoisers: [] }) };
  mount(element, { facts, props: {}, server, trigger: (event) => triggered.push(event), watch() {} });
  root = element;
  await settled();
  $("#edit-run").click();
  await settled();
  assert.deepEqual([$(".live-view").dataset.state, triggered.at(-1), $("#edit-message").textContent], ["running", "restore", "Waiting for its turn …"]);
  assert.equal(triggered.at(-2), "anew", "what was made of another run goes with it");
  $('[data-name="bag"]').click();
  await settled();
  assert.deepEqual([$(".live-view").dataset.state, triggered.at(-1)], ["ready", "halt"]);
  assert.match($("#edit-message").textContent, /^Stopped, for there is another picture/);
  $("#edit-run").click();
  await settled();
  assert.deepEqual([$(".live-view").dataset.state, triggered.at(-1)], ["failed", "anew"]);
  assert.match($("#edit-message").textContent, /^Paint over something of your picture first/);
  $("#edit-invert").click();
  assert.deepEqual([$(".live-view").dataset.state, $("#edit-message").textContent], ["ready", ""]);
  $("#edit-run").click();
  await settled();
  assert.match($("#edit-message").textContent, /^All is painted over/);
  element.remove();
});

test("a mask is taken home as programs take it: white where it is painted over", () => {
  const mask = new Mask(2, 1);
  mask.rectangle([0, 0], [1, 1], 1);
  assert.deepEqual([...mask.levels], [255, 255, 255, 255, 0, 0, 0, 255]);
});
