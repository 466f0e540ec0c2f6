import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, float16, grey, paint, smaller, tile } from "../../diffviz/ui/lib/pixels.js";

const base64 = (...values) => Buffer.from(Uint16Array.from(values).buffer).toString("base64");

test("bytes of base64", () => {
  assert.deepEqual([...bytes(Buffer.from([0, 127, 128, 255]).toString("base64"))], [0, 127, 128, 255]);
  assert.equal(bytes("").length, 0);
});

test("half floats: zeros, the least and greatest, subnormals, infinities, no number", () => {
  const cases = [
    [0x0000, 0], [0x8000, -0], [0x3c00, 1], [0xbc00, -1], [0x3555, 0.333251953125],
    [0x7bff, 65504], [0x0400, 2 ** -14], [0x0001, 2 ** -24], [0x03ff, 1023 * 2 ** -24],
    [0x7c00, Infinity], [0xfc00, -Infinity], [0x7e00, NaN],
  ];
  const values = float16(base64(...cases.map(([bits]) => bits)));
  cases.forEach(([bits, value], k) => assert.ok(Object.is(values[k], value), `${bits.toString(16)}: ${values[k]}`));
});

test("every half float rises with its bits", () => {
  const values = float16(base64(...Array.from({ length: 0x7c01 }, (_, bits) => bits)));
  assert.ok(values.every((value, k) => k === 0 || value > values[k - 1]));
});

test("grey levels are rounded to nearest and clipped", () => {
  assert.deepEqual([-1, 1, 0, -7, 7, -1 + 1 / 127.5].map(grey), [0, 255, 128, 0, 255, 1]);
});

test("pictures are made smaller by means of squares", () => {
  const two = new Uint8Array([0, 100, 8, 8, 50, 50, 8, 12, /* the next */ 4, 4, 1, 2, 4, 4, 2, 1]);
  assert.deepEqual([...smaller(two, [1, 2, 4], [1, 1, 2])], [50, 9, 4, 2]);
  assert.equal(smaller(two, [1, 2, 4], [1, 2, 4]), two);
});

test("a grey picture is painted in all three colours, and counted", () => {
  const canvas = document.createElement("canvas");
  paint(canvas, new Uint8Array([0, 100, 200, 255]), 1, 2, 2);
  assert.deepEqual([canvas.width, canvas.height], [2, 2]);
  assert.deepEqual(canvas.pixels, [0, 0, 0, 255, 100, 100, 100, 255, 200, 200, 200, 255, 255, 255, 255, 255]);
  assert.equal(canvas.dataset.frames, "1");
  paint(canvas, new Float32Array([-1, 0, 1, 3]), 1, 2, 2, grey);
  assert.deepEqual(canvas.pixels.filter((_, i) => i % 4 === 0), [0, 128, 255, 255]);
  assert.equal(canvas.dataset.frames, "2");
});

test("a coloured picture's planes come together", () => {
  const canvas = document.createElement("canvas");
  paint(canvas, new Uint8Array([1, 2, 3, 4, 5, 6]), 3, 1, 2);
  assert.deepEqual(canvas.pixels, [1, 3, 5, 255, 2, 4, 6, 255]);
});

test("pictures are tiled with a line between, in colour and where the last row is not full", () => {
  const two = tile(new Uint8Array([1, 2, 3, 4]), 2, 2, { channels: 1, height: 2, width: 1 });
  assert.deepEqual([two.height, two.width, [...two.planes]], [2, 3, [1, 128, 3, 2, 128, 4]]);
  const three = tile(new Uint8Array([1, 2, 3, 4, 5, 6]), 3, 2, { channels: 2, height: 1, width: 1 });
  assert.deepEqual([three.height, three.width], [3, 3]);
  assert.deepEqual([...three.planes], [1, 128, 3, 128, 128, 128, 5, 128, 128, 2, 128, 4, 128, 128, 128, 6, 128, 128]);
});
