import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import * as calls from "../../diffviz/ui/lib/calls.js";
import { Store, store } from "../../diffviz/ui/lib/store.js";

const HANDLES = [1, 0.9, 0.5, 0.1];

beforeEach(() => localStorage.clear());

test("what earlier versions of the page kept is still known", () => {
  localStorage.setItem("diffviz.owner", "0123456789abcdef0123456789abcdef");
  localStorage.setItem("diffviz.handles", JSON.stringify(HANDLES));
  const fresh = new Store(() => localStorage);
  assert.equal(fresh.get("owner"), "0123456789abcdef0123456789abcdef");
  assert.deepEqual(fresh.get("handles"), HANDLES);
});

test("an owner's token of digits alone stays text", () => {
  localStorage.setItem("diffviz.owner", "1234567890123456");
  assert.equal(store.get("owner"), "1234567890123456");
});

test("what is kept outlives the page; what is not, does not", () => {
  const first = new Store(() => localStorage);
  first.set("handles", HANDLES);
  first.set("sampling", "asked");
  const second = new Store(() => localStorage);
  assert.deepEqual(second.get("handles"), HANDLES);
  assert.equal(second.get("sampling"), undefined);
});

test("another window's change is seen", () => {
  store.set("owner", "a".repeat(32));
  localStorage.setItem("diffviz.owner", "b".repeat(32));
  assert.equal(store.get("owner"), "b".repeat(32));
});

test("without storage, and with nonsense in it, the page goes on", () => {
  const barred = new Store(() => {
    throw new Error("storage is switched off");
  });
  assert.equal(barred.get("handles"), undefined);
  barred.set("handles", HANDLES);
  assert.deepEqual(barred.get("handles"), HANDLES);
  localStorage.setItem("diffviz.handles", "[1, 0.9");
  assert.equal(new Store(() => localStorage).get("handles"), undefined);
});

test("who watches is told of each value, also of the same again, until they no longer watch", () => {
  const told = [];
  const end = store.watch("sampling", (wanted) => told.push(wanted));
  calls.askForRun();
  calls.askForRun();
  calls.stopRun();
  end();
  calls.askForRun();
  assert.deepEqual(told, ["asked", "asked", "stopped"]);
});

test("events bring along what lives in the browser", () => {
  assert.deepEqual(calls.withOwner(1, 2, "old"), [1, 2, ""]);
  assert.deepEqual(calls.asOne(1, "", ""), [[1, "", ""]]);
  store.set("owner", "c".repeat(32));
  store.set("handles", HANDLES);
  assert.deepEqual(calls.withOwner("old"), ["c".repeat(32)]);
  assert.deepEqual(calls.asOne(1, 2, "", ""), [[1, 2, "[1,0.9,0.5,0.1]", "c".repeat(32)]]);
});

test("seeds are whole and below the number given", () => {
  const seeds = Array.from({ length: 100 }, () => calls.newSeed(5));
  assert.ok(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 5));
  assert.ok(new Set(seeds).size > 1);
});
