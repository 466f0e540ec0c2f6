import { window } from "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Links } from "../../diffviz/ui/lib/links.js";

const SETTINGS = [
  { name: "steps", kind: "whole", minimum: 1, maximum: 250, default: 20 },
  { name: "denoiser", kind: "text", default: "clothes" },
  { name: "guidance", kind: "number", minimum: 0, maximum: 10, default: 1.5, usual: { by: "denoiser", of: { clothes: 1.2, heroes: 2 } } },
  { name: "rivals", kind: "list", default: [] },
];
const BEGIN = { steps: 20, denoiser: "clothes", guidance: 1.2, rivals: [] };

const pause = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
/** Until the history has moved. */
const moved = () => new Promise((resolve) => window.addEventListener("popstate", () => setTimeout(resolve), { once: true }));

let links, tab, entries;
/** One page at a time heeds the history: of those that tests opened before, none does. */
let heeding;
const listen = window.addEventListener.bind(window);
window.addEventListener = (type, listener, options) => {
  if (type === "popstate" && !options) {
    window.removeEventListener(type, heeding);
    heeding = listener;
  }
  listen(type, listener, options);
};

/** A tab that says and shows its settings. */
const settings = (more = {}) => ({
  settings: SETTINGS, now: { ...BEGIN }, shown: 0,
  values: () => tab.now,
  show(values) {
    tab.now = values;
    tab.shown += 1;
  },
  ...more,
});

/** The page, opened at an address. */
function open(address) {
  window.history.pushState(null, "", address);
  links = new Links(window);
  tab = settings();
  links.open(["forward", "sample", "train"]);
  entries = window.history.length;
}

/** The visitor sets something. */
async function choose(values) {
  tab.now = { ...tab.now, ...values };
  links.changed("sample");
  await pause(250);
}

beforeEach(() => open("/"));

test("a bare address opens the first tab, and stays bare", async () => {
  assert.equal(links.tab, "forward");
  links.join("forward", tab);
  links.changed("forward");
  await pause(250);
  assert.equal(window.location.hash, "");
  assert.equal(tab.shown, 0);
});

test("a link is shown once its tab is there; what it does not say is where the tab begins", () => {
  open("/#sample?denoiser=heroes&rivals=heun,ddpm");
  assert.equal(links.tab, "sample");
  links.join("sample", tab);
  assert.deepEqual(tab.now, { steps: 20, denoiser: "heroes", guidance: 2, rivals: ["heun", "ddpm"] });
  assert.equal(links.told, "");
});

test("what would not do is told, and left where the tab begins; all else holds", () => {
  open("/#sample?steps=900&guidance=3&wings=red");
  links.join("sample", tab);
  assert.deepEqual(tab.now, { ...BEGIN, guidance: 3 });
  assert.equal(links.told, "steps must be a whole number from 1 to 250, not 900");
});

test("a link that leads nowhere is told, and leads to the first tab", () => {
  for (const address of ["/#nowhere?steps=3", "/#%%%?&&=="]) {
    open(address);
    assert.equal(links.tab, "forward");
    assert.match(links.told, /leads nowhere; there is forward, sample, train/);
  }
});

test("the address follows what is chosen, in the same entry of the history", async () => {
  open("/#sample");
  links.join("sample", tab);
  for (const steps of [21, 25, 30]) await choose({ steps });
  assert.equal(window.location.hash, "#sample?steps=30");
  await choose({ denoiser: "heroes", guidance: 2 });
  assert.equal(window.location.hash, "#sample?steps=30&denoiser=heroes", "2 is where heroes begin");
  await choose(BEGIN);
  assert.equal(window.location.hash, "#sample");
  assert.equal(window.history.length, entries);
});

test("many changes are written once, and those of a tab that is not shown never", async () => {
  open("/#sample");
  links.join("sample", tab);
  const { replaceState } = window.history;
  let written = 0;
  window.history.replaceState = (...state) => (written++, replaceState.apply(window.history, state));
  for (let steps = 1; steps < 100; steps++) {
    tab.now = { ...tab.now, steps };
    links.changed("sample");
    links.changed("forward");
  }
  await pause(250);
  delete window.history.replaceState;
  assert.equal(written, 1);
  assert.equal(window.location.hash, "#sample?steps=99");
});

test("one can go back to the run before, and on again; the same run again is no other entry", async () => {
  open("/#sample");
  links.join("sample", tab);
  await choose({ steps: 30 });
  links.ran("sample");
  links.ran("sample");
  await choose({ steps: 35 });
  await choose({ steps: 40 });
  links.ran("sample");
  assert.equal(window.history.length, entries + 2);
  for (const [go, steps] of [["back", 30], ["back", 20], ["forward", 30], ["forward", 40]]) {
    window.history[go]();
    await moved();
    assert.equal(tab.now.steps, steps);
  }
});

