// What experiments draw: pictures, clouds of points, and what stands below them.

import { make } from "../lib/dom.js";
import { bytes, float16, grey, paint } from "../lib/pixels.js";
import { draw } from "../lib/renderers/points.js";

/** @import { Levels } from "../lib/types.d.ts" */

/** A picture with what it is. @param {string} label @param {string} [kind] */
export function figure(label, kind = "picture") {
  const canvas = make("canvas", { className: kind, role: "img", "aria-label": label });
  const caption = make("figcaption", {}, label);
  const root = make("figure", {}, canvas, caption);
  return {
    root,
    canvas,
    /** @param {string} text */
    tell(text) {
      caption.textContent = text;
      canvas.setAttribute("aria-label", text);
    },
  };
}

/** Figures side by side. @param {{ root: HTMLElement }[]} figures */
export const row = (figures) => make("div", { className: "learn-figures" }, ...figures.map(({ root }) => root));

/** Values in −1..1 as a picture. @param {HTMLCanvasElement} canvas @param {Levels} values @param {number[]} shape @param {number} [scale] what they are divided by, to be seen */
export function picture(canvas, values, [channels, height, width], scale = 1) {
  paint(canvas, values, channels, height, width, (value) => grey(value / scale));
}

/** Numbers as the server sends them. @param {string} base64 */
export const numbers = float16;

/** Points as the server sends them. @param {HTMLCanvasElement} canvas @param {string} base64 */
export function cloud(canvas, base64) {
  draw(canvas, bytes(base64));
}

/** @param {string} label @param {() => void} onclick */
export function button(label, onclick) {
  return make("button", { type: "button", className: "primary", onclick }, label);
}
