import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { draw } from "../../diffviz/ui/lib/renderers/picture.js";

test("where the last row is not full, there is no picture", () => {
  const canvas = document.createElement("canvas");
  draw(canvas, new Uint8Array(3 * 4), { count: 3, columns: 2, shape: [1, 2, 2] });
  assert.deepEqual([canvas.width, canvas.height], [5, 5]);
  assert.deepEqual(canvas.cleared, [2, 2, 3, 3]);
  canvas.cleared = null;
  draw(canvas, new Uint8Array(4 * 4), { count: 4, columns: 2, shape: [1, 2, 2] });
  assert.equal(canvas.cleared, null);
});
