// Samplers against the truth: how far each ends from the exact solution.

import { make } from "../lib/dom.js";
import { ordersFigure, sentence } from "../lib/orders.js";

/** @import { Facts, PlaneMessage } from "./types.d.ts" */
/** @import { Distance, OrderCurve, Values } from "../lib/types.d.ts" */

/** Of a run's settings those that matter to where the exact way leads. */
const SHARED = ["data", "points", "word", "drawn", "denoiser", "blur", "what", "guidance", "guidance_from", "guidance_to", "seed"];

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
  /** @type {ReturnType<typeof ordersFigure> | null} */
  let figure = null;
  const shown = make("div");
  const root = make("details", { className: "plane-more plane-convergence", id: "plane-convergence" },
    make("summary", {}, "Samplers against the truth"),
    make("p", { className: "muted" }, `From one xₜ at t = T, each sampler in ${at.default[0]} to ${at.default.at(-1)} steps over the noise levels of Karras et al., down to t = 1; the exact end is the probability-flow ODE's, integrated to 1e-8. A sampler of order p comes 2ᵖ times nearer with twice the steps.`),
    make("div", { className: "plane-flags", role: "group", "aria-label": "Samplers to compare" }, ...ticks.map((tick) => tick.root)),
    make("div", { className: "plane-buttons" }, begin), said, shown);
  let id = -1;
  /** @type {Distance[]} */
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
    figure = null;
    shown.replaceChildren();
    root.dataset.state = "running";
    said.textContent = "Looking for the exact end …";
    id = ask({ ...shared(settings), samplers });
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
      figure ??= begun();
      figure.draw(runs);
    }
    if (told.converged) conclude(told.converged);
  }

  /** @param {string} name */
  const labelOf = (name) => known.find((one) => one.name === name)?.label ?? name;

  function begun() {
    const made = ordersFigure({
      id: "plane-orders",
      label: "Distance to the exact solution",
      caption: "Nearest: the least distance to the exact end, the median over the samples",
      samplers: known.map(({ name }) => name),
    });
    shown.replaceChildren(made.root);
    return made;
  }

  /** @param {OrderCurve[]} found */
  function conclude(found) {
    root.dataset.state = "done";
    said.textContent = sentence(found);
    figure?.conclude(found);
  }
  return { root, begin, start, heed };
}
