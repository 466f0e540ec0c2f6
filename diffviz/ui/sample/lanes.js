// The pictures of a run: a canvas for each lane, with what it took so far.

import { make } from "../lib/dom.js";
import { explained } from "../lib/glossary.js";
import { counted } from "../lib/text.js";
import { rendererOf } from "../lib/renderer.js";
import { VIEWS } from "../lib/views.js";
import { sampleAt, seedOf } from "./one.js";

/** @import { SampleState } from "./state.js" */
/** @import { Frame, Lane, Start } from "./types.d.ts" */

const MANY = 4; // headings above which one lane takes more room

/** open(lane, index): a sample was pressed. @param {SampleState} state @param {(lane: number, index: number) => void} open */
export function lanesPanel(state, open) {
  const root = make("div", { className: "player-lanes" });
  /** @type {({ canvas: HTMLCanvasElement } & ReturnType<typeof captionOf>)[]} */
  let figures = [];

  /** @param {Start} start */
  function begin(start) {
    const { lanes, headings, columns, count, shape } = start;
    const [height, width] = shape.slice(-2); // of one sample; of points, as wide as high
    root.style.setProperty("--aspect", String(shape.length < 3 ? 1 : (columns * width) / (Math.ceil(count / columns) * height)));
    figures = lanes.map((_, i) => ({
      canvas: make("canvas", { className: "picture", role: "img", id: i ? `sample-canvas-${i + 1}` : "sample-canvas" }),
      ...captionOf(),
    }));
    root.replaceChildren(
      ...figures.map(({ canvas, caption }, lane) => {
        caption.append(letEnlarge(canvas, start, (index) => open(lane, index)));
        const above = make("div", { className: "player-headings" }, ...headings.map((heading) => make("span", {}, heading)));
        above.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
        return make("figure", {}, above, canvas, caption);
      }),
    );
    root.dataset.count = String(lanes.length);
    root.classList.toggle("wide", headings.length > MANY);
  }

  /** @param {Lane} lane @param {Frame} frame @param {number} k */
  function draw(lane, frame, k) {
    if (!state.run) return;
    const { canvas, label, asked, time, mark, fingerprint } = figures[k];
    rendererOf(state.run.start.renderer, () => state.change("view"))?.draw(canvas, frame[state.view], state.run.start);
    Object.assign(canvas.dataset, { t: frame.t, index: frame.index });
    canvas.setAttribute("aria-label", `${VIEWS[state.view]} at t = ${frame.t}, ${lane.label}`);
    label.textContent = lane.label;
    asked.textContent = counted(frame.evaluations, "evaluation");
    time.textContent = `${frame.seconds.toFixed(2)} s`;
    const done = frame.index === state.run.start.steps && lane.fingerprint;
    fingerprint.hidden = !done;
    mark.textContent = done || "";
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    if (!state.run) return;
    if (changed.has("run")) begin(state.run.start);
    state.run.lanes.forEach((lane, k) => {
      const frame = state.frame(lane);
      if (frame) draw(lane, frame, k);
    });
  }
  return {
    root,
    update,
    /** The first lane's pictures. */
    first: () => figures[0]?.canvas ?? null,
  };
}

/** Let a press on a sample enlarge it; by keyboard a button does. @param {HTMLCanvasElement} canvas @param {Start} start @param {(index: number) => void} open */
function letEnlarge(canvas, start, open) {
  /** @param {MouseEvent} event */
  const at = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return sampleAt(start, (clientX - left) / width, (clientY - top) / height);
  };
  canvas.addEventListener("click", (event) => {
    const index = at(event);
    if (index !== null) open(index);
  });
  canvas.addEventListener("pointermove", (event) => {
    const index = at(event);
    const seed = index === null ? null : seedOf(start, index);
    canvas.title = index === null ? "" : `Enlarge${seed === null ? "" : `: seed ${seed}`}`;
  });
  return make("button", { type: "button", className: "enlarge", onclick: () => open(0) }, "Enlarge");
}

/** What stands below a lane's pictures. */
export function captionOf() {
  const [label, asked, time, mark] = [make("strong", {}), make("span", {}), make("span", {}), make("code", {})];
  const fingerprint = make("span", { hidden: true }, explained("fingerprint", "fingerprint"), " ", mark);
  const caption = make("figcaption", { className: "number" }, label, explained("evaluations", asked), time, fingerprint);
  return { caption, label, asked, time, mark, fingerprint };
}
