// Of data on a line the whole process as one picture: x against t, p_t(x) as shade, paths over it.

import { make } from "../lib/dom.js";
import { context2d } from "../lib/pixels.js";
import { REACH } from "./stage.js";

/** @import { PlaneState } from "./state.js" */
/** @import { Level, Points } from "./types.d.ts" */

const SIZE = { width: 720, height: 300 };
const CELLS = { across: 180, up: 120 }; // of the shade
const SOFT = 0.7; // power by which shade falls with density, so that thin parts are seen
const MOST_PATHS = 300;
/** What changes all but where it stands. */
const ANEW = ["settings", "run", "learned", "chosen", "views", "size", "theme"];

/**
 * p_t(x) of a mixture of Gaussians of one width, all as heavy, at the middles of cells over −reach … reach.
 * @param {Points} means x, y of each @param {number} std @param {Level} level @param {number} cells @param {number} reach
 */
export function lineDensity(means, std, { a, s }, cells, reach) {
  const found = new Float64Array(cells);
  const cell = (2 * reach) / cells;
  // What is narrower than a cell would fall between cells.
  const variance = Math.max(s * s + a * a * std * std, (0.4 * cell) ** 2);
  const weight = 2 / (means.length * Math.sqrt(2 * Math.PI * variance));
  const wide = Math.ceil((6 * Math.sqrt(variance)) / cell);
  for (let k = 0; k < means.length; k += 2) {
    const mean = a * means[k];
    const middle = Math.floor((mean + reach) / cell);
    for (let i = Math.max(0, middle - wide); i <= Math.min(cells - 1, middle + wide); i++)
      found[i] += weight * Math.exp(-(((i + 0.5) * cell - reach - mean) ** 2) / (2 * variance));
  }
  return found;
}

/** @param {PlaneState} state */
export function linePanel(state) {
  const canvas = make("canvas", { id: "plane-line", className: "plane-line-canvas", role: "img", ...SIZE });
  const shade = make("canvas", { width: CELLS.across, height: CELLS.up });
  const still = make("canvas", { ...SIZE }); // all but the cursor
  const root = make("figure", { className: "plane-line", hidden: true }, canvas,
    make("figcaption", { className: "muted" }, "x against t: pₜ(x) as shade, in each column strongest where it is highest; from data on the left to noise on the right, and the ways that samples took back."));
  const { width, height } = SIZE;
  const across = (/** @type {number} */ t) => (t / state.schedule.T) * width;
  const up = (/** @type {number} */ x) => ((REACH - x) / (2 * REACH)) * height;

  /** @param {(name: string) => string} colour */
  function drawShade(colour) {
    const { mixture, schedule, kind } = state;
    if (!mixture) return;
    const means = mixture.means[kind] ?? mixture.means[0];
    const context = context2d(shade);
    const image = context.createImageData(CELLS.across, CELLS.up);
    context.fillStyle = colour("--dv-accent");
    const hex = String(context.fillStyle); // browsers write it as #rrggbb
    const rgb = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    for (let column = 0; column < CELLS.across; column++) {
      const t = Math.round(((column + 0.5) / CELLS.across) * schedule.T);
      const values = lineDensity(means, mixture.std, state.level(t), CELLS.up, REACH);
      const highest = Math.max(...values) || 1;
      for (let cell = 0; cell < CELLS.up; cell++) {
        const to = 4 * ((CELLS.up - 1 - cell) * CELLS.across + column);
        image.data.set(rgb, to);
        image.data[to + 3] = 170 * (values[cell] / highest) ** SOFT;
      }
    }
    context.putImageData(image, 0, 0);
  }

  /** @param {(name: string) => string} colour */
  function drawStill(colour) {
    drawShade(colour);
    const context = context2d(still);
    context.clearRect(0, 0, width, height);
    context.drawImage(shade, 0, 0, width, height);
    const states = state.lanes[0]?.states ?? [];
    const chosen = [...state.chosen];
    const some = Array(Math.min(MOST_PATHS, state.count)).keys();
    for (const [samples, name, wide, alpha] of /** @type {[Iterable<number>, string, number, number][]} */ ([[some, "--dv-ink", 0.8, 0.16], [chosen, "--dv-accent-2", 2.2, 1]])) {
      Object.assign(context, { strokeStyle: colour(name), lineWidth: wide, globalAlpha: alpha });
      for (const sample of samples) {
        context.beginPath();
        states.forEach((places, k) => context.lineTo(across(state.t[k]), up(places[2 * sample])));
        context.stroke();
      }
    }
    context.globalAlpha = 1;
  }

  /** @param {Set<string>} changes */
  function update(changes) {
    const { cloud } = state;
    root.hidden = !cloud?.line;
    if (!cloud?.line) return;
    const look = getComputedStyle(canvas);
    const colour = (/** @type {string} */ name) => look.getPropertyValue(name).trim() || "#888888";
    if (ANEW.some((name) => changes.has(name))) drawStill(colour);
    const context = context2d(canvas);
    context.clearRect(0, 0, width, height);
    context.drawImage(still, 0, 0);
    Object.assign(context, { strokeStyle: colour("--dv-accent-2"), fillStyle: colour("--dv-accent-2"), lineWidth: 2 });
    const at = across(state.time);
    context.beginPath();
    context.moveTo(at, 0);
    context.lineTo(at, height);
    context.stroke();
    const places = state.places();
    for (let i = 0; i < Math.min(places.length, 2 * MOST_PATHS); i += 2) context.fillRect(at - 2, up(places[i]) - 2, 4, 4);
    canvas.setAttribute("aria-label", `${cloud.classes.length ? "" : "Data on a line: "}how likely each x is at each t, with ${Math.min(MOST_PATHS, state.count)} paths; now at t = ${state.time}`);
    canvas.dataset.t = String(state.time);
  }
  return { root, update };
}
