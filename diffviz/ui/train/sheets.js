// The sheets of a training: what it drew from the same noise at every checkpoint. One slider walks
// training time, another walks sampling time; three pictures say it in words.

import { make } from "../lib/dom.js";
import { rendererOf } from "../lib/renderer.js";
import { root as served } from "../lib/root.js";
import { segments } from "../lib/segments.js";
import { slider } from "../lib/slider.js";
import { thousands } from "../lib/text.js";
import { Timeline } from "../lib/timeline.js";
import { transport } from "../lib/transport.js";
import { VIEWS } from "../lib/views.js";

/** @import { Status, SheetFacts } from "./types.d.ts" */

const SHOWN = { x: VIEWS.x, x0: VIEWS.x0 };
const COLUMNS = 5;
const PLAY_MS = 350;

export class Sheets {
  /** @param {(images: number) => void} onMove told of the moment of training that is shown @param {string} [name] with which its ids begin */
  constructor(onMove, name = "train") {
    this.onMove = onMove;
    /** @type {string | null} */
    this.job = null;
    /** @type {number[]} */
    this.sheets = []; // pictures seen when each was drawn
    /** @type {SheetFacts | null} */
    this.sheet = null;
    /** @type {Map<number, Promise<Uint8Array | null>>} */
    this.cache = new Map();
    this.view = "x0";
    this.wanted = "";
    this.timeline = new Timeline({ fps: 1000 / PLAY_MS, onChange: () => this.draw() });

    this.canvas = make("canvas", { className: "picture", role: "img", id: `${name}-canvas`, "aria-label": "Pictures made in training" });
    this.labels = make("div", { className: "train-labels", "aria-hidden": "true" });
    this.views = segments({ label: "What is shown", labels: SHOWN, onChoose: (view) => this.show(view) });
    this.caption = make("p", { className: "muted number train-caption", "aria-live": "off" });
    this.controls = transport(this.timeline, {
      label: "Training: pictures seen",
      play: "Play training time",
      inputId: `${name}-time`,
    });
    this.sampling = slider({
      label: "Sampling: from noise to picture",
      minimum: 0,
      maximum: 0,
      inputId: `${name}-step`,
      bare: true,
      onInput: () => this.draw(),
    });
    this.root = make(
      "div",
      { className: "train-sheets" },
      make("div", { className: "player-head" }, this.views.root, this.caption),
      this.canvas,
      this.labels,
      make("div", { className: "train-slider" }, make("span", {}, "Training time"), this.controls.root),
      make("div", { className: "train-slider" }, make("span", {}, "Sampling time"), this.sampling.root),
    );
    this.show("x0");
  }

  /** Another job, or none. @param {string | null} job */
  reset(job) {
    Object.assign(this, { job, sheets: [], sheet: null, wanted: "" });
    this.cache.clear();
    this.timeline.begin(0);
    this.root.hidden = true;
    delete this.canvas.dataset.sheet;
  }

  /** The newest list of sheets of the job. @param {Status} status */
  update({ sheet, sheets }) {
    if (!sheet || !sheets.length) return;
    const first = !this.sheet;
    this.root.hidden = false;
    this.sheet = sheet;
    this.sheets = sheets;
    if (first) {
      const last = sheet.shape[0] - 1;
      this.sampling.set(last, last);
      this.labels.replaceChildren(...sheet.labels.map((text) => make("span", {}, text)));
      this.timeline.end(); // what is there can be played to its end; more may come
      this.timeline.arrive(sheets.length);
      this.timeline.seek(sheets.length - 1);
    } else this.timeline.arrive(sheets.length);
  }

  /** Show the moment, the step and the view that another one shows. @param {Sheets} leader */
  follow(leader) {
    this.sampling.set(Math.min(leader.sampling.value, Number(this.sampling.input.max)));
    if (this.view !== leader.view) this.show(leader.view);
    if (leader.images !== undefined) this.pick(leader.images);
  }

  /** The moment shown, in pictures seen. @returns {number | undefined} */
  get images() {
    return this.sheets[this.timeline.position];
  }

  /** The moment of training nearest to a number of pictures seen. @param {number} images */
  pick(images) {
    if (!this.sheets.length) return;
    const off = this.sheets.map((own) => Math.abs(own - images));
    this.timeline.hold(off.indexOf(Math.min(...off)));
  }

  /** @param {string} view */
  show(view) {
    this.view = view;
    this.views.update(view);
    this.draw();
  }

  /** The bytes of a sheet, fetched once. @param {number} images @returns {Promise<Uint8Array | null>} */
  fetch(images) {
    const known = this.cache.get(images);
    if (known) return known;
    const got = fetch(`${served()}/train/${this.job}/sheets/${images}`)
      .then(async (answer) => (answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null))
      .catch(() => null)
      .then((content) => {
        if (!content) this.cache.delete(images); // to be tried again
        return content;
      });
    this.cache.set(images, got);
    return got;
  }

  async draw() {
    this.controls.update();
    if (!this.sheet || this.images === undefined) return;
    const { job, images, sheet } = this;
    const step = this.sampling.value;
    const wanted = (this.wanted = `${job} ${images} ${step} ${this.view}`);
    const content = await this.fetch(images);
    if (!content || this.wanted !== wanted) return; // a newer wish overtook this one
    const { shape: [steps, count, ...shape], t, renderer, facts } = sheet;
    const columns = Math.min(COLUMNS, count);
    const bytes = bytesOf(content, sheet, this.view, step);
    rendererOf(renderer, () => this.draw())?.draw(this.canvas, bytes, { count, columns, shape, facts });
    Object.assign(this.canvas.dataset, { sheet: images, step, t: t[step] });
    const shown = this.view === "x" ? SHOWN.x : SHOWN.x0;
    this.canvas.setAttribute("aria-label", `${count} pictures, ${shown} at t = ${t[step]}, after ${images} training pictures`);
    this.caption.textContent =
      `after ${thousands(images)} pictures of training · sampling step ${step} of ${steps - 1} · t = ${t[step]}`;
    this.onMove(images);
  }
}

/** What a sheet holds of all pictures at a step. @param {Uint8Array} content @param {SheetFacts} sheet @param {string} view @param {number} step */
export function bytesOf(content, { shape: [steps], views, undecoded }, view, step) {
  if (undecoded && step === steps - 1) return content.subarray(views.length * steps * undecoded); // decoded
  const size = undecoded || content.length / (views.length * steps);
  const from = (views.indexOf(view) * steps + step) * size;
  return content.subarray(from, from + size);
}
