// The result, frame by frame, with a divider between before and after; then all answers side by side.

import { make } from "../lib/dom.js";
import { bytes, paint } from "../lib/pixels.js";
import { segments } from "../lib/segments.js";
import { strip } from "../lib/strip.js";
import { digits } from "../lib/text.js";
import { Timeline } from "../lib/timeline.js";
import { transport } from "../lib/transport.js";
import { decoded, HINTS, VIEWS } from "../lib/views.js";

/** @import { Decoded, View } from "../lib/views.js" */
/** @import { EditMessage, End, Quality, Sent, Start } from "./types.d.ts" */
/** @typedef {Decoded & { index: number, t: number, evaluations: number, seconds: number }} Frame */

const SPEEDS = [2, 5, 10, 20];

export class Result {
  constructor() {
    /** @type {View} */
    this.view = "x";
    this.chosen = 0; // which of the results is shown large
    /** @type {Start | null} */
    this.start = null;
    /** @type {End | null} */
    this.end = null;
    /** @type {Frame[]} */
    this.frames = [];
    this.drawn = 0; // frames at the last look, for what is drawn once
    this.timeline = new Timeline({ onChange: () => this.draw() });

    this.after = make("canvas", { id: "edit-canvas", className: "picture", role: "img", "aria-label": "The result" });
    this.before = make("canvas", { id: "edit-before", className: "picture", role: "img", "aria-label": "Before" });
    this.divider = make("input", { type: "range", id: "edit-divider", className: "edit-divider", min: 0, max: 100, value: 0, step: 1, "aria-label": "Divider: before on the left, after on the right", oninput: () => this.divide() });
    this.stage = make("div", { className: "edit-stage" }, this.after, this.before, make("span", { className: "edit-line" }), this.divider);
    this.caption = make("p", { className: "number muted", id: "edit-caption" });
    this.views = segments({ label: "What is shown", labels: VIEWS, hints: HINTS, onChoose: (view) => this.show(/** @type {View} */ (view)) });
    this.choice = make("div", { className: "edit-choice", role: "group", "aria-label": "Results" });
    this.controls = transport(this.timeline, { label: "Step", steps: true, speeds: SPEEDS });
    this.glance = strip({ label: "The run at a glance", title: (position) => `Step ${position}`, go: (position) => this.timeline.hold(position) });
    this.answers = make("div", { id: "edit-answers", className: "edit-answers" });
    this.root = make("div", { className: "edit-result", hidden: true }, make("div", { className: "player-head" }, this.views.root, this.choice), this.stage, this.caption, this.controls.root, this.glance.root);
    this.divide();
  }

  /** A run has begun. @param {Start} start */
  begin(start) {
    Object.assign(this, { start, end: null, frames: [], chosen: Math.min(this.chosen, start.count - 1) });
    const [, height, width] = start.shape;
    this.root.hidden = false;
    this.stage.style.setProperty("--aspect", String(width / height));
    picture(this.before, start.degraded);
    this.choice.replaceChildren(...(start.count > 1 ? start.seeds.map((seed, k) => this.button(seed, k)) : []));
    this.glance.begin([...start.grid.map((t) => `t = ${t}`)]);
    this.timeline.begin(start.steps + 1);
    this.compare();
  }

  /** @param {number} seed @param {number} k */
  button(seed, k) {
    return make("button", { type: "button", onclick: () => ((this.chosen = k), this.draw(), this.compare()) }, `Seed ${seed}`);
  }

  /** @param {NonNullable<EditMessage["frame"]>} frame */
  add(frame) {
    this.frames[frame.index] = /** @type {Frame} */ (decoded(frame));
    this.timeline.arrive(this.frames.length);
  }

  /** @param {End} end */
  finish(end) {
    this.end = end;
    this.timeline.end();
    this.compare();
  }

  /** @param {View} view */
  show(view) {
    this.view = view;
    this.draw();
  }