test("tabs are entries of the history, each with its settings", async () => {
  open("/#sample");
  links.join("sample", tab);
  tab.now = { ...tab.now, steps: 30 };
  links.changed("sample");
  links.went("train");
  assert.equal(window.location.hash, "#train");
  let followed = 0;
  links.onFollow = () => followed++;
  window.history.back();
  await moved();
  assert.deepEqual([links.tab, window.location.hash, followed], ["sample", "#sample?steps=30", 1]);
  assert.equal(tab.shown, 0, "it is there still");
});

test("what the page tells of tabs while it shows the address's is not its visitor's doing", () => {
  open("/#sample?steps=7");
  links.went("forward"); // as it opens
  links.went("sample");
  assert.equal(window.location.hash, "#sample?steps=7");
  assert.equal(window.history.length, entries);
  links.went("forward");
  assert.equal(window.location.hash, "#forward");
});

test("who goes to a tab before the page has looked at its address stays there, but not against it", () => {
  for (const [address, shown, there] of [["/", undefined, "sample"], ["/#train", "train", "train"]]) {
    window.history.pushState(null, "", address);
    const early = new Links(window);
    early.went("forward");
    early.went("sample");
    assert.equal(early.open(["forward", "sample", "train"]), shown);
    assert.deepEqual([early.tab, window.location.hash], [there, `#${there}`]);
  }
});

test("a link that is followed within the page is shown", async () => {
  open("/#sample");
  links.join("sample", tab);
  window.location.hash = "#sample?steps=7";
  await moved();
  assert.equal(tab.now.steps, 7);
});

test("a reload comes back to the same", () => {
  open("/#sample?steps=7");
  links.join("sample", tab);
  const again = new Links(window);
  again.open(["forward", "sample", "train"]);
  tab = settings();
  again.join("sample", tab);
  assert.equal(tab.now.steps, 7);
  assert.equal(again.address, "http://localhost/#sample?steps=7");
});

test("controls and tabs are left out as the link wants, and stay so", async () => {
  open("/#sample?hide=guidance,train,rivals");
  links.join("sample", settings({ controls: { rivals: ".race" } }));
  for (const place of ["#sample-guidance", ".race", "#tab-train-button"]) assert.ok(links.style.textContent.includes(place));
  links.went("sample"); // it is there
  await choose({ steps: 30 });
  assert.equal(window.location.hash, "#sample?steps=30&hide=guidance%2Ctrain%2Crivals");
  links.went("forward");
  assert.equal(window.location.hash, "#forward?hide=guidance%2Ctrain%2Crivals");
});

test("what is left out stays so for links within the page, which say nothing of it, until one does", async () => {
  open("/#sample?hide=steps,train");
  links.join("sample", tab);
  links.went("sample");
  const hidden = () => links.style.textContent;
  let there = moved();
  window.location.hash = "#sample?steps=7";
  await there;
  assert.deepEqual([window.location.hash, tab.now.steps], ["#sample?steps=7&hide=steps%2Ctrain", 7]);
  assert.ok(hidden().includes("#tab-train-button") && hidden().includes('[data-setting="sample-steps"]'));
  there = moved();
  window.location.hash = "#sample?hide=guidance";
  await there;
  assert.ok(!hidden().includes("train") && hidden().includes("#sample-guidance"));
  there = moved();
  window.history.back();
  await there;
  assert.ok(hidden().includes("#tab-train-button"));
});

test("a tab's parts and the lines to try can be left out, too", () => {
  open("/#sample/part?hide=tries,teacher,nothing");
  links.join("sample", settings({ settings: [], controls: { teacher: ".teacher" } }));
  assert.match(links.style.textContent, /^\.tries, \.teacher \{/);
  assert.equal(links.told, "");
});

test("a link to a training opens its tab, but not where the address names another", () => {
  open("/?train=0123456789abcdef");
  assert.equal(links.tab, "train");
  open("/?train=0123456789abcdef#sample?steps=4");
  assert.equal(links.tab, "sample");
  assert.match(links.address, /\/\?train=0123456789abcdef#sample\?steps=4|\/\?train=0123456789abcdef#sample/);
});

test("what another tab chose in one that is only now there is not undone", () => {
  open("/#train");
  links.went("sample");
  tab.now = { ...tab.now, denoiser: "heroes" };
  links.join("sample", tab);
  assert.deepEqual([tab.shown, tab.now.denoiser], [0, "heroes"]);
});
