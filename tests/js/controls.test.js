import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { field } from "../../diffviz/ui/lib/field.js";
import { keyed, slider } from "../../diffviz/ui/lib/slider.js";
import { segments } from "../../diffviz/ui/lib/segments.js";
import { stopsOf, strip } from "../../diffviz/ui/lib/strip.js";
import { Timeline } from "../../diffviz/ui/lib/timeline.js";
import { transport } from "../../diffviz/ui/lib/transport.js";

function press(element, key, more = {}) {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  element.dispatchEvent(event);
  return event.defaultPrevented;
}

test("keys move a slider by steps, by pages, and to its ends", () => {
  const bounds = { minimum: 0, maximum: 1000, step: 1 };
  const cases = {
    ArrowUp: 501, ArrowRight: 501, ArrowDown: 499, ArrowLeft: 499, PageUp: 600, PageDown: 400, Home: 0, End: 1000,
  };
  for (const [key, value] of Object.entries(cases)) assert.equal(keyed(key, 500, bounds), value, key);
  assert.equal(keyed("a", 500, bounds), null);
  assert.equal(keyed("constructor", 500, bounds), null);
  assert.equal(keyed("ArrowUp", 1000, bounds), 1000);
  assert.equal(keyed("PageDown", 30, bounds), 0);
});

test("keys by fractions and pages of one's own", () => {
  const bounds = { minimum: 0, maximum: 1, step: 0.1, page: 0.5 };
  assert.equal(keyed("ArrowUp", 0.2, bounds), 0.3);
  assert.equal(keyed("PageUp", 0.2, bounds), 0.7);
  assert.equal(keyed("PageUp", 2, { minimum: 0, maximum: 4, step: 1 }), 3, "a page is a step at least");
});

test("a slider says its value, by hand, by key and from elsewhere", () => {
  const told = [];
  const t = slider({ id: "t", label: "Noise", minimum: 0, maximum: 10, text: (v) => `${v} of 10`, onInput: (v) => told.push(v) });
  assert.equal(t.root.id, "t");
  assert.equal(t.output.textContent, "0 of 10");
  t.input.value = "4";
  t.input.dispatchEvent(new Event("input"));
  assert.ok(press(t.input, "ArrowRight"));
  assert.ok(!press(t.input, "Tab"));
  assert.ok(!press(t.input, "ArrowRight", { ctrlKey: true }));
  assert.deepEqual(told, [4, 5]);
  t.set(20, 30);
  assert.deepEqual([t.value, t.input.max, t.output.textContent], [20, "30", "20 of 10"]);
  assert.deepEqual(told, [4, 5], "what came from elsewhere is not told again");
});

test("a bare slider is named for those who do not see what stands beside it", () => {
  const { root, input } = slider({ label: "Step", minimum: 0, maximum: 3, bare: true, inputId: "step" });
  assert.equal(root, input);
  assert.equal(root.outerHTML, '<input type="range" min="0" max="3" step="1" id="step" aria-label="Step">');
});

test("one of a few holds", () => {
  const chosen = [];
  const views = segments({ label: "View", labels: { x: "x_t", x0: "x̂0" }, onChoose: (name) => chosen.push(name) });
  views.update("x0");
  const [first, second] = views.root.children;
  assert.deepEqual([first, second].map((button) => button.getAttribute("aria-pressed")), ["false", "true"]);
  first.click();
  assert.deepEqual(chosen, ["x"]);
});

test("a player's controls move its timeline, and show where it stands", () => {
  const timeline = new Timeline({ onChange: () => controls?.update() });
  const controls = transport(timeline, { label: "Step", steps: true, speeds: [5, 10] });
  timeline.begin(11);
  timeline.arrive(11);
  timeline.end();
  timeline.seek(10);
  const [back, play, on, scrubber, speed] = controls.root.children;
  assert.deepEqual([scrubber.max, scrubber.value], ["10", "10"]);
  back.click();
  assert.deepEqual([scrubber.value, timeline.held], ["9", true]);
  on.click();
  on.click();
  assert.deepEqual([scrubber.value, timeline.held], ["10", false]);
  scrubber.value = "3";
  scrubber.dispatchEvent(new Event("input"));
  assert.equal(timeline.position, 3);
  press(scrubber, "Home");
  press(scrubber, "PageUp");
  assert.equal(timeline.position, 1);
  assert.equal(play.getAttribute("aria-label"), "Play");
  press(scrubber, " ");
  assert.deepEqual([timeline.playing, play.textContent, play.getAttribute("aria-label")], [true, "❚❚", "Pause"]);
  speed.value = "5";
  speed.dispatchEvent(new Event("change"));
  assert.equal(timeline.fps, 5);
  play.click();
  assert.deepEqual([timeline.playing, play.getAttribute("aria-label")], [false, "Play"]);
});

