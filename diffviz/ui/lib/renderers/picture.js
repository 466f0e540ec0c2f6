// Pictures: grey levels (C, H, W) a sample, shown side by side on one sheet.

import { context2d, paint, tile } from "../pixels.js";

/** All of them, a line of mid-grey between.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} bytes the samples of one view, one after the other
 * @param {{ count: number, columns: number, shape: number[] }} sheet */
export function draw(canvas, bytes, { count, columns, shape: [channels, height, width] }) {
  const sheet = tile(bytes, count, columns, { channels, height, width });
  paint(canvas, sheet.planes, channels, sheet.height, sheet.width);
  const empty = columns * Math.ceil(count / columns) - count;
  if (!empty || count < columns) return;
  // No picture is where there is none: the last row ends with its last one.
  const left = (columns - empty) * (width + 1) - 1;
  context2d(canvas).clearRect(left, sheet.height - height - 1, sheet.width - left, height + 1);
}

/** The first alone, for the run at a glance. @type {typeof draw} */
export function glimpse(canvas, bytes, { shape: [channels, height, width] }) {
  paint(canvas, bytes.subarray(0, channels * height * width), channels, height, width);
}
