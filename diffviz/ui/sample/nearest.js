// "Is it a copy?": each sample of a finished run beside the training pictures nearest to it, and
// where its distance lies among those of real pictures.

import { make } from "../lib/dom.js";
import { Bars, Rules } from "../lib/marks.js";
import { bytes, inBase64, paint, smaller } from "../lib/pixels.js";
import { Plot } from "../lib/plot.js";
import { Linear } from "../lib/scales.js";
import { store } from "../lib/store.js";
import { capital } from "../lib/text.js";

const BINS = 36;
const VERDICTS = {
  copy: "A copy",
  near: "Very near",
  new: "No copy",
};

/** @import { Levels } from "../lib/types.d.ts" */
/** @import { Run, SampleState } from "./state.js" */
/** @import { Found, NearestAnswer, SampleServer } from "./types.d.ts" */
/** @typedef {NearestAnswer & { label: string, levels: Uint8Array }} Answered of one lane */

const NOTHING = { found: [], scale: [], shape: [], called: "", among: "", real: "", note: "" };

/** server.nearest_pictures answers. @param {SampleState} state @param {SampleServer} server */
export function nearestPanel(state, server) {
  const button = make("button", { type: "button", id: "sample-nearest", textContent: "Is it a copy? The pictures nearest to it" });
  const panel = make("div", { className: "nearest-panel", id: "sample-nearest-panel", hidden: true });
  const root = make("div", { className: "nearest", hidden: true }, button, panel);
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", panel.id);
  /** @type {Run | null} */
  let asked = null; // the run that the panel is of
  button.onclick = () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) ask();
  };

  /** @param {Set<string>} changed */
  function update(changed) {
    const { run } = state;
    if (!run || !(changed.has("run") || changed.has("frames"))) return;
    if (changed.has("run")) forget();
    root.hidden = !run.start.comparable;
    button.disabled = !run.complete;
    if (!root.hidden && !panel.hidden && run.complete) ask();
  }

  /** What was told is of another run than the one shown. */
  function forget() {
    asked = null;
    panel.dataset.state = "waiting";
    panel.replaceChildren(make("p", { className: "muted", textContent: "They are looked for when the run has ended." }));
  }

  async function ask() {
    if (!state.run || asked === state.run) return;
    const of = (asked = state.run);
    panel.dataset.state = "waiting";
    panel.replaceChildren(make("p", { className: "muted", textContent: "Looking through what it learned from …" }));
    /** @type {Answered[]} */
    const answers = [];
    for (const lane of of.lanes) {
      const levels = lane.frames[of.start.steps].x;
      /** @type {NearestAnswer} */
      const answer = (await server.nearest_pictures({ denoiser: of.start.denoiser, owner: store.get("owner") ?? "", pictures: inBase64(smaller(levels, of.start.shape, of.start.comparable ?? [])) }).catch(() => null)) ?? { ...NOTHING, error: "The server does not answer." };
      if (of !== asked) return; // a newer run has been asked about
      if (answer.error) {
        asked = null; // so that opening the panel again asks again
        panel.dataset.state = "failed";
        panel.replaceChildren(make("p", { role: "status", textContent: answer.error }));
        return;
      }
      answers.push({ ...answer, label: lane.label, levels });
    }
    panel.replaceChildren(...describe(answers, of));
    panel.dataset.state = "answered";
  }

  return { root, update };
}

/** @param {Answered[]} answers @param {Run} run @returns {HTMLElement[]} */
function describe(answers, run) {
  const found = answers.flatMap((answer) => answer.found);
  const copies = found.filter(({ verdict }) => verdict === "copy").length;
  const count = found.length === 1 ? "It is" : copies === found.length ? "All are" : `${copies || "None"} of the ${found.length} ${copies > 1 ? "are" : "is"}`;
  const [{ called, among, real, note, scale: quantiles, shape }] = answers;
  const told = copies || found.length > 1 ? `${count} ${copies > 1 ? "copies" : "a copy"} of a ${called}.` : `It is no copy of a ${called}.`;
  /** @type {HTMLElement[]} */
  const parts = [
    make("p", { className: "nearest-told", role: "status" }, make("strong", { textContent: told }), ` ${among}`),
    scale(quantiles, found, called, real),
  ];
  for (const { label, levels, found: facts } of answers) {
    if (answers.length > 1) parts.push(make("h4", { textContent: label }));
    parts.push(make("div", { className: "nearest-cards" }, ...facts.map((fact, i) => card(fact, levels, i, run.start.shape, shape, called, real))));
  }
  parts.push(make("p", { className: "muted nearest-note" },
    "Distance: the root mean square over pixels, black −1 and white 1, 0 for the very same picture. " +
    `Pixel stands against pixel, so a copy that was moved or brightened would not be found. ${note}`));
  return parts;
}

