import assert from "node:assert/strict";
import { test } from "node:test";

import { Mask } from "../../diffviz/ui/edit/mask.js";

/** @param {Mask} mask */
const rows = (mask) =>
  Array.from({ length: mask.height }, (_, y) => [...mask.bits.slice(y * mask.width, (y + 1) * mask.width)].join(""));

test("a rectangle takes the pixels whose middle it holds, whichever corner comes first", () => {
  const mask = new Mask(6, 4);
  mask.rectangle([4, 3], [1, 1], 1);
  assert.deepEqual(rows(mask), ["000000", "011100", "011100", "000000"]);
  mask.rectangle([2, 0], [3, 4], 0);
  assert.deepEqual(rows(mask), ["000000", "010100", "010100", "000000"]);
});

test("a stroke is round at its ends and stays within the picture", () => {
  const mask = new Mask(7, 5);
  mask.stroke([-3, 2.5], [3.5, 2.5], 1.2, 1);
  assert.deepEqual(rows(mask), ["0000000", "1111000", "1111100", "1111000", "0000000"]);
  assert.equal(mask.share, 13 / 35);
});

test("changes are undone and done again, one by one, and a new one ends what was undone", () => {
  const mask = new Mask(2, 1);
  mask.begin();
  mask.rectangle([0, 0], [1, 1], 1);
  mask.begin();
  mask.invert();
  assert.deepEqual(rows(mask), ["01"]);
  mask.undo();
  assert.deepEqual(rows(mask), ["10"]);
  mask.undo();
  mask.undo();
  assert.deepEqual(rows(mask), ["00"]);
  mask.redo();
  mask.redo();
  assert.deepEqual(rows(mask), ["01"]);
  mask.undo();
  mask.begin();
  mask.clear();
  mask.redo();
  assert.deepEqual(rows(mask), ["00"]);
});

test("bits are packed as NumPy unpacks them: the first pixel in the highest bit", () => {
  const mask = new Mask(5, 2);
  mask.bits.set([1, 0, 1, 0, 0, 0, 0, 1, 1, 1]);
  assert.deepEqual([...Buffer.from(mask.packed, "base64")], [0b10100001, 0b11000000]);
});