  divide() {
    this.stage.style.setProperty("--divide", `${this.divider.value}%`);
  }

  /** The planes of the chosen result. @param {Frame} frame @param {View} [view] */
  planes(frame, view = this.view) {
    const size = /** @type {Start} */ (this.start).shape.reduce((product, side) => product * side, 1);
    return frame[view].subarray(this.chosen * size, (this.chosen + 1) * size);
  }

  draw() {
    this.controls.update();
    this.views.update(this.view);
    [...this.choice.children].forEach((one, k) => one.setAttribute("aria-pressed", String(k === this.chosen)));
    const { position } = this.timeline;
    const frame = this.frames[Math.min(position, this.frames.length - 1)];
    if (!frame || !this.start) return;
    const { shape, count } = this.start;
    paint(this.after, this.planes(frame), ...shape);
    Object.assign(this.after.dataset, { t: frame.t, index: frame.index });
    this.after.setAttribute("aria-label", `${VIEWS[this.view]} at t = ${frame.t}`);
    this.caption.textContent = `t = ${frame.t} · ${frame.evaluations} network evaluations${count > 1 ? " each" : ""} · ${frame.seconds.toFixed(1)} s`;
    this.glance.update(position, `${this.view} ${this.chosen}`, (place, canvas) => {
      const seen = this.frames[place];
      if (seen) paint(canvas, this.planes(seen), ...shape);
      return Boolean(seen);
    });
  }

  /** All answers side by side, and how good they are. */
  compare() {
    const { start, end, frames } = this;
    if (!start) return;
    /** @type {Node[]} */
    const parts = [figure("measured", "What was measured", start.degraded), figure("cheap", `Cheap: ${start.cheap.label}`, start.cheap, start.cheap)];
    if (end) {
      const [first, last] = [frames[0], frames[frames.length - 1]];
      if (first) parts.push(figure("look", "One look: x̂0 of the first step", { shape: start.shape, planes: this.planes(first, "x0") }, end.look, "the mean of all that it could be"));
      parts.push(figure("ours", start.count > 1 ? `Ours, seed ${start.seeds[this.chosen]}` : "Ours", { shape: start.shape, planes: this.planes(last, "x") }, end.ours, start.count > 1 ? "the figures are the mean over all" : ""));
    }
    if (start.original) parts.push(figure("original", "The original", start.original));
    if (end && start.count > 1) {
      parts.push(figure("mean", `Mean of ${start.count}`, end.mean, end.mean));
      parts.push(figure("spread", "Their spread", end.spread, undefined, `black: all agree; white: ± ${digits(end.spread.most)} grey levels`));
    }
    this.answers.replaceChildren(...parts);
  }
}

/** @param {HTMLCanvasElement} canvas @param {Sent | { shape: Start["shape"], planes: Uint8Array }} of */
function picture(canvas, of) {
  const [channels, height, width] = of.shape;
  paint(canvas, "planes" in of ? of.planes : bytes(of.levels), channels, height, width);
}

/** @param {string} name @param {string} title @param {Sent | { shape: Start["shape"], planes: Uint8Array }} of @param {Quality} [quality] @param {string} [more] */
function figure(name, title, of, quality, more = "") {
  const canvas = make("canvas", { className: "picture", role: "img", "aria-label": title });
  picture(canvas, of);
  const figures = quality ? [
    quality.psnr === null ? "" : `PSNR ${quality.psnr.toFixed(2)} dB`,
    quality.ssim === null ? "" : `SSIM ${quality.ssim.toFixed(3)}`,
    quality.distance === null ? "" : `A(x) ${quality.distance.toFixed(2)} levels from what was measured`,
  ].filter(Boolean) : [];
  const root = make("figure", {}, canvas, make("figcaption", {}, make("strong", {}, title), make("span", { className: "number muted" }, [more, ...figures].filter(Boolean).join(" · "))));
  root.dataset.answer = name;
  return root;
}
