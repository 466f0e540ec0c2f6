// The numbers that belong to the picture: the equation with live values, curves, and a histogram.

import { make } from "../lib/dom.js";
import { explained } from "../lib/glossary.js";
import { digits } from "../lib/text.js";
import { paint } from "../lib/pixels.js";
import { store } from "../lib/store.js";
import { handleEditor, moveHandle } from "./handles.js";
import { curvePlot, histogramPlot } from "./curves.js";
import { countValues } from "./noised.js";
import { DRAWN, alphaBar, logSnr } from "../lib/schedules.js";

/** @import { ForwardState } from "./state.js" */
/** @import { Change } from "./types.d.ts" */

const RANGE = 4; // of the histogram: −4 to 4
const BINS = 64;
const MOVING_STRIDE = 4; // while something moves, each fourth value is counted; at rest, all

/** x_t = α_t·x0 + σ_t·ε, in symbols, numbers and pictures, and the noise level's other names. @param {ForwardState} state */
export function numbersPanel(state) {
  const number = () => make("b", { className: "number" });
  const [alpha, sigma] = [number(), number()];
  /** @param {string} id @param {string} label */
  const thumbnail = (id, label) => make("canvas", { id, className: "picture", role: "img", "aria-label": label });
  const x0 = thumbnail("forward-x0", "x0, the clean picture");
  const eps = thumbnail("forward-eps", "ε, the noise");
  /** @param {string} letter @param {string} index */
  const sub = (letter, index) => make("span", {}, make("i", {}, letter), make("sub", {}, index));
  /** @param {string} sign @param {Node} coefficient @param {Node} canvas @param {...(Node | string)} caption */
  const term = (sign, coefficient, canvas, ...caption) =>
    make("span", { className: "term" }, sign, coefficient, make("span", { className: "thumbnail" }, canvas, make("small", {}, ...caption)));
  const equation = make(
    "div",
    { className: "forward-equation", id: "forward-equation" },
    make("p", {}, sub("x", "t"), " = ", sub("α", "t"), " ", sub("x", "0"), " + ", sub("σ", "t"), " ", make("i", {}, "ε")),
    make("p", { className: "values" }, sub("x", "t"), " = ", term("", alpha, x0, sub("x", "0"), ", the picture"), term("+", sigma, eps, "ε, the noise")),
  );
  const rows = { "t": number(), "ᾱ": number(), "SNR": number(), "log-SNR": number() };
  const names = { "t": "t", "ᾱ": "alpha_bar", "SNR": "snr", "log-SNR": "log_snr" };
  const list = make("dl", { className: "forward-numbers" });
  for (const [label, output] of Object.entries(rows)) {
    const name = names[/** @type {keyof typeof names} */ (label)];
    list.append(make("div", {}, make("dt", {}, explained(name, label)), make("dd", {}, output)));
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    const { schedule, t } = state;
    if (changed.has("picture") && state.picture) {
      const { channels, height, width } = state.picture;
      /** @param {number} value */
      const level = (value) => (value + 1) * 127.5;
      paint(x0, state.picture.x0, channels, height, width, level);
      paint(eps, state.picture.eps, channels, height, width, level);
    }
    alpha.textContent = digits(schedule.alpha[t]);
    sigma.textContent = digits(schedule.sigma[t]);
    rows.t.textContent = String(t);
    rows["ᾱ"].textContent = digits(alphaBar(schedule, t));
    rows.SNR.textContent = digits((schedule.alpha[t] / schedule.sigma[t]) ** 2);
    rows["log-SNR"].textContent = digits(logSnr(schedule, t));
  }
  return { root: make("div", { className: "card forward-now" }, equation, list), update };
}

/** ᾱ and log-SNR over t. Dragging on them moves t; a drawn schedule's handles move the curve. @param {ForwardState} state @param {Change} change */
export function curvesPanel(state, change) {
  /** @param {number} t */
  const onMove = (t) => {
    state.t = t;
    change("t");
  };
  const bar = curvePlot({ id: "forward-curve", label: "ᾱ over t", ticks: [0, 0.5, 1], domain: [0, 1], onMove });
  const snr = curvePlot({ id: "forward-snr", label: "log-SNR over t", ticks: [-15, 0, 15], domain: [-18, 18], onMove });
  const editor = handleEditor(bar.plot, (k, value) => {
    state.handles = moveHandle(state.handles, k, value);
    store.set("handles", state.handles);
    change("schedule");
  });

  /** @param {Set<string>} changed */
  function update(changed) {
    if (changed.has("schedule") || changed.has("rivals")) {
      bar.update(state.schedules.map((schedule) => (/** @type {number} */ t) => alphaBar(schedule, t)), state.T);
      snr.update(state.schedules.map((schedule) => (/** @type {number} */ t) => logSnr(schedule, t)), state.T);
      legend.hidden = state.schedules.length < 2;
      legend.replaceChildren(...state.schedules.map(({ kind }, k) =>
        make("li", {}, make("span", { className: `key key-${k}` }), state.kindNamed(kind).label)));
      editor.update(state.handles, state.T, state.kind === DRAWN);
    }
    bar.move(state.t);
    snr.move(state.t);
  }

  function rest() {
    const now = `now t = ${state.t}`;
    bar.root.setAttribute("aria-label", `ᾱ over t, falling from 1; ${now}: ${digits(alphaBar(state.schedule, state.t))}`);
    snr.root.setAttribute("aria-label", `log-SNR over t; ${now}: ${digits(logSnr(state.schedule, state.t))}`);
  }
  /** @param {{ root: Node }} plot @param {string} caption */
  const figure = (plot, caption) => make("figure", {}, make("figcaption", {}, caption), plot.root);
  const legend = make("ul", { className: "forward-legend", hidden: true });
  const root = make(
    "div",
    { className: "forward-curves" },
    figure(bar, "ᾱ: share of the picture"),
    figure(snr, "log-SNR: picture against noise"),
    legend,
  );
  return { root, update, rest };
}

/** The values of x_t's pixels against the normal density that they end in. @param {ForwardState} state */
export function histogramPanel(state) {
  const plot = histogramPlot({
    id: "forward-histogram",
    label: "How often each pixel value occurs in xₜ, against the normal density N(0, 1)",
    reach: RANGE,
  });
  const counts = new Uint32Array(BINS);

  /** @param {number} stride */
  function draw(stride) {
    if (!state.picture) return;
    countValues(state.picture, ...state.shown(state.schedule), RANGE, counts, stride);
    plot.update(counts, Math.ceil(state.picture.x0.length / stride));
  }
  const update = () => draw(MOVING_STRIDE);
  const rest = () => draw(1);
  const legend = make("p", { className: "muted" }, "Bars: the values in xₜ. Line: pure noise, N(0, 1), which they come to.");
  const root = make("div", { className: "card forward-histogram" }, make("h3", {}, "Pixel values"), plot.root, legend);
  return { root, update, rest };
}
