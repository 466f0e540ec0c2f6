// One step at a time against straight to t: both land on the same picture.

import { make } from "../lib/dom.js";
import { context2d, grey, paint } from "../lib/pixels.js";
import { chainIndices, noisingChain } from "../lib/noise.js";
import { counted, digits } from "../lib/text.js";
import { transition } from "../lib/schedules.js";

/** @import { ForwardState } from "./state.js" */
/** @import { Levels } from "../lib/types.d.ts" */

const STEP_MS = 450;

/** @param {ForwardState} state */
export function chainPanel(state) {
  const steps = make("select", {}, ...[4, 8, 12, 20].map((n) => make("option", { value: n }, `${n} steps`)));
  const play = make("button", { type: "button", id: "forward-play" }, "▶ Play");
  const walked = figure("forward-chain", "One step at a time");
  const direct = figure("forward-direct", "Straight to t");
  const said = make("p", { className: "number", role: "status" });
  const intro = "Noise is really added in many small steps, each with noise of its own. A formula goes straight to any t. Play, and see both land on the same picture: the noise of the formula is the sum of the small ones, scaled, and the small ones are drawn here so that it is. Other small ones would lead to another picture of the same kind, as noisy.";
  const root = make(
    "div",
    { className: "card forward-chain" },
    make("div", { className: "card-head" }, make("h3", {}, "One step at a time"), make("label", {}, make("span", { className: "sr-only" }, "How many steps"), steps), play),
    make("p", { className: "muted" }, intro),
    make("div", { className: "forward-pair" }, walked.root, direct.root),
    said,
  );
  let run = 0; // of the play button; a newer one, or a change of anything, ends it
  play.addEventListener("click", () => (root.dataset.state === "playing" ? reset() : start()));

  function reset() {
    run += 1;
    root.dataset.state = "still";
    play.textContent = "▶ Play";
  }

  /** @param {HTMLCanvasElement} canvas @param {Levels} values @param {number} t */
  function show(canvas, values, t) {
    if (!state.picture) return;
    const { channels, height, width } = state.picture;
    const divisor = state.asIs ? 1 : state.divisor(state.schedule, t);
    paint(canvas, values, channels, height, width, (v) => grey(v / divisor));
    canvas.dataset.t = String(t);
  }

  /** Both ends of the way: the clean picture, and x_t by the formula. */
  function rest() {
    const { picture, schedule, t } = state;
    if (!picture) return;
    show(walked.canvas, picture.x0, 0);
    show(direct.canvas, picture.x0.map((v, i) => schedule.alpha[t] * v + schedule.sigma[t] * picture.eps[i]), t);
  }

  function update() {
    reset();
    said.textContent = "";
    delete root.dataset.difference;
  }

  async function start() {
    const { picture, schedule, t } = state;
    if (!picture) return;
    reset();
    const mine = run;
    const indices = chainIndices(t, Number(steps.value));
    if (!indices.length) {
      said.textContent = "At t = 0 there is no step to take. Move the slider first.";
      return;
    }
    root.dataset.state = "playing";
    play.textContent = "■ Stop";
    said.textContent = "Drawing the noise of each step …";
    show(walked.canvas, picture.x0, 0);
    let s = 0;
    let k = 0;
    for (const x of noisingChain(picture.x0, picture.eps, schedule, indices, picture.seed)) {
      await (x ? wait(STEP_MS) : nextFrame());
      if (mine !== run) return;
      if (!x) continue;
      const at = indices[k];
      show(walked.canvas, x, at);
      const [ratio, spread] = transition(schedule, s, at);
      said.textContent = `step ${++k} of ${indices.length}:  x${below(at)} = ${digits(ratio)} · x${below(s)} + ${digits(spread)} · new noise`;
      s = at;
    }
    await wait(STEP_MS);
    if (mine !== run) return;
    const apart = difference(walked.canvas, direct.canvas);
    root.dataset.difference = String(apart);
    said.textContent = `After ${counted(indices.length, "step")} and at once: the largest difference is ${apart} grey levels of 255.`;
    reset();
  }

  return { root, update, rest };
}

/** @param {string} id @param {string} caption */
function figure(id, caption) {
  const canvas = make("canvas", { id, className: "picture", role: "img", "aria-label": caption });
  return { root: make("figure", {}, canvas, make("figcaption", {}, caption)), canvas };
}

/** @param {number} ms */
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
/** @param {number} t */
const below = (t) => [...String(t)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");

/** The largest between two canvases, in grey levels. @param {HTMLCanvasElement} one @param {HTMLCanvasElement} other */
function difference(one, other) {
  const values = [one, other].map((c) => context2d(c).getImageData(0, 0, c.width, c.height).data);
  return /** @type {number[]} */ ([...values[0]]).reduce((most, value, i) => Math.max(most, Math.abs(value - values[1][i])), 0);
}
