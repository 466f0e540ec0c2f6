// What draws samples of a medium: the modules in renderers/, by the names that the server gives them.

import * as latent from "./renderers/latent.js";
import * as picture from "./renderers/picture.js";

/**
 * @typedef {object} Renderer
 * @property {(canvas: HTMLCanvasElement, bytes: Uint8Array, sheet: Sheet) => void} draw all samples of one view
 * @property {(canvas: HTMLCanvasElement, bytes: Uint8Array, sheet: Sheet) => void} glimpse the first, or all in the small
 */
/** @typedef {{ count: number, columns: number, shape: number[], facts?: { preview?: number[][] } }} Sheet samples, in rows of so many, each of that shape; facts: what else there is to know of them */

/** @type {Map<string, Renderer>} */
const loaded = new Map([["picture", picture], ["latent", latent]]);

/** The renderer of that name, or null while it is on its way; `ready` is then called. @param {string} [name] @param {() => void} [ready] */
export function rendererOf(name = "picture", ready = () => {}) {
  if (!loaded.has(name))
    import(`./renderers/${name}.js`).then((module) => {
      loaded.set(name, module);
      ready();
    });
  return loaded.get(name) ?? null;
}
