import { window } from "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { store } from "../../diffviz/ui/lib/store.js";
import { STOPS, tourButton } from "../../diffviz/ui/lib/tour.js";

const $ = (selector) => document.querySelector(selector);
const texts = (selector) => [...document.querySelectorAll(selector)].map(({ textContent }) => textContent);
let clicked;

beforeEach(() => {
  window.localStorage.clear();
  clicked = [];
  document.body.replaceChildren();
  for (const tab of new Set(STOPS.map((stop) => stop.tab))) {
    const button = document.createElement("button");
    button.id = `tab-${tab}-button`;
    button.onclick = () => clicked.push(tab);
    document.body.append(button);
  }
  document.body.append(tourButton());
});

test("six stops, each in its tab, with lines that set the controls", () => {
  assert.equal(STOPS.length, 6);
  $("#tour-start").click();
  const seen = [];
  for (let stop = 1; stop <= 6; stop++) {
    assert.equal($("#tour .number").textContent, `${stop} of 6`);
    seen.push(clicked.at(-1));
    const [, next] = document.querySelectorAll("#tour .tour-buttons button");
    assert.equal(next.textContent, stop < 6 ? "Next" : "Done");
    if (stop === 4) assert.deepEqual([...document.querySelectorAll("#tour a")].map((a) => a.getAttribute("href")).slice(0, 2), ["#sample?steps=3", "#sample?steps=50"]);
    next.click();
  }
  assert.deepEqual(seen, STOPS.map(({ tab }) => tab));
  assert.equal($("#tour"), null);
});

test("it can be left at any time, by a button and by Escape, and does not come back", () => {
  $("#tour-start").click();
  assert.ok(texts("#tour button").includes("Leave the tour"));
  const list = document.createElement("input");
  list.setAttribute("aria-expanded", "true");
  document.body.append(list);
  list.dispatchEvent(new window.KeyboardEvent("keydown", { key: "Escape", bubbles: true })); // that one's
  assert.ok($("#tour"));
  document.body.dispatchEvent(new window.KeyboardEvent("keydown", { key: "Escape", bubbles: true })); // wherever one is
  assert.deepEqual([$("#tour"), $("#tour-start"), tourButton()], [null, null, null]);
  assert.equal(store.get("toured"), "yes");
});

test("who never began it is still offered it", () => assert.ok(tourButton()));
