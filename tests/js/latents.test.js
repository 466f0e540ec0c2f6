import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { newest } from "../../diffviz/ui/lib/newest.js";
import { bytes, halves, inBase64 } from "../../diffviz/ui/lib/pixels.js";
import { previews, undecoded } from "../../diffviz/ui/lib/renderers/latent.js";
import { bytesOf } from "../../diffviz/ui/train/sheets.js";

const half = (...bits) => new Uint8Array(new Uint16Array(bits).buffer);
const [ZERO, ONE] = [0x0000, 0x3c00];

test("bytes go to base64 and back, many too", () => {
  const raw = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256);
  assert.deepEqual(bytes(inBase64(raw)), raw);
});

test("a latent is told from its picture by its length, and seen by a linear map", () => {
  const sheet = { count: 2, columns: 2, shape: [1, 4, 4], facts: { preview: [[2, -1, 0.5]] } };
  const z = half(ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ONE, ONE, ONE, ONE, ONE, ONE, ONE, ONE); // 2 channels of 2 × 2
  assert.equal(halves(z).length, 16);
  assert.equal(undecoded(z, sheet), false, "as many bytes as two pictures: lengths must differ");
  const large = { ...sheet, shape: [1, 8, 8] };
  assert.equal(undecoded(z, large), true);
  const seen = previews(z, large);
  assert.equal(seen.length, 2 * 64);
  assert.deepEqual([...new Set(seen.subarray(0, 64))], [Math.round(1.5 * 127.5)]);
  assert.deepEqual([...new Set(seen.subarray(64))], [255]); // 2 − 1 + 0.5
});

test("between a latent's pixels the preview is bilinear", () => {
  const sheet = { count: 1, columns: 1, shape: [1, 4, 4], facts: { preview: [[1, 0]] } };
  const row = previews(half(ZERO, ONE, ZERO, ONE), sheet).subarray(0, 4);
  assert.deepEqual([...row], [0, 0.25, 0.75, 1].map((v) => Math.round((v + 1) * 127.5)));
});

test("a sheet holds every step of each view, or latents of them and the results decoded", () => {
  const about = { shape: [3, 2, 1, 2, 2], views: ["x", "x0"], t: [2, 1, 0], labels: [] };
  const plain = Uint8Array.from({ length: 2 * 3 * 8 }, (_, i) => i);
  assert.deepEqual([...bytesOf(plain, about, "x0", 2)], [40, 41, 42, 43, 44, 45, 46, 47]);
  const latents = { ...about, undecoded: 4 };
  const content = Uint8Array.from({ length: 2 * 3 * 4 + 8 }, (_, i) => i);
  assert.deepEqual([...bytesOf(content, latents, "x", 1)], [4, 5, 6, 7]);
  assert.deepEqual([...bytesOf(content, latents, "x0", 0)], [12, 13, 14, 15]);
  for (const view of about.views) assert.deepEqual([...bytesOf(content, latents, view, 2)], [24, 25, 26, 27, 28, 29, 30, 31]);
});

test("while one question is under way only the newest of the others is asked after it", async () => {
  const asked = [];
  const shown = [];
  const answers = [];
  const want = newest(
    (request) => {
      asked.push(request);
      return new Promise((resolve, reject) => answers.push({ resolve, reject }));
    },
    (answer, request) => shown.push([request, answer.error ?? answer.value]),
  );
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  for (const request of [1, 2, 3]) want(request);
  assert.deepEqual(asked, [1]);
  answers[0].resolve({ value: "a" });
  await turn();
  assert.deepEqual(asked, [1, 3]);
  answers[1].reject(new Error("gone"));
  await turn();
  assert.deepEqual(shown[0], [1, "a"]);
  assert.match(shown[1][1], /does not answer/);
  want(0); // which is falsy
  assert.deepEqual(asked, [1, 3, 0]);
});
