// Which word made which pixel: how much each pixel looked each word up, over the pictures, at the
// player's step or in the mean of all. The run is made again for it, at a press.

import { make } from "../lib/dom.js";
import { context2d, tiled } from "../lib/pixels.js";
import { segments } from "../lib/segments.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { SampleState } from "./state.js" */
/** @import { LookedUp, SampleServer } from "./types.d.ts" */

const DARK = 0.82; // over what does not look the word up
const WHEN = { step: "At this step", mean: "Mean of all steps" };

/** canvas(): the first lane's pictures, which are shown below. @param {SampleState} state @param {LiveView<SampleServer>["trigger"]} trigger @param {() => HTMLCanvasElement | null} canvas */
export function wordsPanel(state, trigger, canvas) {
  const button = make("button", { type: "button", id: "sample-lookups", onclick: ask });
  const told = make("p", { className: "muted", role: "status" });
  const list = make("div", { className: "word-maps", role: "group", "aria-label": "Words, and where they are looked up" });
  const when = segments({ label: "When", labels: WHEN, onChoose: (chosen) => {
    mode = /** @type {keyof typeof WHEN} */ (chosen);
    state.change("words");
  } });
  const shown = make("div", { hidden: true }, when.root, list);
  const root = make("div", { className: "sample-words-panel", hidden: true }, button, told, shown);
  const over = make("canvas", { className: "word-over", "aria-hidden": "true", hidden: true });
  /** @type {keyof typeof WHEN} */
  let mode = "mean";
  /** @type {number | null} */
  let word = null; // that is looked at
  let kept = false; // it was pressed: it stays
  /** @type {HTMLButtonElement[]} */
  let buttons = [];

  function ask() {
    const { run } = state;
    if (!run) return;
    if (run.measuring === "words") {
      run.words = null;
      trigger("halt");
    } else {
      run.words = { labels: [], steps: [] };
      trigger("refer", { run: run.number, kind: "words" });
    }
    state.change("words");
  }

  /** @param {number | null} chosen @param {boolean} [stays] */
  function look(chosen, stays = false) {
    if (kept && !stays) return;
    kept = stays && !(kept && chosen === word);
    word = stays && !kept ? null : chosen;
    state.change("words");
  }

  /** @param {string[]} labels */
  function begin(labels) {
    word = null;
    kept = false;
    buttons = labels.map((label, k) =>
      make("button", {
        type: "button", onclick: () => look(k, true), onmouseenter: () => look(k), onmouseleave: () => look(null),
        onfocus: () => look(k), onblur: () => look(null),
      }, make("canvas", { "aria-hidden": "true" }), make("span", {}, label)));
    list.replaceChildren(...buttons);
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    const { run } = state;
    if (!run) return;
    const { words } = run;
    root.hidden = !run.start.lookups || !run.complete;
    button.disabled = ![null, "words"].includes(run.measuring);
    button.hidden = Boolean(words && words.steps.length > run.start.steps);
    button.textContent = run.measuring === "words" ? "Stop" : "Which word made which pixel";
    told.textContent = words ? progress(words, run.start.steps) : "";
    const labels = words?.labels ?? [];
    shown.hidden = !words?.steps.length;
    if (changed.has("run") || labels.length !== buttons.length) begin(labels);
    over.hidden = shown.hidden || word === null;
    if (!words?.steps.length) return;
    when.update(mode);
    const maps = mode === "mean" ? mean(words) : at(words, state.timeline.position);
    const [count, of, height, width] = words.steps[0].shape;
    buttons.forEach((one, k) => {
      one.setAttribute("aria-pressed", String(kept && k === word));
      const small = /** @type {HTMLCanvasElement} */ (one.firstChild);
      heat(small, maps.subarray(k * height * width, (k + 1) * height * width), height, width);
    });
    if (word !== null) lay(maps, word, count, of, height, width);
  }

  /** The word's maps over all samples. @param {Float32Array} maps @param {number} k @param {number} count @param {number} of @param {number} height @param {number} width */
  function lay(maps, k, count, of, height, width) {
    const below = canvas();
    if (!below || !state.run) return;
    if (over.parentElement !== below.parentElement) below.after(over);
    Object.assign(over, { width: below.width, height: below.height });
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = below;
    Object.assign(over.style, { left: `${offsetLeft}px`, top: `${offsetTop}px`, width: `${offsetWidth}px`, height: `${offsetHeight}px` });
    const context = context2d(over);
    const { columns, shape } = state.run.start;
    const small = make("canvas", { width, height });
    for (let i = 0; i < count; i++) {
      const from = (i * of + k) * height * width;
      shade(small, maps.subarray(from, from + height * width), height, width);
      const [left, top, across, down] = tiled(i, columns, shape);
      context.drawImage(small, left, top, across, down);
    }
  }

  return { root, update };
}

/** @param {LookedUp} words @param {number} steps */
function progress({ waiting, failed, steps: done }, steps) {
  if (failed) return failed;
  if (waiting) return `diffviz is busy: you are number ${waiting} in line.`;
  if (done.length <= steps) return `The run is made again and watched: step ${done.length} of ${steps} …`;
  return "Point at a word, or tab to it: bright is where the pixels look it up, dark where they do not. A press keeps it.";
}

/** The maps at a step. @param {LookedUp} words @param {number} position */
function at({ steps }, position) {
  const { maps, most } = steps[Math.min(position, steps.length - 1)];
  return Float32Array.from(maps, (level) => (level * most) / 255);
}

/** Of all steps, but the last, which has no evaluation of its own. @param {LookedUp} words */
export function mean({ steps }) {
  const own = steps.length > 1 ? steps.slice(0, -1) : steps;
  const sum = new Float32Array(own[0].maps.length);
  for (const { maps, most } of own) for (let i = 0; i < sum.length; i++) sum[i] += (maps[i] * most) / 255 / own.length;
  return sum;
}

/** From 0 at the least to 1 at the most of a map. @param {Float32Array} map */
function stretched(map) {
  const [low, high] = [Math.min(...map), Math.max(...map)];
  return map.map((value) => (value - low) / (high - low || 1));
}

/** A map in colours, from black through red and orange to white. @param {HTMLCanvasElement} canvas @param {Float32Array} map @param {number} height @param {number} width */
function heat(canvas, map, height, width) {
  fill(canvas, stretched(map), height, width, (v) => [Math.min(1, 2.2 * v), Math.max(0, Math.min(1, 1.9 * v - 0.55)), Math.max(0, 2.6 * v - 1.6), 1]);
}

/** Clear where a word is looked up, dark elsewhere. @param {HTMLCanvasElement} canvas @param {Float32Array} map @param {number} height @param {number} width */
function shade(canvas, map, height, width) {
  fill(canvas, stretched(map), height, width, (v) => [0.03, 0.04, 0.12, DARK * (1 - v)]);
}

/** @param {HTMLCanvasElement} canvas @param {Float32Array} values @param {number} height @param {number} width @param {(value: number) => number[]} colour red, green, blue and opacity, 0..1 */
function fill(canvas, values, height, width, colour) {
  Object.assign(canvas, { width, height });
  const image = context2d(canvas).createImageData(width, height);
  values.forEach((value, i) => image.data.set(colour(value).map((part) => Math.round(255 * part)), 4 * i));
  context2d(canvas).putImageData(image, 0, 0);
}
