import { window } from "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ended, takeHome } from "../../diffviz/ui/lib/calls.js";
import { bytes } from "../../diffviz/ui/lib/pixels.js";
import { store } from "../../diffviz/ui/lib/store.js";
import { mount } from "../../diffviz/ui/sample/view.js";
import { mean } from "../../diffviz/ui/sample/words.js";

let view, element, triggered;

const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
const picture = (level) => Buffer.from(new Uint8Array(4).fill(level)).toString("base64");
const start = (more = {}) => ({
  kind: "start", steps: 3, count: 1, shape: [1, 2, 2], columns: 1, headings: [], words: "a boot", data: "fashion",
  lanes: ["DDIM"], grid: [30, 20, 10, 0], T: 30, outside: 0, curve: [[0, 1], [30, 0]], ...more,
});
const step = (index, lane = 0) => ({
  kind: "frame", lane, index, t: 30 - 10 * index, alpha: 0.6, sigma: 0.8, evaluations: index, seconds: 0,
  x: picture(index), x0: picture(100 + index), eps: picture(200 + index),
});
const $ = (selector) => element.querySelector(selector);
const canvas = () => $("#sample-canvas");

function tell(run, ...events) {
  view.props.value = JSON.stringify({ run, events });
  view.heard();
}

beforeEach(() => {
  store.set("sampling", "stopped");
  const own = (triggered = []); // other tests' views still listen to the store
  element = document.createElement("div");
  element.innerHTML = '<section class="live-view"></section>';
  view = {
    facts: {}, props: {}, server: {}, trigger: (...event) => own.push(event),
    watch: (name, heard) => (view.heard = heard),
  };
  mount(element, view);
});

test("it asks for something to show, and for runs that any control wants", () => {
  assert.deepEqual(triggered, [["ready"]]);
  store.set("sampling", "asked");
  assert.ok(triggered.some(([event]) => event === "run"));
  assert.equal($(".player-lanes").dataset.sought, "1", "it is looked at");
});

test("a press is never lost: what is under way gives way to it", () => {
  const said = () => triggered.splice(0).map(([event]) => event).filter((event) => event !== "anew");
  store.set("sampling", "asked");
  tell(1, start(), step(0), step(1));
  said();
  store.set("sampling", "asked"); // in the midst of a run
  assert.deepEqual(said(), ["halt", "run"]);
  tell(2, start(), step(0), step(1), step(2), step(3));
  store.set("sampling", "asked"); // after its last frame, when its event is still pending
  assert.deepEqual(said(), ["halt", "run"]);
});

test("an opening film that comes late does not replace what was asked for meanwhile", async () => {
  const film = (run) => {
    view.props.value = JSON.stringify({ run, recorded: true, events: [start(), step(0), step(1), step(2), step(3)] });
    view.heard();
  };
  film(1);
  await frame();
  assert.match($(".player-status").textContent, /^a recorded run/);
  store.set("sampling", "asked");
  film(2);
  assert.equal($(".live-view").dataset.run, "1");
  tell(3, start(), step(0));
  film(4);
  assert.equal($(".live-view").dataset.run, "3");
});

test("frames are shown as they come, in each of their views", async () => {
  tell(7, start(), step(0));
  tell(7, step(1));
  await frame();
  assert.deepEqual({ ...$(".live-view").dataset }, { run: "7", frames: "2" });
  assert.deepEqual([canvas().dataset.t, canvas().dataset.index, canvas().pixels[0]], ["20", "1", 1]);
  assert.match($(".player-status").textContent, /^sampling · step 2 of 3$/);
  for (const [name, level] of [["x0", 101], ["eps", 201], ["x", 1]]) {
    $(`[data-view=${name}]`).click();
    await frame();
    assert.equal(canvas().pixels[0], level);
  }
});

