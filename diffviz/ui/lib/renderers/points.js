// Points in the plane: two little-endian float16 a sample, shown together as one scatter.

import { context2d, countPaint, halves } from "../pixels.js";

const REACH = 3; // of both axes, in each direction; media/points.py draws the same
const SIZE = 480; // pixels of the canvas
const SMALL = 120;

/** All of them.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} bytes the samples of one view, one after the other */
export function draw(canvas, bytes) {
  scatter(canvas, halves(bytes), SIZE, 1.5 + 20 / Math.sqrt(bytes.length));
}

/** The same in the small, for the run at a glance.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} bytes */
export function glimpse(canvas, bytes) {
  scatter(canvas, halves(bytes), SMALL, 1.5);
}

/** @param {HTMLCanvasElement} canvas @param {Float32Array} points @param {number} size @param {number} radius */
function scatter(canvas, points, size, radius) {
  if (canvas.width !== size || canvas.height !== size) canvas.width = canvas.height = size;
  const context = context2d(canvas);
  const { color } = getComputedStyle(canvas);
  context.clearRect(0, 0, size, size);
  context.lineWidth = 1;
  context.strokeStyle = color;
  context.globalAlpha = 0.2;
  context.strokeRect(0.5, 0.5, size - 1, size - 1);
  context.beginPath();
  for (const [x0, y0, x1, y1] of [[0, size / 2, size, size / 2], [size / 2, 0, size / 2, size]]) {
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
  }
  context.stroke();
  context.globalAlpha = 0.8;
  context.fillStyle = color;
  /** @param {number} value */
  const place = (value) => ((value / REACH + 1) / 2) * size;
  for (let i = 0; i < points.length; i += 2) {
    context.beginPath();
    context.arc(place(points[i]), size - place(points[i + 1]), radius, 0, 2 * Math.PI);
    context.fill();
  }
  countPaint(canvas);
}
