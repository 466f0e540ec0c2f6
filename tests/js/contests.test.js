// The race and translation in the page: what is recorded shows, one's own starts and is watched, and
// what is written beside the clouds is what the numbers say.

import { window } from "./page.js";

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { mount } from "../../diffviz/ui/plane/contests.js";
import { inWords, outcome } from "../../diffviz/ui/plane/race.js";

const FIELDS = ["updates", "seconds", "visited", "covered", "astray", "energy"];
const RIVALS = [
  { name: "gan", label: "GAN", source: "Goodfellow et al. 2014" },
  { name: "diffusion", label: "Diffusion", source: "Ho et al. 2020" },
];
const OWN = "0123456789abcdef";
const RECORDED = "recorded-race-eight";
const contest = {
  label: "Eight Gaussians", medium: "points", rivals: RIVALS, seeds: [0, 1], weights: 50_000, updates: 400, seconds: 0,
  said: { critic_updates: 3 }, rounds: 2, fields: FIELDS, shape: [2, 2, 3, 2], data: [0, 0, 1, 1], modes: 8,
  fresh: { visited: 8, covered: 8, astray: 0.01, energy: 0.03 }, rule: "The rule.", credit: "",
};
const places = (updates) => [
  [updates, 1, 3, 2, 0.5, 0.8], [updates, 2, 4, 4, 0.3, 0.6], [updates, 3, 8, 7, 0.1, 0.2], [updates, 4, 8, 8, 0.2, 0.1],
];
const status = (id, more = {}) => ({
  id, kind: "race", title: "Eight Gaussians", state: "finished", fraction: 1, position: 0, wish: "", message: "", left: 0,
  recorded: id === RECORDED, command: "python -m diffviz race -o race-eight.zip", sheets: [0, 1, 2], newest: 3, again: 1, contest,
  points: [0, 100, 400].map((updates, i) => [i, 1, ...places(updates).flat()]), ...more,
});
const settled = () => new Promise((resolve) => setTimeout(resolve, 60));
const $ = (selector) => document.querySelector(selector);
const texts = (selector) => [...document.querySelectorAll(selector)].map(({ textContent }) => textContent);

// A poll that is due in seconds, and rounds that play, keep no test waiting.
const { setTimeout: timeout, setInterval: interval } = globalThis;
globalThis.setTimeout = (callback, pause, ...rest) => {
  const timer = timeout(callback, pause, ...rest);
  return pause >= 1000 ? timer.unref() : timer;
};
globalThis.setInterval = (...given) => interval(...given).unref();
const pen = new Proxy({}, { get: () => () => {}, set: () => true }); // draws nothing
window.HTMLCanvasElement.prototype.getContext = () => pen;

let statuses, started, asked, jobs, look, view;
globalThis.IntersectionObserver = class {
  constructor(callback) {
    look = () => callback([{ isIntersecting: true }]);
  }
  observe() {}
};

beforeEach(async () => {
  document.body.innerHTML = '<div id="x"><section class="live-view"></section></div>';
  statuses = { [RECORDED]: status(RECORDED), [OWN]: status(OWN, { state: "running", fraction: 0.4, sheets: [0, 1], left: 30 }) };
  [started, asked, jobs] = [[], [], []];
  globalThis.fetch = async (address) => {
    const [, job, sheet] = /train\/([\w-]+)(\/sheets)?/.exec(address);
    if (sheet) return { ok: true, arrayBuffer: async () => new ArrayBuffer(2 * 2 * 3 * 4) };
    return statuses[job] ? { ok: true, status: 200, json: async () => statuses[job] } : { ok: false, status: 404 };
  };
  view = {
    facts: {
      kind: "race", recorded: [{ id: RECORDED, title: "Eight Gaussians" }], open: true,
      settings: [
        { name: "rivals", kind: "list", label: "Who races", help: "", default: ["gan", "diffusion"], advanced: false },
        { name: "critic_updates", kind: "whole", label: "Critic's updates", help: "", minimum: 1, maximum: 10, default: 1, advanced: false },
        { name: "objective", kind: "text", label: "Objective", help: "", choices: [{ name: "eps", label: "ε" }, { name: "v", label: "v" }], default: "eps", advanced: true },
      ],
    },
    props: {},
    server: {
      contests_owned: async () => ({ jobs }),
      contests_ask: async (request) => (asked.push(request), {}),
    },
    trigger: (event, data) => started.push([event, data]),
    watch: (_, callback) => (view.told = callback),
  };
  mount($("#x"), view);
  await settled();
});

