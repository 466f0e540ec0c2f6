// Latents: decoded pictures as they are, or the latents themselves, float16, as a linear map sees them.

import { halves } from "../pixels.js";
import * as picture from "./picture.js";

/** @typedef {{ count: number, columns: number, shape: number[], facts?: { preview?: number[][] } }} Sheet */

/** Whether the bytes are latents, which a decoder could make pictures of. @param {Uint8Array} bytes @param {{ count: number, shape: number[] }} sheet */
export function undecoded(bytes, { count, shape }) {
  return bytes.length !== count * shape.reduce((product, side) => product * side, 1);
}

/** @param {HTMLCanvasElement} canvas @param {Uint8Array} bytes @param {Sheet} sheet */
export function draw(canvas, bytes, sheet) {
  picture.draw(canvas, undecoded(bytes, sheet) ? previews(bytes, sheet) : bytes, sheet);
}

/** @param {HTMLCanvasElement} canvas @param {Uint8Array} bytes @param {Sheet} sheet */
export function glimpse(canvas, bytes, sheet) {
  const one = { ...sheet, count: 1 };
  const first = bytes.subarray(0, bytes.length / sheet.count);
  picture.glimpse(canvas, undecoded(first, one) ? previews(first, one) : first, one);
}

/**
 * Of each latent the fitted linear map, as large as its picture: bilinear between its pixels.
 * @param {Uint8Array} bytes @param {Sheet} sheet
 */
export function previews(bytes, { count, shape: [channels, height, width], facts }) {
  const table = facts?.preview ?? [];
  const z = halves(bytes);
  const depth = table[0].length - 1; // the latent's channels; the last weight is the constant
  const each = z.length / count;
  const small = Math.sqrt(each / depth / (height * width));
  const [h, w] = [Math.round(height * small), Math.round(width * small)];
  const [rows, columns] = [stops(height, h), stops(width, w)];
  const out = new Uint8Array(count * channels * height * width);
  const plane = new Float32Array(h * w);
  for (let i = 0, at = 0; i < count; i++)
    for (const weights of table) {
      plane.fill(weights[depth]);
      for (let k = 0; k < depth; k++)
        for (let p = 0; p < h * w; p++) plane[p] += weights[k] * z[i * each + k * h * w + p];
      for (const [top, bottom, down] of rows)
        for (const [left, right, across] of columns) {
          const above = plane[top * w + left] * (1 - across) + plane[top * w + right] * across;
          const below = plane[bottom * w + left] * (1 - across) + plane[bottom * w + right] * across;
          out[at++] = Math.min(255, Math.max(0, Math.round((above * (1 - down) + below * down + 1) * 127.5)));
        }
    }
  return out;
}

/** Of each of `many` pixels, between which two of `few` its middle lies, and how far. @param {number} many @param {number} few @returns {[number, number, number][]} */
function stops(many, few) {
  return Array.from({ length: many }, (_, i) => {
    const at = Math.min(few - 1, Math.max(0, ((i + 0.5) * few) / many - 0.5));
    return [Math.floor(at), Math.min(few - 1, Math.floor(at) + 1), at % 1];
  });
}
