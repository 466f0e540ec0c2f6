// Challenges: what a visitor did elsewhere in the app, or claims, checked.

import { make } from "../../lib/dom.js";
import { alphaBar, DRAWN, makeSchedule } from "../../lib/schedules.js";
import { slider } from "../../lib/slider.js";
import { store } from "../../lib/store.js";
import { button } from "../drawn.js";

/** @import { Experiment, Found } from "../types.d.ts" */

const T = 1000;
const MOST = 0.1;

/** Whether a drawn schedule has drowned the picture by T/2. @param {number[] | undefined} handles @returns {Found} */
export function drownedByHalf(handles) {
  if (!handles) return { outcome: "none", measured: {} };
  const bar = alphaBar(makeSchedule(DRAWN, T, { handles }), T / 2);
  return { outcome: bar < MOST ? "met" : "not", measured: { bar, most: MOST } };
}

/** @type {Experiment} */
export function halfway({ found }) {
  return { root: button("Check my schedule", () => found(drownedByHalf(store.get("handles")))) };
}

/** @type {Experiment} */
export function fewest({ run }) {
  const steps = slider({ label: "Steps", minimum: 2, maximum: 60, value: 10 });
  return { root: make("div", {}, steps.root, button("Check my answer", () => run({ steps: steps.value }))) };
}
