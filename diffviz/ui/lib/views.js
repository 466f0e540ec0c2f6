// The views of a step: what a frame shows of it.

import { bytes } from "./pixels.js";

/** @typedef {"x" | "x0" | "eps"} View */
/** @typedef {Record<View, Uint8Array>} Decoded */

export const VIEWS = /** @type {const} */ ({ x: "xₜ", x0: "x̂0", eps: "ε̂" });
export const HINTS = {
  x: "the noisy picture, before this step",
  x0: "the picture that the network sees in it",
  eps: "the noise that the network sees in it",
};

/** A frame with its views decoded. @template {object} Frame @param {Frame} frame @returns {Omit<Frame, View> & Decoded} */
export function decoded(frame) {
  const views = Object.entries(frame).filter(([name]) => name in VIEWS);
  const planes = Object.fromEntries(views.map(([name, base64]) => [name, bytes(/** @type {string} */ (base64))]));
  return /** @type {any} */ (Object.assign({}, frame, planes));
}