/** A sample beside its neighbours. @param {Found} found @param {Uint8Array} levels @param {number} i @param {number[]} own @param {number[]} theirs the shapes of samples and of neighbours @param {string} called one of these @param {string} real */
function card({ neighbours, nearer, verdict }, levels, i, own, theirs, called, real) {
  const size = own[0] * own[1] * own[2];
  /** @param {Levels} planes @param {number[]} shape @param {string} label @param {string} className @param {...Node} caption */
  const picture = (planes, [channels, height, width], label, className, ...caption) => {
    const canvas = make("canvas", { className: "picture", role: "img", "aria-label": label });
    paint(canvas, planes, channels, height, width);
    return make("figure", { className }, canvas, make("figcaption", { className: "number" }, ...caption));
  };
  const sample = picture(levels.subarray(i * size, (i + 1) * size), own, `Sample ${i + 1}`, "nearest-sample", make("span", { textContent: "sample" }));
  const others = neighbours.map((n, k) =>
    picture(bytes(n.picture), theirs, `${capital(called)} ${n.row}: ${n.class}`, "", make("span", { textContent: n.class }), make(k ? "span" : "strong", { textContent: n.distance.toFixed(2) })));
  const root = make("div", { className: "nearest-card" },
    make("div", { className: "nearest-row" }, sample, ...others),
    make("p", { className: "number" }, make("strong", { textContent: `${VERDICTS[verdict]}. ` }), meaning(nearer, neighbours[0].distance, real)));
  root.dataset.verdict = verdict;
  return root;
}

/** In words. @param {number} nearer the share of real pictures that are farther @param {number} distance @param {string} real which these are */
function meaning(nearer, distance, real) {
  const at = distance.toFixed(2);
  if (nearer > 0.999) return `${at}: of ${real}, not one in a thousand is as near.`;
  if (nearer > 0.99) return `${at}: nearer than ${(100 * nearer).toFixed(1)} % of ${real}.`;
  if (nearer < 0.01) return `${at}: farther than ${nearer > 0 ? "nearly " : ""}any of ${real}.`;
  return `${at}: nearer than ${Math.round(100 * nearer)} % of ${real}.`;
}

/** Real pictures' distances as a histogram, and where these samples lie in it. @param {number[]} quantiles @param {Found[]} found @param {string} called @param {string} real */
function scale(quantiles, found, called, real) {
  const most = Math.max(0.6, ...found.map(({ neighbours }) => neighbours[0].distance)) * 1.02;
  const shares = Array.from({ length: BINS }, (_, k) =>
    below(quantiles, ((k + 1) / BINS) * most) - below(quantiles, (k / BINS) * most));
  const plot = new Plot({
    label: `Distances of ${real} to their nearest, and of these samples to theirs`,
    x: new Linear([0, most]),
    y: new Linear([0, Math.max(...shares) * 1.1]),
    width: 360,
    height: 74,
    pad: { left: 2, right: 2, top: 2, bottom: 18 },
  });
  new Bars(plot, "bars").draw(shares);
  new Rules(plot).draw(found.map(({ neighbours: [{ distance }], verdict }) => ({ x: distance, className: `mark ${verdict}` })));
  const tenths = Array.from({ length: Math.ceil(10 * (most - 0.05)) }, (_, k) => k / 10);
  plot.xAxis(tenths.map((at) => ({ at, text: at ? at.toFixed(1) : "0", anchor: at ? "middle" : "start" })));
  return make("figure", { className: "nearest-scale" }, plot.root,
    make("figcaption", { className: "muted" }, make("span", { className: "bar-key" }), ` ${real}  `,
      make("span", { className: "mark-key" }), ` these samples: distance to the nearest ${called}`));
}

/** The share of real test pictures within a distance, from quantiles at 0, 1 % … 100 %. @param {number[]} quantiles @param {number} distance */
function below(quantiles, distance) {
  if (distance <= quantiles[0]) return 0;
  const k = quantiles.findIndex((q) => q > distance);
  if (k < 0) return 1;
  const [low, high] = [quantiles[k - 1], quantiles[k]];
  return (k - 1 + (distance - low) / (high - low)) / (quantiles.length - 1);
}
