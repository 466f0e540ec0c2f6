// The picture that drowns: x_t = α_t·x0 + σ_t·ε on a canvas, at every frame of a drag.

import { make } from "../lib/dom.js";
import { answered } from "../lib/pictures.js";
import { bytes, context2d, float16, paint } from "../lib/pixels.js";
import { upload } from "../lib/upload.js";

/** @import { Contents, DenoiserFacts, ForwardServer, LoadAnswer, NoiseAnswer, Picture, Shown, Small } from "./types.d.ts" */

/** What `load` on the server answered, decoded: planar for the maths, in pixels' order to paint. @param {LoadAnswer} answer @returns {Picture} */
export function decodePicture(answer) {
  const { channels, height, width } = answer;
  const levels = bytes(answer.x0);
  const x0 = fromLevels(levels);
  return { ...answer, levels, x0, x0Pixels: interleave(x0, channels, height * width), ...noiseOf(answer, answer) };
}

/**
 * The same picture with the noise of an answer of the server's, which was asked for a denoiser that
 * sees as `sees`; what others see is to be asked for anew.
 * @param {Picture} picture
 * @param {NoiseAnswer} answer
 * @param {string} sees
 * @returns {Picture}
 */
export function withNoise(picture, answer, sees) {
  /** @param {string} name @param {Small} seen @returns {Small} */
  const renewed = (name, { shape, same, x0 }) => (name === sees && x0 ? { shape, same, x0, eps: answer.small_eps } : { shape, same });
  const small = Object.fromEntries(Object.entries(picture.small).map(([name, seen]) => [name, renewed(name, seen)]));
  return { ...picture, ...noiseOf(answer, picture), seed: answer.seed, small };
}

/** @param {{ eps: string }} answer @param {{ channels: number, height: number, width: number }} size */
function noiseOf(answer, { channels, height, width }) {
  const eps = float16(answer.eps);
  return { eps, epsPixels: interleave(eps, channels, height * width) };
}

/** @param {Uint8Array} levels */
const fromLevels = (levels) => Float32Array.from(levels, (level) => level / 127.5 - 1);

/**
 * x0 and ε as a denoiser sees them, planar; asked of the server where it was not yet.
 * @param {Picture} picture
 * @param {DenoiserFacts} denoiser
 * @param {ForwardServer} server
 */
export async function seenOf(picture, denoiser, server) {
  const seen = picture.small[denoiser.sees];
  if (seen.same) return { x0: picture.x0, eps: picture.eps };
  const { x0, eps } = await contents(picture, denoiser, server);
  return { x0: fromLevels(bytes(x0)), eps: float16(eps) };
}

/** @param {Picture} picture @param {DenoiserFacts} denoiser @param {ForwardServer} server @returns {Promise<Contents>} */
async function contents(picture, { name, sees }, server) {
  const { x0, eps } = picture.small[sees];
  if (x0 && eps) return { x0, eps };
  const asked = server.see({ ...(await whole(picture)), seed: picture.seed, denoiser: name });
  const answer = await answered(asked).catch((error) => {
    delete picture.upload; // it may be gone by now: the next request sends it again
    throw error;
  });
  Object.assign(picture.small[sees], answer);
  return answer;
}

/**
 * What a request says of the picture: its levels as a denoiser sees them, or, where that denoiser sees
 * the whole of it, what `whole` says.
 * @param {Picture} picture
 * @param {DenoiserFacts} denoiser
 * @param {ForwardServer} server
 * @returns {Promise<Shown>}
 */
export async function shownTo(picture, denoiser, server) {
  if (denoiser.any) return whole(picture);
  if (picture.small[denoiser.sees].same) return { small: base64(picture.levels) };
  return { small: (await contents(picture, denoiser, server)).x0 };
}

/** Its example's name, or where it was sent to. @param {Picture} picture */
export async function whole(picture) {
  const { levels, channels, height, width, example } = picture;
  if (example) return { picture: { example } };
  if (!picture.upload) {
    const canvas = make("canvas", {});
    paint(canvas, levels, channels, height, width);
    picture.upload = await upload(canvas);
  }
  return { picture: { upload: picture.upload } };
}

/** @param {Uint8Array} levels */
const base64 = (levels) => btoa(levels.reduce((text, level) => text + String.fromCharCode(level), ""));

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
