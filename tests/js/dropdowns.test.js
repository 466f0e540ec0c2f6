import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openWhenAsked } from "../../diffviz/ui/lib/dropdowns.js";

let keys, input, page;

beforeEach(() => {
  keys = [];
  page = document.createElement("div");
  page.innerHTML = '<button></button><input role="combobox"><input>';
  document.body.replaceChildren(page);
  openWhenAsked(page);
  input = page.querySelector("[role=combobox]");
  input.addEventListener("keydown", ({ key }) => keys.push(key));
});

const later = () => new Promise((resolve) => setTimeout(resolve));
const press = (key) => page.firstChild.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));

test("who comes by Tab finds a dropdown closed", async () => {
  press("Tab");
  input.focus();
  await later();
  assert.deepEqual(keys, ["Escape"]);
});

test("who clicks, or comes by another key, finds it as Gradio has it", async () => {
  press("Tab");
  page.dispatchEvent(new Event("pointerdown"));
  input.focus();
  await later();
  assert.deepEqual(keys, []);
  input.blur();
  press("a");
  input.focus();
  await later();
  assert.deepEqual(keys, []);
});

test("other fields are left alone", async () => {
  let heard = 0;
  page.lastChild.addEventListener("keydown", () => (heard += 1));
  press("Tab");
  page.lastChild.focus();
  await later();
  assert.equal(heard, 0);
});

test("who chooses stays there, and finds it closed", async () => {
  input.addEventListener("keydown", ({ key }) => key === "Enter" && input.blur());
  input.focus();
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.equal(document.activeElement, input);
  assert.deepEqual(keys, ["Enter", "Escape"]);
});

test("who leaves by Tab does not open it behind", async () => {
  input.focus();
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Tab", bubbles: true }));
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  await later();
  assert.deepEqual(keys, ["ArrowDown"]);
});
