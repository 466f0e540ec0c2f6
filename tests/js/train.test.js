import { window } from "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { mount } from "../../diffviz/ui/train/view.js";

const ONE = "1".repeat(16), OTHER = "2".repeat(16);
let element, view, jobs, statuses, asked, answers;

const settled = () => new Promise((resolve) => setTimeout(resolve, 60));
const brief = (id, state = "finished") => ({ id, title: `digits ${id[0]}`, state, fraction: 1, position: 0, queued: 0 });
const status = (id, more = {}) => ({
  ...brief(id, "running"), wish: "", images: 640, seconds: 9, speed: 70, left: 20, message: "", credit: "somebody",
  recorded: id === "recorded", shared: false, points: [[320, 0.5, 0.4, 0.6], [640, 0.4, 0.3, 0.5]], newest: 2,
  again: 60, ratios: [0.1, 1], sheet: null, sheets: [], ...more,
});
const $ = (selector) => element.querySelector(selector);
const texts = (selector) => [...element.querySelectorAll(selector)].map(({ textContent }) => textContent);

// A poll that is due in seconds keeps no test waiting.
const { setTimeout: timeout } = globalThis;
globalThis.setTimeout = (callback, pause, ...rest) => {
  const timer = timeout(callback, pause, ...rest);
  return pause >= 1000 ? timer.unref() : timer;
};
// Nor does a film that has no pictures yet.
const { setInterval: interval } = globalThis;
globalThis.setInterval = (...given) => interval(...given).unref();
globalThis.fetch = async (address) => {
  const id = String(address).split("/train/")[1].split("?")[0];
  const found = statuses[id];
  return { ok: !!found, status: found ? 200 : 404, json: async () => structuredClone(found) };
};

function open() {
  element = document.createElement("div");
  element.innerHTML = '<section class="live-view"></section>';
  view = {
    facts: { recorded: "recorded" }, props: {},
    server: {
      owned: async () => ({ jobs: structuredClone(jobs) }),
      rename: async (request) => {
        asked.push(request.name);
        Object.assign(statuses[request.job], { title: request.name });
        return {};
      },
      ask: async (request) => {
        asked.push(request.action);
        return answers.shift() ?? {};
      },
    },
    trigger: () => {},
    watch: (_, heard) => (view.heard = heard),
  };
  mount(element, view);
  return settled();
}

beforeEach(() => {
  asked = [];
  answers = [];
  jobs = [brief(ONE), brief(OTHER)];
  statuses = { [ONE]: status(ONE), [OTHER]: status(OTHER), recorded: status("recorded") };
  window.confirm = globalThis.confirm = () => true;
});

test("one's newest training is watched, and another can be chosen", async () => {
  await open();
  assert.deepEqual({ ...$(".live-view").dataset }, { job: ONE, state: "running", images: "640", sheets: "0" });
  assert.match($(".train-title").textContent, /digits 1/);
  assert.equal(texts(".train-jobs button").length, 3); // the recorded one too
  element.querySelectorAll(".train-jobs button")[1].click();
  await settled();
  assert.equal($(".live-view").dataset.job, OTHER);
  assert.deepEqual([...element.querySelectorAll(".train-jobs [aria-pressed=true]")].length, 1);
});

test("a button that is still right keeps its place, and its focus", async () => {
  await open();
  const pause = $("[data-action=pause]");
  pause.click();
  await settled();
  assert.deepEqual(asked, ["pause"]);
  assert.equal($("[data-action=pause]"), pause);
});

test("who deletes a training sees the next one, and that it is deleted", async () => {
  statuses[ONE] = status(ONE, { state: "stopped" });
  await open();
  answers.push({ gone: true });
  $("[data-action=delete]").click();
  await settled();
  assert.equal($(".live-view").dataset.job, OTHER);
  assert.equal($(".train-message").textContent, "“digits 1” is deleted.");
});

test("who deletes the last one sees the recorded one", async () => {
  jobs = [brief(ONE)];
  statuses[ONE] = status(ONE, { state: "stopped" });
  await open();
  answers.push({ gone: true });
  $("[data-action=delete]").click();
  await settled();
  assert.equal($(".live-view").dataset.job, "recorded");
  assert.match($(".train-title").textContent, /^A recorded training/);
  assert.deepEqual(texts(".train-jobs button"), []);
});

test("a training that is gone leaves nothing of itself on the page", async () => {
  await open();
  delete statuses[ONE];
  answers.push({});
  $("[data-action=pause]").click(); // and so asks how it goes
  await settled();
  assert.match($(".train-message").textContent, /gone: it was deleted, or the link is wrong/);
  assert.deepEqual([$(".train-title").textContent, $(".train-state").textContent, $(".train-credit").textContent], ["", "", ""]);
  assert.deepEqual([$("progress").hidden, $(".train-plots").hidden], [true, true]);
  assert.ok(!$(".live-view").dataset.state);
});

test("a failed training says why, and a refusal is told", async () => {
  statuses[ONE] = status(ONE, { state: "failed", message: "the disk is full" });
  await open();
  assert.equal($(".train-message").textContent, "Training failed: the disk is full.");
  answers.push({ error: "The queue is full." });
  $("[data-action=resume]").click();
  await settled();
  assert.equal($(".train-message").textContent, "The queue is full.");
});

test("a training has a name, of which its data are told beside it", async () => {
  jobs = [{ ...brief(ONE), about: "digits · tiny" }];
  statuses[ONE] = status(ONE, { about: "digits · tiny" });
  await open();
  window.prompt = globalThis.prompt = () => "My first";
  $("[data-action=rename]").click();
  await settled();
  assert.deepEqual(asked, ["My first"]);
  assert.equal($(".train-title").textContent, "My first");
  assert.match(texts(".train-jobs button")[0], /^My first digits · tiny, .*, running$/);
});

test("what has finished goes on, but for what was uploaded", async () => {
  jobs = [brief(ONE)];
  statuses[ONE] = status(ONE, { state: "finished" });
  await open();
  assert.ok($("[data-action=resume]"));
  statuses[ONE] = status(ONE, { state: "finished", ratios: [], points: [] });
  await open();
  assert.ok(!$("[data-action=resume]"));
});

test("two trainings are seen side by side, and one alone again", async () => {
  jobs = [brief(ONE), brief(OTHER)];
  statuses[ONE] = status(ONE);
  statuses[OTHER] = status(OTHER, { points: [[320, 0.9, 1, 1], [1280, 0.8, 1, 1]] });
  await open();
  const choice = $("#train-compare");
  assert.ok($("#other-canvas").parentElement.hidden);
  assert.deepEqual([...choice.options].map(({ value }) => value), ["", OTHER, "recorded"]);
  choice.value = OTHER;
  choice.dispatchEvent(new window.Event("change"));
  await settled();
  assert.equal($(".train-pair").dataset.count, "2");
  assert.deepEqual(texts(".train-pair strong").filter(Boolean), ["digits 1", "digits 2"]);
  assert.ok($("#train-loss .curve-1").getAttribute("d"));
  assert.ok(texts("#train-loss text").includes("1,280")); // both fit in
  $(".train-jobs button:nth-child(2)").click();
  await settled();
  assert.equal($(".train-pair").dataset.count, "1");
  assert.equal($(".live-view").dataset.job, OTHER);
});
