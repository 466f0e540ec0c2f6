// The walk of a picture to t and back, frame by frame: four pictures, a scrubber, a strip.

import { make } from "../lib/dom.js";
import { bytes, grey, paint } from "../lib/pixels.js";
import { digits } from "../lib/text.js";

const VIEWS = { x: "xₜ", x0: "x̂0" };
const STRIP = 9;
const FPS = 12;
const LABELS = {
  back: ["as the denoiser sees it", "noised to t", "on the way back", "brought back"],
  invert: ["as the denoiser sees it", "the noise that leads to it", "there and back", "come back"],
};

export class Walk {
  constructor() {
    this.view = "x0";
    this.frames = []; // of the way there, if any, and then of the way back
    this.position = 0;
    this.playing = null;
    this.shape = [1, 1, 1];
    this.mode = "back";
    this.build();
  }

  build() {
    this.figures = ["picture", "noisy", "way", "result"].map((name) => {
      const canvas = make("canvas", { id: `forward-back-${name}`, className: "picture", role: "img" });
      const caption = make("strong", {});
      const fact = make("span", { className: "number muted" });
      return { canvas, caption, fact, root: make("figure", {}, canvas, make("figcaption", {}, caption, fact)) };
    });
    [this.picture, this.noisy, this.way, this.result] = this.figures;
    this.play = make("button", { type: "button", className: "round", title: "Play or pause" });
    this.play.onclick = () => (this.playing ? this.pause() : this.start());
    this.scrubber = make("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "Step of the way" });
    this.scrubber.oninput = () => this.hold(Number(this.scrubber.value));
    this.views = make("div", { className: "segments", role: "group", "aria-label": "What is shown of the way" });
    for (const [name, label] of Object.entries(VIEWS)) {
      const button = make("button", { type: "button", textContent: label });
      button.dataset.view = name;
      button.onclick = () => this.show(name);
      this.views.append(button);
    }
    this.strip = make("div", { className: "player-strip", role: "group", "aria-label": "The way at a glance" });
    this.transport = make("div", { className: "back-transport" }, this.views, this.play, this.scrubber);
    this.root = make("div", { id: "forward-back-player" }, make("div", { className: "back-figures" }, ...this.figures.map(({ root }) => root)), this.transport, this.strip);
    this.pause();
    this.show(this.view);
  }

  /** Nothing but a picture's shape is known. */
  clear(shape) {
    this.pause();
    this.shape = shape;
    this.frames = [];
    this.position = 0;
    this.held = false;
    this.steps = 0;
    this.transport.hidden = this.strip.hidden = true;
    this.root.dataset.frames = 0;
    delete this.root.dataset.apart;
    for (const { canvas, fact } of [this.way, this.result]) {
      [canvas.height, canvas.width] = shape.slice(1);
      fact.textContent = "";
    }
    this.label("back");
  }

  label(mode) {
    this.mode = mode;
    this.figures.forEach(({ canvas, caption }, k) => {
      caption.textContent = ["x0", "xₜ", "", ""][k];
      if (caption.textContent) caption.append(", ");
      caption.append(LABELS[mode][k]);
      canvas.setAttribute("aria-label", caption.textContent);
    });
  }

  /** x0 and x_t as numbers, planar. */
  begin(x0, x_t, t) {
    this.paint(this.picture, x0, grey);
    if (this.frames.length && this.mode === "invert") return; // x_t is the one that was found
    this.paint(this.noisy, x_t, grey);
    this.noisy.fact.textContent = `t = ${t}`;
  }

  expect(steps, mode) {
    this.steps = steps;
    this.label(mode);
    this.total = mode === "invert" ? 2 * steps + 2 : steps + 1;
    this.scrubber.max = this.total - 1;
    this.transport.hidden = this.strip.hidden = false;
    this.stops = Array.from({ length: Math.min(STRIP, this.total) }, (_, k, count = Math.min(STRIP, this.total)) => Math.round((k * (this.total - 1)) / Math.max(1, count - 1)));
    this.strip.replaceChildren(...this.stops.map((at) => make("button", { type: "button", title: `Frame ${at + 1}`, onclick: () => this.hold(at) }, make("canvas", { className: "picture" }), make("span", { className: "number muted" }))));
  }

  add(frame) {
    for (const name of Object.keys(VIEWS)) frame[name] = bytes(frame[name]);
    this.frames.push(frame);
    this.root.dataset.frames = this.frames.length;
    if (this.mode === "invert" && frame.lane === 0) {
      this.paint(this.noisy, frame.x);
      this.noisy.fact.textContent = `t = ${frame.t}`;
    }
    if (!this.held) this.position = this.frames.length - 1;
    this.draw();
  }

  /** apart: how far the result is from the picture, root mean square. */
  finish(apart) {
    this.root.dataset.apart = apart;
    this.paint(this.result, this.frames.at(-1).x);
    this.result.fact.textContent = this.mode === "invert" ? `error ${digits(apart)}` : `${digits(apart)} from x0`;
    this.draw();
  }

  hold(position) {
    this.pause();
    this.held = true;
    this.position = Math.min(position, this.frames.length - 1);
    this.draw();
  }

  start() {
    this.held = true;
    if (this.position >= this.frames.length - 1) this.position = 0;
    this.playing = setInterval(() => {
      this.position = Math.min(this.position + 1, this.frames.length - 1);
      this.draw();
      if (this.position === this.total - 1) this.pause();
    }, 1000 / FPS);
    this.play.textContent = "❚❚";
    this.play.setAttribute("aria-label", "Pause");
  }

  pause() {
    clearInterval(this.playing);
    this.playing = null;
    this.play.textContent = "▶";
    this.play.setAttribute("aria-label", "Play");
  }

  show(view) {
    this.view = view;
    for (const button of this.views.children) button.setAttribute("aria-pressed", button.dataset.view === view);
    this.draw();
  }

  draw() {
    const frame = this.frames[this.position];
    if (!frame) return;
    this.scrubber.value = this.position;
    this.paint(this.way, frame[this.view]);
    this.way.canvas.dataset.t = frame.t;
    const way = this.mode === "back" ? "" : frame.lane ? " on the way back" : " on the way there";
    this.way.fact.textContent = `${VIEWS[this.view]} at t = ${frame.t}${way}`;
    this.scrubber.setAttribute("aria-valuetext", this.way.fact.textContent);
    this.stops.forEach((at, k) => {
      const [button, stop] = [this.strip.children[k], this.frames[at]];
      button.setAttribute("aria-current", at === this.position);
      if (!stop || button.dataset.drawn === this.view) return;
      button.dataset.drawn = this.view;
      this.paint({ canvas: button.firstChild }, stop[this.view]);
      button.lastChild.textContent = `t = ${stop.t}`;
    });
  }

  paint({ canvas }, planes, level) {
    paint(canvas, planes, ...this.shape, level);
  }
}
