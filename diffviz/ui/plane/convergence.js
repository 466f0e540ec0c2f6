// Samplers against the truth: how far each ends from the exact solution, by how often it asks the
// denoiser, on log axes; drawn as it is measured.

import { make } from "../lib/dom.js";
import { Dots, Line } from "../lib/marks.js";
import { Plot } from "../lib/plot.js";
import { Log } from "../lib/scales.js";
import { thousands } from "../lib/text.js";

/** @import { ConvergenceRun, Curve, Facts, PlaneMessage } from "./types.d.ts" */
/** @import { Values } from "../lib/types.d.ts" */

/** Of a run's settings those that matter to where the exact way leads. */
const SHARED = ["data", "points", "word", "drawn", "denoiser", "blur", "what", "guidance", "guidance_from", "guidance_to", "seed"];
const HEAD = ["Sampler", "Order", "Measured", "Nearest"];

/**
 * @param {Facts} facts
 * @param {(settings: Values) => number} ask starts it with these settings; what its messages are numbered
 */
export function convergencePanel(facts, ask) {
  const { samplers: usual, at } = facts.convergence;
  const known = facts.samplers.filter(({ order }) => order !== null);
  const ticks = known.map(({ name, label }) => {
    const input = make("input", { type: "checkbox", value: name, checked: usual.default.includes(name) });
    return { input, root: make("label", { className: "plane-flag" }, input, ` ${label}`) };
  });
  const begin = make("button", { type: "button", id: "plane-converge", className: "primary" }, "Measure");
  const said = make("p", { className: "muted", role: "status", id: "plane-converge-said" });
  const plot = new Plot({ id: "plane-orders", label: "Distance to the exact solution", x: new Log([1, 512]), y: new Log([1e-6, 1]), width: 520, height: 260, pad: { left: 60 } });
  const curves = known.map((_, i) => ({ line: new Line(plot, `plane-curve curve-${i}`), dots: new Dots(plot, `plane-dot curve-${i}`, 3) }));
  const body = make("tbody");
  const table = make("table", { className: "plane-numbers number", id: "plane-orders-table" },
    make("caption", {}, "Nearest: the least distance to the exact end, the median over the samples"),
    make("thead", {}, make("tr", {}, ...HEAD.map((text) => make("th", { scope: "col" }, text)))), body);
  const figure = make("div", { className: "plane-orders", hidden: true }, plot.root, table);
  const root = make("details", { className: "plane-more plane-convergence", id: "plane-convergence" },
    make("summary", {}, "Samplers against the truth"),
    make("p", { className: "muted" }, `From one xₜ at t = T, each sampler in ${at.default[0]} to ${at.default.at(-1)} steps over the noise levels of Karras et al., down to t = 1; the exact end is the probability-flow ODE's, integrated to 1e-8. A sampler of order p comes 2ᵖ times nearer with twice the steps.`),
    make("div", { className: "plane-flags", role: "group", "aria-label": "Samplers to compare" }, ...ticks.map((tick) => tick.root)),
    make("div", { className: "plane-buttons" }, begin), said, figure);
  let id = -1;
  /** @type {ConvergenceRun[]} */
  let runs = [];

  /** Those that are known, by the settings of the tab. @param {Values} settings */
  function shared(settings) {
    return Object.fromEntries(SHARED.filter((name) => name in settings).map((name) => [name, settings[name]]));
  }

  /** @param {Values} settings of the tab */
  function start(settings) {
    const samplers = ticks.filter(({ input }) => input.checked).map(({ input }) => input.value);
    if (!samplers.length) return void (said.textContent = "Choose at least one sampler.");
    runs = [];
    figure.hidden = true;
    root.dataset.state = "running";
    said.textContent = "Looking for the exact end …";
    id = ask({ ...shared(settings), samplers });
  }

  function draw() {
    const evaluations = runs.map((run) => run.evaluations);
    const least = Math.min(...evaluations);
    plot.x.domain = [least, Math.max(2 * least, ...evaluations)];
    const up = /** @type {Log} */ (plot.y);
    up.fit(runs.map((run) => run.distance));
    plot.yAxis(up.ticks(), (value) => value.toExponential(0).replace("-", "−"));
    plot.xAxis(decades(plot.x).map((value) => ({ at: value, text: thousands(value) })));
    known.forEach(({ name }, i) => {
      const points = runs.filter((run) => run.sampler === name && run.distance > 0).map((run) => /** @type {[number, number]} */ ([run.evaluations, run.distance]));
      curves[i].line.draw(points);
      curves[i].dots.draw(points);
    });
    figure.hidden = false;
  }

  /** A message, if it is one of these. @param {PlaneMessage} told */
  function heed(told) {
    if (told.id !== id) return;
    if (told.waiting) said.textContent = `diffviz is busy: you are number ${told.waiting} in line.`;
    if (told.failed) {
      root.dataset.state = "failed";
      said.textContent = told.failed;
    }
    if (told.run) {
      runs.push(told.run);
      said.textContent = `${labelOf(told.run.sampler)}, ${told.run.steps} steps`;
      draw();
    }
    if (told.converged) conclude(told.converged);
  }

  /** @param {string} name */
  const labelOf = (name) => known.find((one) => one.name === name)?.label ?? name;

  /** @param {Curve[]} found */
  function conclude(found) {
    root.dataset.state = "done";
    said.textContent = sentence(found);
    plot.label = `Distance to the exact solution by evaluations of the denoiser. ${sentence(found)}`;
    body.replaceChildren(...found.map(({ sampler, label, order, slope, runs: own }) => {
      const swatch = make("span", { className: `plane-swatch curve-${known.findIndex((one) => one.name === sampler)}`, "aria-hidden": "true" });
      return make("tr", {}, make("th", { scope: "row" }, swatch, ` ${label}`),
        ...[String(order), slope === null ? "–" : slope.toFixed(2), Math.min(...own.map(([, , distance]) => distance)).toExponential(1).replace("-", "−")].map((text) => make("td", {}, text)));
    }));
  }
  return { root, begin, start, heed };
}

/** What was measured, in words. @param {Curve[]} curves */
export function sentence(curves) {
  const told = curves.filter(({ slope }) => slope !== null).map(({ label, slope }) => `${label} ${/** @type {number} */ (slope).toFixed(2)}`);
  return told.length ? `Measured orders: ${told.join(", ")}.` : "There are too few steps for an order.";
}

/** Powers of four in a scale's domain. @param {import("../lib/scales.js").Linear} scale */
function decades({ domain: [low, high] }) {
  return Array.from({ length: 7 }, (_, k) => 4 ** k).filter((value) => value >= low && value <= high);
}
