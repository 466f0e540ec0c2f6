// At a race's end: how fast its samplers come nearer to where the exact path ends with more steps, on
// log axes; measured at a press alone, of a few of the samples.

import { make } from "../lib/dom.js";
import { ordersFigure, sentence } from "../lib/orders.js";
import { MEASURED } from "./state.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { SampleState } from "./state.js" */
/** @import { Orders, SampleServer } from "./types.d.ts" */

/** @param {SampleState} state @param {LiveView<SampleServer>["trigger"]} trigger */
export function ordersPanel(state, trigger) {
  const button = make("button", { type: "button", id: "sample-slopes", onclick: measure });
  const told = make("p", { className: "muted", role: "status" });
  const shown = make("div");
  const root = make("div", { className: "sample-orders", hidden: true }, button, told, shown);
  /** @type {ReturnType<typeof ordersFigure> | null} */
  let figure = null;

  function measure() {
    const { run } = state;
    if (!run) return;
    if (run.measuring === "orders") {
      run.orders = null;
      trigger("halt");
    } else {
      run.orders = { runs: [] };
      trigger("refer", { run: run.number, kind: "orders" });
    }
    state.change("orders");
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    const { run } = state;
    if (!run || !["run", "frames", ...MEASURED].some((what) => changed.has(what))) return;
    const { start: { drawing = [], reference = 0 }, orders } = run;
    root.hidden = run.lanes.length < 2 || !run.complete || run.lanes.every((_, k) => drawing[k]);
    if (root.hidden) return;
    button.textContent = run.measuring === "orders" ? "Stop measuring" : "Plot the distance over the number of steps";
    button.hidden = Boolean(orders?.curves);
    button.disabled = ![null, "orders"].includes(run.measuring);
    root.dataset.points = String(orders?.runs.length ?? 0);
    told.textContent = orders ? progress(orders, reference) : "";
    if (!orders?.runs.length) {
      figure = null;
      return shown.replaceChildren();
    }
    if (!figure) {
      const samplers = (orders.samplers ?? []).map(({ name }) => name);
      figure = ordersFigure({ id: "sample-orders", label: `Distance to the end of ${reference} steps`, caption: "Nearest: the least distance, root mean square over pixels in −1..1", samplers });
      shown.replaceChildren(figure.root);
    }
    figure.draw(orders.runs);
    if (orders.curves) figure.conclude(orders.curves);
  }
  return { root, update };
}

/** @param {Orders} orders @param {number} steps of the reference */
function progress({ waiting, index = 0, failed, samplers = [], runs, curves }, steps) {
  if (failed) return failed;
  if (curves) return `${sentence(curves)} Each is the slope at its finest steps: a sampler of order p comes 2ᵖ times nearer with twice the steps, until the network's own rounding and the last step to clean data show.`;
  const last = runs.at(-1);
  if (last) return `${samplers.find(({ name }) => name === last.sampler)?.label ?? last.sampler}, ${last.steps} steps`;
  return waiting ? `diffviz is busy: you are number ${waiting} in line.` : `The end to measure against: step ${index} of ${steps} …`;
}