test("a player's pin can be seen to be on", () => {
  const timeline = new Timeline({ onChange: () => controls?.update() });
  const controls = transport(timeline, { label: "Step", pins: true });
  const pin = controls.root.querySelector(".pin");
  const seen = () => [timeline.pinned, pin.getAttribute("aria-pressed"), pin.textContent];
  timeline.begin(5);
  assert.deepEqual(seen(), [false, "false", "Pin"]);
  pin.click();
  assert.deepEqual(seen(), [true, "true", "Pinned"]);
  timeline.play();
  assert.deepEqual(seen(), [false, "false", "Pin"]);
  timeline.pause();
  assert.equal(transport(timeline, { label: "Step" }).root.querySelector(".pin"), null);
});

test("stops of a strip: first and last among them, each but once", () => {
  assert.deepEqual(stopsOf(21), [0, 3, 5, 8, 10, 13, 15, 18, 20]);
  assert.deepEqual(stopsOf(3), [0, 1, 2]);
  assert.deepEqual(stopsOf(1), [0]);
  assert.deepEqual(stopsOf(0), []);
});

test("a strip draws what is there, once, and again of something else", () => {
  const went = [];
  const { root, begin, update } = strip({ label: "At a glance", title: (k) => `Step ${k}`, go: (k) => went.push(k) });
  begin(["t = 9", "t = 5", "t = 0"]);
  const drawn = [];
  const paint = (there) => (k) => k < there && (drawn.push(k), true);
  update(1, "run 1", paint(2));
  update(2, "run 1", paint(3));
  assert.deepEqual(drawn, [0, 1, 2]);
  update(2, "run 2", paint(3));
  assert.deepEqual(drawn, [0, 1, 2, 0, 1, 2]);
  assert.deepEqual([...root.children].map((b) => b.getAttribute("aria-current")), ["false", "false", "true"]);
  assert.deepEqual([...root.children].map((b) => b.textContent), ["t = 9", "t = 5", "t = 0"]);
  root.children[1].click();
  assert.deepEqual(went, [1]);
});

test("a number that is typed is shown as it is run: whole where it must be, within its bounds", () => {
  let told = 0;
  const seed = field("edit", { name: "seed", kind: "whole", label: "seed", default: 0, minimum: 0, maximum: 1e9 }, () => told++);
  const input = seed.root.querySelector("input");
  for (const [typed, shown] of [["1.5", 2], ["-3", 0], ["5000000000", 1e9], ["7", 7]]) {
    input.value = typed;
    input.dispatchEvent(new Event("change"));
    assert.deepEqual([input.value, seed.value], [String(shown), shown], typed);
  }
  assert.equal(told, 4);
  input.value = "";
  input.dispatchEvent(new Event("change"));
  assert.equal(seed.value, null, "nothing is said");
});

test("what cannot be chosen says why", () => {
  const choices = [{ name: "ddnm", label: "DDNM" }, { name: "repaint", label: "RePaint" }];
  const method = field("edit", { name: "method", kind: "text", label: "method", default: "ddnm", choices }, () => {});
  const [first, second] = method.root.querySelectorAll("option");
  method.disable(["repaint"], "only for holes");
  assert.deepEqual([first.disabled, first.textContent, second.disabled, second.textContent], [false, "DDNM", true, "RePaint (only for holes)"]);
  method.disable([], "only for holes");
  assert.deepEqual([second.disabled, second.textContent], [false, "RePaint"]);
});
