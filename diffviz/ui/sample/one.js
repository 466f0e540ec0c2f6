// One sample of a run by itself: enlarged, with its own seed, saved alone. A press on the pictures
// opens it.

import { make } from "../lib/dom.js";
import { rendererOf } from "../lib/renderer.js";
import { savePng } from "../lib/save.js";
import { VIEWS } from "../lib/views.js";

/** @import { SampleState } from "./state.js" */
/** @import { Lane, Start } from "./types.d.ts" */

const SCALE = 8; // pixels in the file for each of a sample's

/** @param {SampleState} state */
export function onePanel(state) {
  const canvas = make("canvas", { className: "picture", role: "img" });
  const told = make("p", { className: "number", "aria-live": "polite" });
  /** @param {string} text @param {string} id @param {() => void} onclick */
  const button = (text, id, onclick) => make("button", { type: "button", id, onclick }, text);
  const before = button("‹ Before", "sample-one-before", () => go(-1));
  const next = button("Next ›", "sample-one-next", () => go(1));
  const keep = button("Save as PNG", "sample-one-save", save);
  const close = button("Close", "sample-one-close", () => root.close());
  const root = make("dialog", { id: "sample-one", "aria-label": "One sample" }, canvas, told,
    make("div", { className: "sample-one-buttons" }, before, next, keep, close));
  root.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) go(by);
  });
  root.addEventListener("click", (event) => event.target === root && root.close()); // beside it
  let lane = 0;
  let index = 0;

  /** @param {number} ofLane @param {number} sample */
  function open(ofLane, sample) {
    [lane, index] = [ofLane, sample];
    root.showModal();
    draw();
  }

  /** @param {number} by */
  function go(by) {
    const count = state.run?.start.count ?? 1;
    index = (index + by + count) % count;
    draw();
  }

  function draw() {
    const { run } = state;
    const shown = run?.lanes[lane];
    const frame = shown && state.frame(shown);
    if (!run || !shown || !frame) return root.close();
    const { start } = run;
    index = Math.min(index, start.count - 1);
    const planes = frame[state.view];
    const size = planes.length / start.count;
    rendererOf(start.renderer, draw)?.draw(canvas, planes.subarray(index * size, (index + 1) * size), { ...start, count: 1, columns: 1 });
    told.textContent = said(start, shown, index, `${VIEWS[state.view]} at t = ${frame.t}`);
    canvas.setAttribute("aria-label", told.textContent);
    before.hidden = next.hidden = start.count < 2;
  }

  function save() {
    const { run } = state;
    if (!run) return;
    const { start } = run;
    const seed = seedOf(start, index);
    const name = ["diffviz", start.denoiser.replace(/\W+/g, "-"), ...(seed === null ? [] : ["seed", seed])].join("-");
    savePng(canvas, `${name}.png`, noteOf(start, index), SCALE);
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    if (root.open && changed.has("run")) root.close();
    else if (root.open) draw();
  }
  return { root, update, open };
}

/** The sample of a sheet that lies at a share of its width and height, or null where none does. @param {Start} start @param {number} across @param {number} down */
export function sampleAt({ count, columns }, across, down) {
  const row = Math.floor(down * Math.ceil(count / columns));
  const index = row * columns + Math.floor(across * columns);
  return index >= 0 && index < count ? index : null;
}

/** The seed that makes a sample by itself, or null where it depends on the others. @param {Start} start @param {number} index @returns {number | null} */
export function seedOf(start, index) {
  const note = noteOf(start, index);
  return note ? JSON.parse(note).settings.seed : null;
}

/** What its file says. @param {Start} start @param {number} index */
function noteOf({ notes = [] }, index) {
  return notes[index] ?? "";
}

/** @param {Start} start @param {Lane} lane @param {number} index @param {string} when */
function said(start, { label }, index, when) {
  const seed = seedOf(start, index);
  const heading = start.headings[index % start.columns];
  return [`${index + 1} of ${start.count}`, ...(seed === null ? [] : [`seed ${seed}`]), ...(heading ? [heading] : []), label, when].join(" · ");
}
