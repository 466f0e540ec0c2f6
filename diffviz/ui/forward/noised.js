// The picture that drowns: x_t = α_t·x0 + σ_t·ε on a canvas, at every frame of a drag.

import { bytes, context2d, float16 } from "../lib/pixels.js";

/** @import { LoadAnswer, NoiseAnswer, Picture, Small } from "./types.d.ts" */

/** What `load` on the server answered, decoded: planar for the maths, in pixels' order to paint. @param {LoadAnswer} answer @returns {Picture} */
export function decodePicture(answer) {
  const { channels, height, width } = answer;
  const x0 = Float32Array.from(bytes(answer.x0), (level) => level / 127.5 - 1);
  const picture = { ...answer, x0, x0Pixels: interleave(x0, channels, height * width) };
  return withNoise(picture, answer);
}

/**
 * The same picture with the noise of an answer of the server's.
 * @param {Omit<Picture, "eps" | "epsPixels">} picture
 * @param {NoiseAnswer | LoadAnswer} answer
 * @returns {Picture}
 */
export function withNoise(picture, { seed, eps: base64, small: ofSmall }) {
  const eps = float16(base64);
  /** @param {Small | string} noise */
  const of = (noise) => (typeof noise === "string" ? noise : noise.eps);
  const small = Object.fromEntries(Object.entries(picture.small).map(([name, seen]) => [name, { ...seen, eps: of(ofSmall[name]) }]));
  const epsPixels = interleave(eps, picture.channels, picture.height * picture.width);
  return { ...picture, seed, eps, epsPixels, small };
}

/** (C, H, W) → (H, W, C). @param {Float32Array} planes @param {number} channels @param {number} size */
function interleave(planes, channels, size) {
  if (channels === 1) return planes;
  const out = new Float32Array(planes.length);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < channels; c++) out[i * channels + c] = planes[c * size + i];
  }
  return out;
}

/** Paints one canvas, allocating nothing between two pictures. */
export class Painter {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = context2d(canvas);
    this.image = this.context.createImageData(1, 1);
    this.channels = 1;
    /** @type {Float32Array} */
    this.x0 = new Float32Array(1);
    /** @type {Float32Array} */
    this.eps = new Float32Array(1);
  }

  /** stride: paint each stride-th pixel of each stride-th row alone, for thumbnails. @param {Picture} picture @param {number} [stride] */
  setPicture(picture, stride = 1) {
    const width = Math.ceil(picture.width / stride);
    const height = Math.ceil(picture.height / stride);
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = this.context.createImageData(width, height);
    this.image.data.fill(255);
    this.channels = picture.channels;
    this.x0 = thin(picture.x0Pixels, picture, stride);
    this.eps = thin(picture.epsPixels, picture, stride);
  }

  /** Draw a·x0 + s·ε as grey levels round((v + 1)·127.5); the array clips and rounds by itself. @param {number} a @param {number} s */
  paint(a, s) {
    const { x0, eps } = this;
    const { data } = this.image;
    const A = a * 127.5;
    const S = s * 127.5;
    if (this.channels === 1) {
      for (let i = 0, j = 0; i < x0.length; i++, j += 4) {
        data[j] = A * x0[i] + S * eps[i] + 127.5;
        data[j + 1] = data[j];
        data[j + 2] = data[j];
      }
    } else {
      for (let i = 0, j = 0; i < x0.length; i += 3, j += 4) {
        data[j] = A * x0[i] + S * eps[i] + 127.5;
        data[j + 1] = A * x0[i + 1] + S * eps[i + 1] + 127.5;
        data[j + 2] = A * x0[i + 2] + S * eps[i + 2] + 127.5;
      }
    }
    this.context.putImageData(this.image, 0, 0);
  }
}

/** @param {Float32Array} pixels @param {Picture} picture @param {number} stride */
function thin(pixels, { channels, height, width }, stride) {
  if (stride === 1) return pixels;
  const kept = [];
  for (let y = 0; y < height; y += stride) {
    for (let x = 0; x < width; x += stride) {
      for (let c = 0; c < channels; c++) kept.push(pixels[(y * width + x) * channels + c]);
    }
  }
  return Float32Array.from(kept);
}

/** Counts of each stride-th a·x0 + s·ε in equal bins from −range to range, none of those outside.
 * @param {Picture} picture @param {number} a @param {number} s @param {number} range @param {Uint32Array} counts @param {number} stride */
export function countValues({ x0, eps }, a, s, range, counts, stride) {
  counts.fill(0);
  const scale = counts.length / (2 * range);
  const A = a * scale;
  const S = s * scale;
  const middle = counts.length / 2;
  for (let i = 0; i < x0.length; i += stride) {
    const bin = Math.floor(A * x0[i] + S * eps[i] + middle);
    if (bin >= 0 && bin < counts.length) counts[bin]++;
  }
  return counts;
}
