// Two latents mixed, on the straight line or the great circle through both, and decoded as the slider moves.

import { make } from "../lib/dom.js";
import { newest } from "../lib/newest.js";
import { bytes, float16, paint } from "../lib/pixels.js";
import { segments } from "../lib/segments.js";
import { slider } from "../lib/slider.js";

/** @import { Answer } from "../lib/types.d.ts" */
/** @import { EncodedAnswer, MixedAnswer, SampleServer } from "./types.d.ts" */

const WAYS = { linear: "Linear", spherical: "Spherical" };
const HINTS = {
  linear: "(1 − u)·a + u·b: halfway between two that have nothing in common it is too short",
  spherical: "on the great circle through both, which keeps their length",
};

/**
 * @param {SampleServer} server @param {() => { denoiser: string, owner: string }} asked
 * @param {() => string} latent the one @param {() => number} number of the portrait that it is of
 */
export function mixingPanel(server, asked, latent, number) {
  const canvas = make("canvas", { className: "picture", role: "img", "aria-label": "The mixture, decoded", id: "apart-mixed" });
  const end = make("canvas", { className: "picture", role: "img", "aria-label": "The other picture" });
  const facts = make("span", { className: "number muted", role: "status" });
  const share = slider({ label: "Mix", minimum: 0, maximum: 1, step: 0.01, value: 0.5, inputId: "apart-share", text: (u) => u.toFixed(2), onInput: mix });
  const ways = segments({
    label: "The way between them", labels: WAYS, hints: HINTS,
    onChoose: (chosen) => {
      way = chosen;
      ways.update(way);
      mix();
    },
  });
  const another = make("button", { type: "button", onclick: () => next(++other) }, "Another to mix with");
  const root = make("div", { className: "apart-mixing" },
    make("div", { className: "apart-ends" }, make("figure", {}, canvas, make("figcaption", {}, make("strong", {}, "mixture, decoded"), facts)),
      make("figure", {}, end, make("figcaption", {}, make("strong", {}, "the other")))),
    share.root, make("div", { className: "apart-controls" }, ways.root, another));
  let way = "linear";
  let other = 1;
  let others = ""; // its latent
  ways.update(way);

  const next = newest((/** @type {number} */ wanted) => server.encode_picture({ ...asked(), number: wanted }), arrived);
  /** @param {Answer<EncodedAnswer>} answer */
  function arrived(answer) {
    if (answer.error !== undefined) return void (facts.textContent = answer.error);
    others = answer.latent;
    draw(end, answer.picture);
    mix();
  }

  const ask = newest((/** @type {Parameters<SampleServer["mix_latents"]>[0]} */ wanted) => server.mix_latents(wanted), mixed);
  function mix() {
    if (latent() && others) ask({ ...asked(), id: 0, one: latent(), other: others, share: share.value, way });
  }

  /** @param {Answer<MixedAnswer>} answer */
  function mixed(answer) {
    if (answer.error !== undefined) return void (facts.textContent = answer.error);
    draw(canvas, answer.picture);
    facts.textContent = `deviation ${deviation(float16(answer.latent)).toFixed(2)}, of the ends ${[latent(), others].map((z) => deviation(float16(z)).toFixed(2)).join(" and ")}`;
  }

  return {
    root,
    /** There is another latent above. */
    update() {
      if (others) return mix();
      other = number() + 1;
      next(other);
    },
  };
}

/** A picture as wide as high. @param {HTMLCanvasElement} canvas @param {string} picture */
function draw(canvas, picture) {
  const levels = bytes(picture);
  const side = Math.sqrt(levels.length / 3);
  paint(canvas, levels, 3, side, side);
}

/** @param {Float32Array} z */
function deviation(z) {
  const mean = z.reduce((sum, value) => sum + value, 0) / z.length;
  return Math.sqrt(z.reduce((sum, value) => sum + (value - mean) ** 2, 0) / z.length);
}
