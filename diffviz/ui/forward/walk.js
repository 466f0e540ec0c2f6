// The walk of a picture to t and back, frame by frame: four pictures, a player, a strip.

import { make } from "../lib/dom.js";
import { grey, paint } from "../lib/pixels.js";
import { segments } from "../lib/segments.js";
import { strip } from "../lib/strip.js";
import { digits } from "../lib/text.js";
import { Timeline } from "../lib/timeline.js";
import { transport } from "../lib/transport.js";
import { decoded } from "../lib/views.js";

/** @import { Levels } from "../lib/types.d.ts" */
/** @import { Decoded } from "../lib/views.js" */
/** @typedef {"back" | "invert"} Mode */
/** @typedef {Decoded & { lane: number, t: number }} Frame lane: 0 on the way there, 1 on the way back */

const VIEWS = /** @type {const} */ ({ x: "xₜ", x0: "x̂0" });
const FPS = 12;
const LABELS = {
  back: ["as the denoiser sees it", "noised to t", "on the way back", "brought back"],
  invert: ["as the denoiser sees it", "the noise that leads to it", "there and back", "come back"],
};

export class Walk {
  constructor() {
    /** @type {keyof typeof VIEWS} */
    this.view = "x0";
    /** @type {Mode} */
    this.mode = "back";
    /** @type {Frame[]} */
    this.frames = []; // of the way there, if any, and then of the way back
    this.steps = 0;
    /** @type {number[]} */
    this.shape = [1, 1, 1];
    this.timeline = new Timeline({ fps: FPS, onChange: () => this.draw() });

    this.picture = figure("picture");
    this.noisy = figure("noisy");
    this.way = figure("way");
    this.result = figure("result");
    this.figures = [this.picture, this.noisy, this.way, this.result];
    this.views = segments({
      label: "What is shown of the way",
      labels: VIEWS,
      onChoose: (view) => this.show(/** @type {keyof typeof VIEWS} */ (view)),
    });
    this.controls = transport(this.timeline, { label: "Step of the way" });
    this.glance = strip({
      label: "The way at a glance",
      title: (position) => `Frame ${position + 1}`,
      go: (position) => this.timeline.hold(position),
    });
    this.moving = make("div", { className: "back-transport" }, this.views.root, this.controls.root);
    this.root = make(
      "div",
      { id: "forward-back-player" },
      make("div", { className: "back-figures" }, ...this.figures.map(({ root }) => root)),
      this.moving,
      this.glance.root,
    );
    this.show(this.view);
  }

  /** Nothing but a picture's shape is known. @param {number[]} shape */
  clear(shape) {
    this.shape = shape;
    this.frames = [];
    this.steps = 0;
    this.timeline.begin(0);
    this.moving.hidden = this.glance.root.hidden = true;
    this.root.dataset.frames = "0";
    delete this.root.dataset.apart;
    for (const { canvas, fact } of [this.way, this.result]) {
      [canvas.height, canvas.width] = shape.slice(1);
      fact.textContent = "";
    }
    this.label("back");
  }

  /** @param {Mode} mode */
  label(mode) {
    this.mode = mode;
    this.figures.forEach(({ canvas, caption }, k) => {
      caption.textContent = [`x0, ${LABELS[mode][0]}`, `xₜ, ${LABELS[mode][1]}`, LABELS[mode][2], LABELS[mode][3]][k];
      canvas.setAttribute("aria-label", caption.textContent);
    });
  }

  /** x0 and x_t as numbers, planar. @param {Float32Array} x0 @param {Float32Array} x_t @param {number} t */
  begin(x0, x_t, t) {
    this.paint(this.picture, x0, grey);
    if (this.frames.length && this.mode === "invert") return; // x_t is the one that was found
    this.paint(this.noisy, x_t, grey);
    this.noisy.fact.textContent = `t = ${t}`;
  }

  /** A run begins, over a grid from t to 0. @param {number[]} grid @param {Mode} mode */
  expect(grid, mode) {
    this.steps = grid.length - 1;
    this.label(mode);
    const way = mode === "invert" ? [...grid].reverse().concat(grid) : grid;
    this.timeline.begin(way.length);
    this.glance.begin(way.map((t) => `t = ${t}`));
    this.moving.hidden = this.glance.root.hidden = false;
  }

  /** @param {{ lane: number, t: number, x: string, x0: string }} sent */
  add(sent) {
    const frame = decoded(sent);
    this.frames.push(frame);
    this.root.dataset.frames = String(this.frames.length);
    if (this.mode === "invert" && frame.lane === 0) {
      this.paint(this.noisy, frame.x);
      this.noisy.fact.textContent = `t = ${frame.t}`;
    }
    this.timeline.arrive(this.frames.length);
  }

  /** @param {number} apart how far the result is from the picture, root mean square @param {boolean} error the picture itself was to come back */
  finish(apart, error) {
    this.root.dataset.apart = String(apart);
    this.paint(this.result, this.frames[this.frames.length - 1].x);
    this.result.fact.textContent = error ? `error ${digits(apart)}` : `${digits(apart)} from x0`;
    this.timeline.end();
  }

  /** @param {keyof typeof VIEWS} view */
  show(view) {
    this.view = view;
    this.views.update(view);
    this.draw();
  }

  draw() {
    this.controls.update();
    const { position } = this.timeline;
    const frame = this.frames[position];
    if (!frame) return;
    this.paint(this.way, frame[this.view]);
    this.way.canvas.dataset.t = String(frame.t);
    const lane = this.mode === "back" ? "" : frame.lane ? " on the way back" : " on the way there";
    this.way.fact.textContent = `${VIEWS[this.view]} at t = ${frame.t}${lane}`;
    this.controls.scrubber.input.setAttribute("aria-valuetext", this.way.fact.textContent);
    this.glance.update(position, this.view, (at, canvas) => {
      if (this.frames[at]) this.paint({ canvas }, this.frames[at][this.view]);
      return Boolean(this.frames[at]);
    });
  }

  /** @param {{ canvas: HTMLCanvasElement }} figure @param {Levels} planes @param {(value: number) => number} [level] */
  paint({ canvas }, planes, level) {
    const [channels, height, width] = this.shape;
    paint(canvas, planes, channels, height, width, level);
  }
}

/** @param {string} name */
function figure(name) {
  const canvas = make("canvas", { id: `forward-back-${name}`, className: "picture", role: "img" });
  const caption = make("strong", {});
  const fact = make("span", { className: "number muted" });
  return { canvas, caption, fact, root: make("figure", {}, canvas, make("figcaption", {}, caption, fact)) };
}
