// From numbers to pixels: decoding what the server sends, and painting it on a canvas.
//
// Pictures are planar, channel after channel (C, H, W) as in PyTorch, with values −1..1 for black
// to white; what lies outside is clipped, here as on the server.

/** @import { Levels, PictureShape } from "./types.d.ts" */

/** A base64 string as bytes. @param {string} base64 */
export function bytes(base64) {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

/** The other way. @param {Uint8Array} raw */
export function inBase64(raw) {
  let text = "";
  const most = 0x8000; // arguments of a call
  for (let i = 0; i < raw.length; i += most) text += String.fromCharCode(...raw.subarray(i, i + most));
  return btoa(text);
}

/** Little-endian float16 numbers from base64, each value exactly. @param {string} base64 */
export function float16(base64) {
  return halves(bytes(base64));
}

/** The same of the bytes themselves. @param {Uint8Array} raw */
export function halves(raw) {
  const half = new Uint16Array(raw.buffer, raw.byteOffset, raw.length >> 1);
  const out = new Float32Array(half.length);
  for (let i = 0; i < half.length; i++) out[i] = HALF_TO_FLOAT[half[i]];
  return out;
}

const HALF_TO_FLOAT = new Float32Array(65536).map((_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});

/** Pictures one after the other, (N, C, H, W), made smaller by a whole factor: means of squares.
 * @param {Uint8Array} levels @param {number[]} shape of each @param {number[]} least to which */
export function smaller(levels, [, height, width], [, h, w]) {
  if (h === height && w === width) return levels;
  const [down, across] = [height / h, width / w];
  const out = new Uint8Array(levels.length / (down * across));
  for (let k = 0; k < out.length; k++) {
    const [row, column] = [Math.floor(k / w) * down, (k % w) * across];
    let sum = 0;
    for (let i = 0; i < down; i++) for (let j = 0; j < across; j++) sum += levels[(row + i) * width + column + j];
    out[k] = Math.round(sum / (down * across));
  }
  return out;
}

/** A canvas to draw on; every browser that runs modules has one. @param {HTMLCanvasElement} canvas */
export function context2d(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/** −1..1 as a grey level 0..255, rounded to nearest. @param {number} value */
export function grey(value) {
  return Math.min(255, Math.max(0, Math.round((value + 1) * 127.5)));
}

/**
 * Paint grey levels (or, with `level`, any numbers through it) on a canvas at their own size; CSS
 * enlarges it.
 * @param {HTMLCanvasElement} canvas
 * @param {Levels} planes channels × height × width
 * @param {number} channels 1 or 3
 * @param {number} height
 * @param {number} width
 * @param {(value: number) => number} [level]
 */
export function paint(canvas, planes, channels, height, width, level = (v) => v) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = context2d(canvas);
  const image = context.createImageData(width, height);
  const { data } = image;
  const size = height * width;
  const [green, blue] = channels === 3 ? [size, 2 * size] : [0, 0];
  for (let i = 0, j = 0; i < size; i++, j += 4) {
    const red = level(planes[i]);
    data[j] = red;
    data[j + 1] = green ? level(planes[i + green]) : red;
    data[j + 2] = blue ? level(planes[i + blue]) : red;
    data[j + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  countPaint(canvas);
}

/** One more paint, for tools: `data-frames` of a canvas is how many there were. @param {HTMLCanvasElement} canvas */
export function countPaint(canvas) {
  canvas.dataset.frames = String(Number(canvas.dataset.frames ?? 0) + 1);
}

/**
 * Pictures in rows of `columns`, a line of mid-grey between, as planes of one sheet.
 * @param {Uint8Array} values count × channels × height × width
 * @param {number} count
 * @param {number} columns
 * @param {PictureShape} shape
 */
export function tile(values, count, columns, { channels, height, width }) {
  const sheetHeight = Math.ceil(count / columns) * (height + 1) - 1;
  const sheetWidth = columns * (width + 1) - 1;
  const planes = new Uint8Array(channels * sheetHeight * sheetWidth).fill(128);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++) {
        const from = ((i * channels + c) * height + y) * width;
        const row = Math.floor(i / columns) * (height + 1) + y;
        const to = (c * sheetHeight + row) * sheetWidth + (i % columns) * (width + 1);
        planes.set(values.subarray(from, from + width), to);
      }
  return { planes, height: sheetHeight, width: sheetWidth };
}

/** Where a picture lies on such a sheet: left, top, width and height. @param {number} index @param {number} columns @param {number[]} shape @returns {[number, number, number, number]} */
export function tiled(index, columns, [, height, width]) {
  return [(index % columns) * (width + 1), Math.floor(index / columns) * (height + 1), width, height];
}
