import { window } from "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { figureFormats, takeAway } from "../../diffviz/ui/lib/takeaway.js";

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("a file is asked for once, and handed to the downloads under its name", async () => {
  const asked = [];
  const got = [];
  window.HTMLAnchorElement.prototype.click = function () { got.push(this.download); };
  URL.createObjectURL = (blob) => (got.push(blob.type), "blob:here");
  let answer;
  const root = takeAway(figureFormats("Figure"), (...request) => (asked.push(request), new Promise((resolve) => (answer = resolve))));
  const [choice, button, status] = root.querySelectorAll("select, button, [role=status]");
  assert.deepEqual([...choice.options].map(({ text }) => text), ["Figure (PNG)", "Figure (SVG)", "Figure (PDF)"]);
  choice.value = "figure-svg";
  button.click();
  button.click(); // while it is being made
  assert.deepEqual(asked, [["figure-svg", "light"]]);
  assert.equal(status.textContent, "Making the Figure (SVG) …");
  answer({ name: "a.svg", type: "image/svg+xml", content: btoa("<svg/>") });
  await settled();
  assert.deepEqual(got, ["image/svg+xml", "a.svg"]);
  assert.deepEqual([button.disabled, status.textContent], [false, ""]);
  document.body.classList.add("dark");
  button.click();
  assert.equal(asked[1][1], "dark");
  answer({ error: "Many files are being made just now." });
  await settled();
  assert.equal(status.textContent, "Many files are being made just now.");
  assert.equal(got.length, 2);
});
