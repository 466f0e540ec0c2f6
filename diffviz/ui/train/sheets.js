// The sheets of a training: what it drew from the same noise at every checkpoint. One slider walks
// training time, another walks sampling time; three pictures say it in words.

import { make } from "../lib/dom.js";
import { paint, tile } from "../lib/pixels.js";
import { root } from "../lib/root.js";

const VIEWS = { x: "x_t", x0: "x̂0" };
const COLUMNS = 5;
const PLAY_MS = 350;

export class Sheets {
  constructor() {
    this.sheets = [];
    this.cache = new Map();
    this.view = "x0";
    this.held = false; // the visitor chose a moment of training: newer ones do not move it
    this.build();
  }

  build() {
    this.canvas = make("canvas", { className: "picture", role: "img", id: "train-canvas" });
    this.labels = make("div", { className: "train-labels", "aria-hidden": "true" });
    this.views = make("div", { className: "segments", role: "group", "aria-label": "What is shown" });
    for (const [name, label] of Object.entries(VIEWS)) {
      const button = make("button", { type: "button", textContent: label });
      button.dataset.view = name;
      button.onclick = () => this.show(name);
      this.views.append(button);
    }
    this.caption = make("p", { className: "muted number train-caption", "aria-live": "off" });
    this.play = make("button", { type: "button", className: "round" });
    this.play.onclick = () => (this.playing ? this.pause() : this.start());
    this.training = slider("train-time", "Training: pictures seen");
    this.training.oninput = () => {
      this.pause();
      this.hold();
    };
    this.sampling = slider("train-step", "Sampling: from noise to picture");
    this.sampling.oninput = () => this.draw();
    this.root = make("div", { className: "train-sheets" },
      make("div", { className: "player-head" }, this.views, this.caption),
      this.canvas, this.labels,
      make("label", { className: "train-slider" }, make("span", {}, "Training time"), this.training, this.play),
      make("label", { className: "train-slider" }, make("span", {}, "Sampling time"), this.sampling));
    this.show("x0");
    this.pause();
  }

  /** Another job, or none. */
  reset(job) {
    Object.assign(this, { job, sheets: [], sheet: null, held: false, wanted: "" });
    this.cache.clear();
    this.pause();
    this.root.hidden = true;
    delete this.canvas.dataset.sheet;
  }

  /** The newest list of sheets of the job. */
  update({ sheet, sheets }) {
    if (!sheet || !sheets.length) return;
    const first = !this.sheet;
    this.root.hidden = false;
    this.sheet = sheet;
    this.sheets = sheets;
    this.training.max = sheets.length - 1;
    this.sampling.max = sheet.shape[0] - 1;
    if (first) {
      this.sampling.value = sheet.shape[0] - 1;
      this.labels.replaceChildren(...sheet.labels.map((text) => make("span", { textContent: text })));
    }
    if (!this.held && !this.playing) this.training.value = sheets.length - 1;
    this.draw();
  }

  get images() {
    return this.sheets[Number(this.training.value)];
  }

  hold() {
    this.held = Number(this.training.value) < this.sheets.length - 1;
    this.draw();
  }

  show(view) {
    this.view = view;
    for (const button of this.views.children)
      button.setAttribute("aria-pressed", button.dataset.view === view);
    this.draw();
  }

  /** Play training time from its beginning, or from where the slider is. */
  start(again = false) {
    if (again || Number(this.training.value) >= this.sheets.length - 1) this.training.value = 0;
    this.playing = setInterval(() => {
      if (Number(this.training.value) >= this.sheets.length - 1) return this.pause();
      this.training.value = Number(this.training.value) + 1;
      this.hold();
    }, PLAY_MS);
    this.setPlay("❚❚", "Pause");
    this.draw();
  }

  pause() {
    clearInterval(this.playing);
    this.playing = null;
    this.setPlay("▶", "Play training time");
  }

  setPlay(sign, label) {
    this.play.textContent = sign;
    this.play.setAttribute("aria-label", label);
  }

  /** The bytes of a sheet, fetched once. */
  fetch(images) {
    if (!this.cache.has(images)) {
      const got = fetch(`${root()}/train/${this.job}/sheets/${images}`)
        .then(async (answer) => (answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null))
        .catch(() => null)
        .then((content) => {
          if (!content) this.cache.delete(images); // to be tried again
          return content;
        });
      this.cache.set(images, got);
    }
    return this.cache.get(images);
  }

  async draw() {
    if (!this.sheet || this.images === undefined) return;
    const { job, images, sheet } = this;
    const step = Number(this.sampling.value);
    const wanted = (this.wanted = `${job} ${images} ${step} ${this.view}`);
    const content = await this.fetch(images);
    if (!content || this.wanted !== wanted) return; // a newer wish overtook this one
    const { shape: [steps, count, channels, height, width], views, t } = sheet;
    const size = count * channels * height * width;
    const from = (views.indexOf(this.view) * steps + step) * size;
    const columns = Math.min(COLUMNS, count);
    const shape = { channels, height, width };
    const picture = tile(content.subarray(from, from + size), count, columns, shape);
    paint(this.canvas, picture.planes, channels, picture.height, picture.width);
    Object.assign(this.canvas.dataset, { sheet: images, step, t: t[step] });
    this.canvas.setAttribute("aria-label",
      `${count} pictures, ${VIEWS[this.view]} at t = ${t[step]}, after ${images} training pictures`);
    this.caption.textContent =
      `after ${images.toLocaleString("en")} pictures of training · sampling step ${step} of ${steps - 1} · t = ${t[step]}`;
    this.onMove?.(images);
  }
}

function slider(id, label) {
  return make("input", { type: "range", min: 0, max: 0, value: 0, id, "aria-label": label });
}
