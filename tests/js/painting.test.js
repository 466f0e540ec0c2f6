import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { painting } from "../../diffviz/ui/lib/painting.js";

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test("nothing is at rest while a change is not painted, as on a busy machine", async () => {
  const section = document.createElement("section");
  Object.defineProperty(section, "offsetParent", { value: document.body });
  let table = [1]; // made anew before a paint, as schedules are
  let last = 0;
  const rests = [];
  const { parts, change, now } = painting(section, { before: () => (table = new Array(last + 1).fill(1)) });
  parts.push({ update() {}, rest: () => rests.push(table[last].toFixed(3)) });
  const frames = [];
  const { requestAnimationFrame } = globalThis;
  globalThis.requestAnimationFrame = (callback) => frames.push(callback);
  change("schedule");
  now();
  last = 2000;
  change("schedule"); // and no frame comes for longer than a rest
  await wait(300);
  assert.deepEqual(rests, []);
  frames.at(-1)();
  await wait(300);
  assert.deepEqual(rests, ["1.000"]);
  globalThis.requestAnimationFrame = requestAnimationFrame;
});
