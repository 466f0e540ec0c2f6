// Where pictures come from: what this browser cannot open, and the server neither, is said at once.

import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { picturesPanel } from "../../diffviz/ui/lib/pictures.js";

const FACTS = { examples: [], side: 256, maxBytes: 1000 };
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

test("a HEIC picture is told by its header, however large it is", async () => {
  const asked = [];
  const { root } = picturesPanel("edit", FACTS, async (wanted) => asked.push(wanted), () => {});
  const [file, error] = [root.querySelector("input[type=file]"), root.querySelector("[role=alert]")];
  const open = async (...parts) => {
    Object.defineProperty(file, "files", { value: [new Blob(parts)], configurable: true });
    file.dispatchEvent(new Event("change"));
    await settled();
  };
  for (const header of ["\0\0\0\x18ftypheic\0\0\0\0mif1heic", "\0\0\0\x18ftypmif1\0\0\0\0mif1heic"])
    for (const rest of ["", "a".repeat(5000)]) {
      await open(header, rest);
      assert.match(error.textContent, /HEIC picture.*save it as JPEG or PNG/);
      assert.ok(!error.hidden && !asked.length);
    }
  await open("a".repeat(5000));
  assert.match(error.textContent, /too large: at most 10 MB/);
  const coming = open("what the server may know");
  assert.ok(error.hidden, "while another file is looked at");
  await coming;
  assert.ok(error.hidden);
  assert.equal(asked.length, 1);
});

test("what takes long is told of while it does", async () => {
  const answers = [];
  const { root, load } = picturesPanel("edit", FACTS, () => new Promise((resolve) => answers.push(resolve)), () => {});
  const told = () => root.querySelector(".pictures-opening").textContent;
  const first = load("one");
  assert.equal(told(), "", "not at once");
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.match(told(), /Opening/);
  const second = load("another");
  answers[0]({});
  await first;
  answers[1]({});
  await second;
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(told(), "", "nor after it");
});