test("one paint a frame, however much comes in it; but the visitor's own scrub is painted at once", async () => {
  tell(1, start(), step(0));
  await frame();
  const before = Number(canvas().dataset.frames);
  tell(1, step(1));
  tell(1, step(2));
  tell(1, step(3));
  await frame();
  assert.equal(Number(canvas().dataset.frames), before + 1);
  const scrubber = $(".player-scrubber");
  scrubber.value = "2";
  scrubber.dispatchEvent(new Event("input"));
  assert.equal(canvas().dataset.index, "2");
});

test("frames of a run that another has replaced are passed over", async () => {
  tell(1, start(), step(0), step(1));
  tell(2, start(), step(0));
  tell(1, step(2), step(3));
  await frame();
  assert.deepEqual([$(".live-view").dataset.run, $(".live-view").dataset.frames], ["2", "1"]);
  assert.equal(canvas().dataset.index, "0");
});

test("one's number in the line is told, also while what stands there is scrubbed, until one stops", async () => {
  tell(1, start(), step(0), step(1), step(2), step(3));
  tell(null, { kind: "waiting", number: 3 });
  await frame();
  const scrubber = $(".player-scrubber");
  scrubber.value = "2";
  scrubber.dispatchEvent(new Event("input"));
  assert.equal($(".live-view").dataset.waiting, "3");
  assert.match($(".player-status").textContent, /you are number 3 in line/);
  store.set("sampling", "stopped");
  await frame();
  assert.equal($(".live-view").dataset.waiting, undefined);
  assert.match($(".player-status").textContent, /^step 3 of 3$/);
});

test("a run that is stopped says so", async () => {
  tell(1, start(), step(0), step(1));
  store.set("sampling", "stopped");
  await frame();
  assert.match($(".player-status").textContent, /^stopped · step 2 of 3$/);
});

test("a race has a lane each; the fingerprint comes at the end", async () => {
  tell(1, start({ lanes: ["DDIM", "Heun"] }), step(0), step(0, 1), step(1));
  tell(1, step(2), step(3), { kind: "end", lane: 0, fingerprint: "abc" });
  await frame();
  const scrubber = $(".player-scrubber");
  scrubber.value = "3";
  scrubber.dispatchEvent(new Event("input"));
  assert.deepEqual([canvas().dataset.index, $("#sample-canvas-2").dataset.index], ["3", "0"]);
  assert.equal($("figcaption code").textContent, "abc");
  assert.equal(element.querySelectorAll(".player-lanes figure > canvas").length, 2);
});