/** As a person scrolls there; until its clouds are there. */
async function seen() {
  look();
  for (let i = 0; i < 40 && !$(".contest-clouds .number")?.textContent; i++) await settled();
}

test("nothing is asked for before it is seen; then a recorded one shows, and says so", async () => {
  assert.equal($(".live-view").dataset.job, undefined);
  await seen();
  assert.equal($(".live-view").dataset.job, RECORDED);
  assert.match($(".contest-note").textContent, /^A recorded run; all .* python -m diffviz race/);
  assert.equal($(".live-view").dataset.round, "2");
  assert.deepEqual(texts(".contest-clouds strong"), ["GAN", "Diffusion"]);
  assert.deepEqual(texts(".contest-clouds .number"), ["2 of 8 modes, 50 % astray", "7 of 8 modes, 10 % astray"]);
  document.querySelectorAll(".contest-seeds button")[1].click();
  await settled();
  assert.deepEqual(texts(".contest-clouds .number"), ["4 of 8 modes, 30 % astray", "8 of 8 modes, 20 % astray"]);
});

test("what it came to is counted from the numbers", async () => {
  const found = outcome(status(OWN));
  assert.deepEqual(found.map(({ collapsed, covered }) => [collapsed, covered]), [[1, 3], [0, 7.5]]);
  const words = inWords(status(OWN), found);
  assert.match(words, /^At the end, from nearest to farthest from the data: Diffusion 0\.1500, GAN 0\.7000; fresh data itself is at 0\.0300\./);
  assert.match(words, /Collapsed: GAN in 1 of 2 runs\.$/);
  await seen();
  assert.equal($(".contest-words").textContent, words);
  const rows = texts("tbody tr");
  assert.match(rows[0], /^GAN1 of 23 of 840\.0 %/);
  assert.match(rows[2], /^fresh data8 of 8/);
});

test("a race begins with the settings of the one that is watched, as they were changed", async () => {
  await seen();
  const field = $('input[name="critic_updates"]');
  assert.equal(field.value, "3"); // the recorded one's
  field.value = "5";
  $('input[value="gan"]').checked = false;
  $("form").dispatchEvent(new Event("submit", { cancelable: true }));
  const [[event, { kind, token, settings }]] = started;
  assert.deepEqual([event, kind, token.length], ["start", "race", 32]);
  assert.deepEqual(settings, { rivals: ["diffusion"], critic_updates: 5, objective: "eps" });
  jobs = [{ id: OWN, title: "Eight Gaussians", state: "running" }];
  view.props.value = JSON.stringify({ watch: OWN });
  view.told();
  await settled();
  assert.equal($(".live-view").dataset.job, OWN);
  assert.equal($(".contest-note").textContent, "running, 40 %, 30 s left");
  assert.deepEqual(texts(".player-files [data-action]"), ["Pause", "Stop"]);
  $('[data-action="stop"]').click();
  await settled();
  assert.deepEqual(asked.map(({ job, action }) => [job, action]), [[OWN, "stop"]]);
});

test("what cannot be begun is said", async () => {
  await seen();
  view.props.value = JSON.stringify({ error: "The queue is full." });
  view.told();
  await settled();
  assert.equal($('[role="alert"]').textContent, "The queue is full.");
  assert.equal($('[role="alert"]').hidden, false);
});

test("one that is gone gives way to a recorded one", async () => {
  jobs = [{ id: "f".repeat(16), title: "Gone", state: "running" }];
  await seen();
  await settled();
  assert.equal($(".live-view").dataset.job, RECORDED);
});
