// A picture that this browser has, handed to its downloads as a PNG that says how it was made.

import { make } from "./dom.js";
import { withNote } from "./notes.js";
import { context2d } from "./pixels.js";

const KEPT = 1000; // ms for which the browser may take its time to read it

/** @param {HTMLCanvasElement} canvas @param {string} name @param {string} note in ASCII, or "" @param {number} [scale] pixels that each one becomes, both ways */
export async function savePng(canvas, name, note, scale = 1) {
  const larger = scale === 1 ? canvas : enlarged(canvas, scale);
  const blob = await new Promise((/** @type {BlobCallback} */ resolve) => larger.toBlob(resolve));
  if (!blob) return;
  const file = note ? withNote(new Uint8Array(await blob.arrayBuffer()), note) : blob;
  const link = make("a", { href: URL.createObjectURL(file), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}

/** @param {HTMLCanvasElement} canvas @param {number} scale */
function enlarged(canvas, scale) {
  const larger = make("canvas", { width: canvas.width * scale, height: canvas.height * scale });
  const context = context2d(larger);
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, larger.width, larger.height);
  return larger;
}