test("a race ends in a table, and with a press in distances to where the exact path ends", async () => {
  const halves = (...values) => Buffer.from(new Uint8Array(new Uint16Array(values).buffer)).toString("base64");
  const [zero, half, one] = [0, 0x3800, 0x3c00]; // as float16
  const race = start({ lanes: ["DDIM", "DDPM (ancestral)"], drawing: [false, true], alike: "They are alike.", reference: 512, steps: 1 });
  tell(1, race, { ...step(0), evaluations: 1, seconds: 0.1 }, step(0, 1), { ...step(1), evaluations: 2, seconds: 0.2 });
  await frame();
  assert.ok($(".sample-race").hidden, "it has not ended");
  tell(1, { ...step(1, 1), evaluations: 2, seconds: 0.4 }, { kind: "end", lane: 0, fingerprint: "a", result: halves(zero, half) }, { kind: "end", lane: 1, fingerprint: "b", result: halves(one, zero) });
  await frame();
  const rows = () => [...element.querySelectorAll("#sample-race tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  assert.deepEqual(rows(), [["DDIM", "–", "2", "0.20 s"], ["DDPM (ancestral)", "–", "2", "0.40 s"]]);
  const button = $("#sample-measure");
  assert.match(button.textContent, /512 steps.* about 2 min/); // 512 times 2 sides, of 0.1 s each
  assert.match($(".sample-race").textContent, /They are alike\. DDPM \(ancestral\) draws noise/);
  button.click();
  assert.deepEqual(triggered.at(-1), ["refer", { run: 1, kind: "reference" }]);
  tell(1, { kind: "reference", index: 100 });
  await frame();
  assert.match($(".sample-race [role=status]").textContent, /^Step 100 of 512/);
  tell(1, { kind: "reference", index: 512, result: halves(zero, zero) });
  await frame();
  assert.deepEqual(rows().map(([, distance]) => distance), ["0.3536", "0.7071"]); // √(½²/2), √(1²/2)
  assert.deepEqual([...element.querySelectorAll("[data-nearest]")].map((row) => row.firstChild.textContent), ["DDIM"]);
  assert.ok(button.hidden);
  tell(2, start(), step(0));
  await frame();
  assert.ok($(".sample-race").hidden, "a run by itself is no race");
});

test("a race's samplers are plotted over their steps as they are measured, those that have one end", async () => {
  const race = start({ lanes: ["DDIM", "Heun", "DDPM (ancestral)"], drawing: [false, false, true], reference: 512, steps: 0 });
  tell(1, race, step(0), step(0, 1), step(0, 2));
  await frame();
  const [button, table] = [$("#sample-slopes"), () => [...element.querySelectorAll("#sample-orders-table :is(tbody th, td)")].map((cell) => cell.textContent.trim())];
  button.click();
  assert.deepEqual(triggered.at(-1), ["refer", { run: 1, kind: "orders" }]);
  await frame();
  assert.ok($("#sample-measure").disabled, "one at a time");
  const samplers = [{ name: "ddim", label: "DDIM" }, { name: "heun", label: "Heun" }];
  tell(1, { kind: "orders", index: 0, samplers });
  tell(1, { kind: "orders", index: 200 });
  await frame();
  assert.match($(".sample-orders [role=status]").textContent, /step 200 of 512/);
  const runs = [[2, 0.5], [4, 0.25], [8, 0.125]];
  for (const [steps, distance] of runs) {
    tell(1, { kind: "orders", one: { sampler: "ddim", steps, evaluations: steps, distance } });
    await frame();
  }
  assert.equal(element.querySelectorAll("#sample-orders circle.order-0").length, 3);
  assert.match($(".sample-orders [role=status]").textContent, /^DDIM, 8 steps/);
  tell(1, { kind: "orders", curves: [{ sampler: "ddim", label: "DDIM", order: 1, slope: 1, runs: runs.map(([n, distance]) => [n, n, distance]) }] });
  await frame();
  assert.deepEqual(table(), ["DDIM", "1", "1.00", "1.3e−1"]);
  assert.match($("#sample-orders").getAttribute("aria-label"), /end of 512 steps.*Measured orders: DDIM 1\.00\./);
  assert.ok(button.hidden && !$("#sample-measure").disabled);
  tell(2, start({ lanes: ["DDPM", "EDM"], drawing: [true, true], steps: 0 }), step(0), step(0, 1));
  await frame();
  assert.ok($(".sample-orders").hidden, "neither has one end");
  tell(3, { ...race, lanes: ["DDIM", "Heun"] }, step(0), step(0, 1));
  await frame();
  assert.equal($("#sample-orders"), null); // the other race's
  button.click();
  button.click(); // stopped
  tell(3, { kind: "orders", index: 3 }); // on its way when it was
  await frame();
  assert.equal($(".sample-orders [role=status]").textContent, "");
  assert.match(button.textContent, /^Plot/);
});

test("what is measured can be stopped, and a failure is told", async () => {
  tell(1, start({ lanes: ["DDIM", "Heun"], steps: 0 }), step(0), step(0, 1));
  await frame();
  $("#sample-measure").click();
  await frame();
  assert.equal($("#sample-measure").textContent, "Stop measuring");
  $("#sample-measure").click();
  await frame();
  assert.deepEqual(triggered.at(-1), ["halt"]);
  tell(1, { kind: "reference", index: 300 }); // on its way when it was
  await frame();
  assert.equal($(".sample-race [role=status]").textContent, "");
  assert.match($("#sample-measure").textContent, /^Measure/);
  $("#sample-measure").click();
  tell(1, { kind: "reference", failed: "This took too long." });
  await frame();
  assert.equal($(".sample-race [role=status]").textContent, "This took too long.");
  assert.match($("#sample-measure").textContent, /^Measure/);
});

test("a distilled denoiser shows what it makes of the same noise in few looks, and what that took", async () => {
  const distilled = { teacher: "clothes", student: "quick", few: [1, 2], many: 40, took: "That took a million looks." };
  const columns = start({ count: 2, columns: 2, steps: 0, lanes: ["DDIM"], distilled });
  tell(1, start({ steps: 0 }), step(0));
  await frame();
  assert.ok($(".sample-few").hidden, "most have no student");
  tell(2, columns, { ...step(0), x: Buffer.alloc(8).toString("base64") });
  await frame();
  const button = $("#sample-few");
  assert.match(button.textContent, /^Few steps: quick in 1 and 2 evaluations, clothes in 40, from the same noise/);
  button.click();
  assert.deepEqual(triggered.at(-1), ["refer", { run: 2, kind: "few" }]);
  const made = [["quick", 1], ["quick", 2], ["clothes", 40]];
  for (const [k, [label, evaluations]] of made.entries()) {
    await frame();
    assert.equal(button.textContent, "Stop");
    tell(2, { kind: "few", one: { ...step(k), label, evaluations, seconds: evaluations / 20, count: 1 } });
  }
  await frame();
  const figures = [...element.querySelectorAll(".sample-few figure")];
  const captions = figures.map((figure) => [...figure.querySelectorAll("figcaption > :not([hidden])")].map((part) => part.textContent.replace(/ evaluations?.*/, "").trim()));
  assert.deepEqual(captions, [["quick", "1", "0.05 s"], ["quick", "2", "0.10 s"], ["clothes", "40", "2.00 s"]]);
  assert.deepEqual(figures.map((figure) => figure.querySelector("canvas").pixels[0]), [0, 1, 2]);
  assert.deepEqual(figures.map((figure) => figure.querySelector("canvas").width), [2, 2, 2], "of columns the first alone");
  assert.equal($(".sample-few [role=status]").textContent, "That took a million looks.");
  assert.ok(button.hidden);
});

test("one sample is enlarged, with its own seed, and saved alone with the note that repeats it", async () => {
  const dialog = window.HTMLDialogElement.prototype;
  Object.assign(dialog, { showModal() { this.open = true; }, close() { this.open = false; } });
  const notes = [3, 4, 5].map((seed) => JSON.stringify({ tab: "sample", settings: { seed } }));
  tell(1, start({ count: 3, columns: 2, steps: 0, denoiser: "training:a", notes, headings: ["bag", "boot"] }),
    { ...step(0), x: Buffer.from(new Uint8Array(12).map((_, i) => i)).toString("base64") });
  await frame();
  canvas().getBoundingClientRect = () => ({ left: 0, top: 0, width: 100, height: 100 });
  const mouse = (kind, clientX, clientY) => canvas().dispatchEvent(Object.assign(new Event(kind), { clientX, clientY }));
  mouse("pointermove", 75, 25);
  assert.equal(canvas().title, "Enlarge: seed 4");
  mouse("click", 75, 75); // where the last row is not full
  assert.ok(!$("#sample-one").open);
  mouse("click", 75, 25);
  assert.ok($("#sample-one").open);
  const shown = () => [$("#sample-one canvas").pixels[0], $("#sample-one p").textContent];
  assert.deepEqual(shown(), [4, "2 of 3 · seed 4 · boot · DDIM · xₜ at t = 30"]);
  $("#sample-one-next").click();
  assert.deepEqual(shown(), [8, "3 of 3 · seed 5 · bag · DDIM · xₜ at t = 30"]);
  let file;
  window.HTMLCanvasElement.prototype.toBlob = (got) => got(new Blob([new Uint8Array(60)]));
  URL.createObjectURL = (blob) => ((file = blob), "blob:here");
  const name = await new Promise((resolve) => {
    window.HTMLAnchorElement.prototype.click = function () { resolve(this.download); };
    $("#sample-one-save").click();
  });
  assert.equal(name, "diffviz-training-a-seed-5.png");
  assert.match(await file.text(), /tEXtdiffviz\0\{"tab":"sample","settings":\{"seed":5\}\}/);
  tell(2, start(), step(0));
  await frame();
  assert.ok(!$("#sample-one").open, "it is of the run that was shown");
  $(".enlarge").click(); // by keyboard
  assert.match($("#sample-one p").textContent, /^1 of 1 · DDIM/, "no seed where none makes it by itself");
});

test("another medium's renderer is fetched and draws", async () => {
  globalThis.getComputedStyle = () => ({ color: "red" });
  tell(1, start({ renderer: "points", shape: [2], count: 1 }), { ...step(0), x: picture(0) });
  await frame();
  for (let tries = 0; tries < 50 && canvas().width !== 480; tries++) await frame();
  assert.equal(canvas().width, 480);
});

test("the run is taken home in the view that is shown", async () => {
  tell(1, start(), step(0));
  $("[data-view=x0]").click();
  const buttons = [...element.querySelectorAll(".player-files button")];
  const status = $(".player-files [role=status]");
  buttons.find((b) => b.textContent === "GIF").click();
  assert.deepEqual(triggered.at(-1), ["export", { format: "gif", view: "x0" }]);
  assert.equal(status.textContent, "Making the GIF …");
  assert.ok(buttons.every((button) => button.disabled), "one at a time");
  ended("exporting");
  assert.deepEqual([status.textContent, buttons[0].disabled], ["", false]);
});

test("a film goes to a seed that is given, not to 0 for none", async () => {
  tell(1, start({ notes: ["{}"] }), step(0));
  await frame();
  const [film, seed, status] = [$("#sample-between"), $(".player-between input"), $(".player-files [role=status]")];
  for (const wrong of ["", "-1", "1.5"]) {
    seed.value = wrong;
    film.click();
    assert.ok(!triggered.some(([event]) => event === "export"), wrong);
    assert.match(status.textContent, /needs the other seed/);
  }
  seed.value = "0";
  film.click();
  assert.deepEqual(triggered.at(-1), ["export", { format: "between", view: "x", seed: 0, what: "" }]);
  ended("exporting");
});

test("whether it is a copy is told of the run that is shown alone", async () => {
  const answers = [];
  const asked = [];
  view.server.nearest_pictures = ({ pictures }) => new Promise((resolve) => {
    asked.push([...bytes(pictures)]);
    answers.push(resolve);
  });
  const found = { neighbours: [{ row: 1, class: "boot", distance: 0.3, picture: picture(0) }], nearer: 0.5, verdict: "new" };
  const run = start({ comparable: [1, 1, 1] });
  const told = { found: [found], scale: [0, 1], shape: [1, 1, 4], called: "training picture", among: "", real: "real ones", note: "" };
  tell(1, run, step(0), step(1), step(2), step(3));
  await frame();
  $("#sample-nearest").click();
  answers.shift()(told);
  await frame();
  assert.equal(element.querySelectorAll(".nearest-card").length, 1);
  assert.deepEqual([...element.querySelectorAll(".nearest-card canvas")].map(({ width, height }) => [width, height]), [[2, 2], [4, 1]]); // each of its own shape
  assert.deepEqual(asked, [[3]]); // as small as they are compared
  tell(2, run, step(0)); // which may be stopped, and never end
  await frame();
  assert.equal(element.querySelectorAll(".nearest-card").length, 0);
  tell(2, step(1), step(2), step(3));
  await frame();
  tell(3, run, step(0));
  answers.shift()(told); // of the run before
  await frame();
  assert.equal(element.querySelectorAll(".nearest-card").length, 0);
});

test("what was made of a run goes when another one begins", () => {
  tell(1, start(), step(0), step(1));
  const anew = () => triggered.filter(([event]) => event === "anew").length;
  assert.equal(anew(), 0);
  $(".player-files button").click();
  tell(1, step(2));
  assert.equal(anew(), 0);
  tell(2, start(), step(0));
  assert.equal(anew(), 1);
  assert.equal($(".player-files [role=status]").textContent, "");
});

test("a file is handed to the browser at once, under its name", () => {
  const clicked = [];
  window.HTMLAnchorElement.prototype.click = function () { clicked.push([this.href, this.download]); };
  takeHome(null);
  takeHome({ url: "http://localhost/file/a.gif", orig_name: "diffviz-fashion.gif" });
  assert.deepEqual(clicked, [["http://localhost/file/a.gif", "diffviz-fashion.gif"]]);
});

const maps = (...levels) => Buffer.from(Uint8Array.from(levels)).toString("base64");

test("which word made which pixel: a word that is looked at shows where, at the step and in the mean", async () => {
  tell(61, start({ lookups: true, words: "red hat" }), step(0), step(1), step(2), step(3));
  await frame();
  $("#sample-lookups").click();
  assert.deepEqual(triggered.at(-1), ["refer", { run: 61, kind: "words" }]);
  tell(61, { kind: "words", labels: ["red", "hat"] });
  for (let index = 0; index < 4; index++)
    tell(61, { kind: "words", one: { index, shape: [1, 2, 1, 2], most: 1, maps: maps(255, 0, index ? 0 : 255, index ? 255 : 0) } });
  await frame();
  const words = [...element.querySelectorAll(".word-maps button")];
  assert.deepEqual(words.map((word) => word.textContent), ["red", "hat"]);
  assert.equal($(".word-over")?.hidden ?? true, true);
  words[1].dispatchEvent(new Event("focus"));
  await frame();
  assert.equal($(".word-over").hidden, false);
  assert.equal($(".word-over").parentElement, canvas().parentElement);
  words[1].dispatchEvent(new Event("blur"));
  await frame();
  assert.equal($(".word-over").hidden, true);
  words[0].click(); // a press keeps it
  words[1].dispatchEvent(new Event("focus"));
  await frame();
  assert.deepEqual(words.map((word) => word.getAttribute("aria-pressed")), ["true", "false"]);
});

test("the mean of a word's maps leaves out the last step, which has no evaluation of its own", () => {
  const steps = [[255, 0], [0, 255], [255, 255]].map((levels, index) => ({ index, shape: [1, 1, 1, 2], most: index + 1, maps: Uint8Array.from(levels) }));
  assert.deepEqual([...mean({ labels: ["red"], steps })], [0.5, 1]);
});

test("a word is changed and the rest kept, beside the same words sampled anew", async () => {
  tell(62, start({ lookups: true, sentence: "a red hat" }), step(0), step(1), step(2), step(3));
  await frame();
  const panel = $("#sample-reworded");
  assert.equal(panel.hidden, false);
  assert.equal($("#sample-reword").value, "a red hat");
  $("#sample-reword").value = "a blue hat";
  $("#sample-reword-run").click();
  assert.deepEqual(triggered.at(-1), ["refer", { run: 62, kind: "reworded", to: "a blue hat", kept: 0.8 }]);
  tell(62, { kind: "reworded", index: 1 });
  await frame();
  assert.match(panel.textContent, /Step 2 of 3/);
  for (const label of ["as it was", "attention kept", "sampled anew"])
    tell(62, { kind: "reworded", one: { ...step(3), label, count: 1, columns: 1 } });
  await frame();
  assert.deepEqual([...panel.querySelectorAll("figcaption")].map((one) => one.textContent), ["as it was", "attention kept", "sampled anew"]);
  tell(63, start({ lookups: true, sentence: "a hat", headings: ["1", "2"] }), step(0), step(1), step(2), step(3));
  await frame();
  assert.equal(panel.hidden, true); // columns are said otherwise already
});
