import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { arrowsChoose } from "../../diffviz/ui/lib/radios.js";

let radios;

beforeEach(() => {
  const page = document.createElement("fieldset");
  page.innerHTML = '<input type="radio" name="radio-1"><input type="radio" name="radio-2" disabled><input type="radio" name="radio-3">';
  document.body.replaceChildren(page);
  radios = [...page.children];
  arrowsChoose(page);
  radios[0].focus();
});

/** Whether the page scrolls, too. */
const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

test("arrows choose the next that can be chosen, around the end", () => {
  assert.equal(press("ArrowDown"), false);
  assert.deepEqual([document.activeElement === radios[2], radios[2].checked], [true, true]);
  press("ArrowRight");
  assert.equal(document.activeElement, radios[0]);
  press("ArrowUp");
  assert.equal(document.activeElement, radios[2]);
});

test("other keys, and a group that the browser knows as one, are left alone", () => {
  assert.equal(press("a"), true);
  for (const radio of radios) radio.name = "one";
  assert.equal(press("ArrowDown"), true);
  assert.equal(document.activeElement, radios[0]);
});
