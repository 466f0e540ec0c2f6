import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { givenBy, hidden, rivalsOf, stepsWithin, wentTo, whole, zeroTerminal } from "../../diffviz/ui/lib/calls.js";
import { links } from "../../diffviz/ui/lib/links.js";
import { counted } from "../../diffviz/ui/lib/text.js";

test("a tab of which Gradio tells late, another being shown by now, is not gone to", () => {
  const panel = Object.assign(document.createElement("div"), { id: "tab-forward" });
  document.body.append(panel);
  links.tabs = ["forward", "train"];
  links.tab = "train";
  panel.style.display = "none";
  wentTo("forward");
  assert.equal(links.tab, "train");
  panel.style.display = "flex";
  wentTo("forward");
  assert.equal(links.tab, "forward");
  panel.remove();
});

test("a whole number is one before it is run", () => {
  assert.deepEqual([1.5, -3, 7, 99, null].map((value) => whole(0, 10, value)), [2, 0, 7, 10, null]);
});

test("zero terminal SNR goes, with its reason, where the schedule has none", () => {
  const possible = { __type__: "update", interactive: true, value: true, info: "why" };
  assert.deepEqual(zeroTerminal(["cosine"], "why", "cosine", true), possible);
  const { interactive, value, info } = zeroTerminal(["cosine"], "why", "karras", true);
  assert.deepEqual([interactive, value], [false, false]);
  assert.match(info, /α² \+ σ² = 1/);
});

test("steps keep within T", () => {
  const { maximum, value, info } = stepsWithin(250, 10, 20);
  assert.deepEqual([maximum, value, info], [10, 10, "At most T = 10."]);
  assert.deepEqual(stepsWithin(250, 1000, 20), { __type__: "update", maximum: 250, value: 20, info: null });
});

test("no more rivals than there is room for, and never the sampler itself", () => {
  const samplers = [["DDIM", "ddim"], ["Heun", "heun"], ["Euler", "euler"], ["UniPC", "unipc"]];
  const names = ({ choices }) => choices.map(([, name]) => name);
  assert.deepEqual(names(rivalsOf(2, samplers, "hint", "ddim", [])), ["heun", "euler", "unipc"]);
  const full = rivalsOf(2, samplers, "hint", "ddim", ["heun", "unipc"]);
  assert.deepEqual([names(full), full.value], [["heun", "unipc"], ["heun", "unipc"]]);
  assert.match(full.info, /take one away/);
  const other = rivalsOf(2, samplers, "hint", "heun", ["heun", "unipc"]);
  assert.deepEqual([names(other), other.value, other.info], [["ddim", "euler", "unipc"], ["unipc"], "hint"]);
});

test("what a denoiser to start from has already is not asked for", () => {
  const given = { fashion: ["edm", "64, 128"] };
  const [free, open] = givenBy(given, "", "v", "32,64");
  assert.deepEqual([free.interactive, free.value, open.interactive, open.value], [true, "v", true, "32,64"]);
  const [predicts, channels] = givenBy(given, "fashion", "v", "32,64");
  assert.deepEqual([predicts.interactive, predicts.value, channels.interactive, channels.value], [false, "edm", false, ""]);
  assert.match(predicts.info, /As fashion does/);
  assert.match(channels.info, /fashion has them: 64, 128/);
});

test("one step, two steps", () => {
  assert.deepEqual([counted(1, "step"), counted(2, "step"), counted(1200, "step")], ["1 step", "2 steps", "1,200 steps"]);
  assert.equal(hidden(2).length, 2);
});
