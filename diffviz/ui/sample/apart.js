// Latent diffusion taken apart: picture → encoder → latent → noise → denoiser → decoder, live as t moves.

import { decode } from "../lib/decode.js";
import { make } from "../lib/dom.js";
import { newest } from "../lib/newest.js";
import { bytes, context2d, float16, inBase64, paint, tile } from "../lib/pixels.js";
import { slider } from "../lib/slider.js";
import { store } from "../lib/store.js";
import { digits, minus } from "../lib/text.js";
import { costsPanel } from "./costs.js";
import { mixingPanel } from "./mixing.js";

/** @import { SampleState } from "./state.js" */
/** @import { ApartAnswer, Asked, EncodedAnswer, SampleServer } from "./types.d.ts" */
/** @import { Answer } from "../lib/types.d.ts" */

const REACH = 3; // standard deviations of a latent, from black to white
const T = 1000; // of the usual schedule
/** @type {[name: string, label: string][]} from left to right, each after the arrow that leads to it */
const PARTS = [
  ["picture", "picture x"], ["latent", "latent z"], ["xt", "noised zₜ"], ["x0", "guess ẑ"], ["decoded", "picture again"],
];

/** server.encode_picture and the like answer. @param {SampleState} state @param {SampleServer} server */
export function apartPanel(state, server) {
  const figures = Object.fromEntries(PARTS.map(([name, label]) => [name, figure(name, label)]));
  const noisy = figure("noisy", "zₜ decoded as it is");
  const told = make("p", { className: "muted", role: "status" });
  const credit = make("p", { className: "muted apart-credit" });
  const time = slider({ label: "t", minimum: 1, maximum: T - 1, value: 300, inputId: "apart-t", onInput: look });
  const what = make("input", { type: "text", id: "apart-what", maxLength: 400, placeholder: "nothing said", onchange: look });
  const file = make("input", { type: "file", accept: "image/*", id: "apart-upload", className: "sr-only", onchange: own });
  const another = make("button", { type: "button", id: "apart-another", onclick: () => encode({ number: ++number }) }, "Another picture");
  const shown = make("button", { type: "button", id: "apart-shown", onclick: theSample }, "The sample above");
  const mixing = mixingPanel(server, asked, () => latent, () => number);
  const costs = costsPanel(server, asked);
  const panel = make("div", { className: "apart-panel", id: "apart-panel" },
    make("div", { className: "apart-row" }, ...PARTS.map(([name]) => figures[name].root)),
    make("div", { className: "apart-controls" }, time.root, make("label", { className: "apart-what" }, make("span", {}, "Said to be"), what)),
    make("div", { className: "apart-controls" }, another, shown, file, make("label", { className: "button", htmlFor: file.id }, "Yours")),
    told,
    make("div", { className: "apart-below" }, noisy.root, mixing.root),
    costs.root, credit);
  const root = make("details", { className: "apart", id: "apart", hidden: true, ontoggle: open },
    make("summary", {}, "Taken apart: encoder, latent, noise, denoiser, decoder"), panel);
  let number = 0;
  let latent = ""; // float16 in base64
  /** @type {number[]} */
  let shape = [];
  let denoiser = "";

  function asked() {
    return { denoiser, owner: store.get("owner") ?? "" };
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    const { run } = state;
    if (!run) return;
    root.hidden = !run.start.facts?.preview;
    shown.disabled = !run.complete;
    if (changed.has("run") && run.start.denoiser !== denoiser) {
      denoiser = run.start.denoiser;
      latent = "";
      costs.forget();
      if (!root.hidden) open();
    }
  }

  function open() {
    if (root.open && !latent) encode({ number });
  }

  const encode = newest((/** @type {{ number: number } | { levels: string }} */ wanted) => server.encode_picture({ ...asked(), ...wanted }), encoded);

  /** @param {Answer<EncodedAnswer>} answer */
  function encoded(answer) {
    if (answer.error !== undefined) return say(answer.error);
    ({ latent, shape } = answer);
    const [channels, height, width] = picture();
    const { encoder, decoder } = answer.milliseconds;
    paint(figures.picture.canvas, bytes(answer.picture), channels, height, width);
    figures.picture.say("", `${picture().join(" × ")}`);
    maps(figures.latent.canvas, float16(latent));
    figures.latent.say(`encoder, ${spent(encoder)}`, `${shape.join(" × ")}, ${range(float16(latent))}`);
    told.textContent = `The decoder alone brings it back in ${spent(decoder)} at ${answer.psnr.toFixed(1)} dB.`;
    credit.textContent = answer.credit && `Pictures: ${answer.credit}.`;
    mixing.update();
    look();
  }

  const ask = newest((/** @type {Asked} */ wanted) => server.take_latent_apart(wanted), taken);
  function look() {
    if (latent) ask({ ...asked(), id: 0, latent, t: time.value, seed: 0, what: what.value });
  }

  /** @param {Answer<ApartAnswer>} answer */
  function taken(answer) {
    if (answer.error !== undefined) return say(answer.error);
    const { milliseconds, alpha, sigma, distance, t } = answer;
    const [channels, height, width] = picture();
    maps(figures.xt.canvas, float16(answer.xt));
    figures.xt.say("noise", `α ${alpha.toFixed(2)}, σ ${sigma.toFixed(2)}`);
    maps(figures.x0.canvas, float16(answer.x0));
    figures.x0.say(`denoiser, ${spent(milliseconds.denoiser)}`, `off by ${digits(distance)}`);
    paint(figures.decoded.canvas, bytes(answer.decoded), channels, height, width);
    figures.decoded.say(`decoder, ${spent(milliseconds.decoder)}`, picture().join(" × "));
    paint(noisy.canvas, bytes(answer.noisy), channels, height, width);
    noisy.say("", "The decoder has never seen noise in a latent: what it makes of it is no noisy picture, but blots.");
    panel.dataset.t = String(t);
  }

  /** @param {string} sentence */
  function say(sentence) {
    told.textContent = sentence;
  }

  function picture() {
    return /** @type {[number, number, number]} */ (state.run?.start.shape);
  }

  /** A latent's channels, each a map. @param {HTMLCanvasElement} canvas @param {Float32Array} z */
  function maps(canvas, z) {
    const [depth, height, width] = shape;
    const levels = Uint8Array.from(z, (value) => Math.min(255, Math.max(0, Math.round((value / REACH + 1) * 127.5))));
    const sheet = tile(levels, depth, Math.ceil(Math.sqrt(depth)), { channels: 1, height, width });
    paint(canvas, sheet.planes, 1, sheet.height, sheet.width);
  }

  /** The first sample of the run, as it is shown at its end. */
  function theSample() {
    const { run } = state;
    if (!run) return;
    const size = picture().reduce((product, side) => product * side, 1);
    send(run.lanes[0].frames[run.start.steps].x.subarray(0, size));
  }

  async function own() {
    const [, height, width] = picture();
    const chosen = file.files?.[0];
    file.value = "";
    const decoded = chosen && (await decode(chosen, 4 * width).catch(() => null));
    const from = decoded && (await decoded.frame(0).catch(() => null));
    if (!from) return void (chosen && say("This browser cannot open that file."));
    const scale = Math.max(width / from.width, height / from.height);
    const canvas = make("canvas", { width, height });
    const [across, down] = [from.width * scale, from.height * scale];
    context2d(canvas).drawImage(from, (width - across) / 2, (height - down) / 2, across, down);
    const { data } = context2d(canvas).getImageData(0, 0, width, height);
    send(Uint8Array.from({ length: 3 * width * height }, (_, i) => data[4 * (i % (width * height)) + Math.floor(i / (width * height))]));
  }

  /** @param {Uint8Array} levels */
  function send(levels) {
    encode({ levels: inBase64(levels) });
  }

  return { root, update };
}

/** @param {string} name @param {string} label */
function figure(name, label) {
  const canvas = make("canvas", { className: "picture", role: "img", "aria-label": label, id: `apart-${name}` });
  const arrow = make("span", { className: "apart-arrow number", hidden: name === "noisy" });
  const facts = make("span", { className: "number muted" });
  const root = make("figure", {}, arrow, canvas, make("figcaption", {}, make("strong", {}, label), facts));
  /** @param {string} led what led there @param {string} text */
  function say(led, text) {
    arrow.textContent = led && `→ ${led}`;
    facts.textContent = text;
  }
  return { root, canvas, say };
}

/** @param {number} milliseconds */
function spent(milliseconds) {
  return milliseconds < 1 ? "under 1 ms" : `${milliseconds.toFixed(0)} ms`;
}

/** @param {Float32Array} z */
function range(z) {
  return minus(`${Math.min(...z).toFixed(1)} … ${Math.max(...z).toFixed(1)}`);
}
