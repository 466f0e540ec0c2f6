// The drawn schedule's editor: handles on the ᾱ curve, moved by pointer or by keyboard.

import { set, svg } from "../lib/dom.js";
import { keyed } from "../lib/slider.js";
import { store } from "../lib/store.js";
import { onDrag, placeOf } from "../lib/plot.js";

/** @import { Plot } from "../lib/plot.js" */

export const FIRST_HANDLES = [1, 0.97, 0.86, 0.66, 0.42, 0.2, 0.07, 0.01];
const GAP = 0.002; // neighbours stay this far apart, so that the curve falls strictly
const BOUNDS = { minimum: 0, maximum: 1, step: 0.01, page: 0.05 };

/** The curve drawn last time in this browser, or a first one. */
export function storedHandles() {
  const handles = store.get("handles");
  return isCurve(handles) ? handles : [...FIRST_HANDLES];
}

/** Whether it falls strictly from 1 and stays above 0. @param {unknown} handles @returns {handles is number[]} */
export function isCurve(handles) {
  return (
    Array.isArray(handles) &&
    handles.length === FIRST_HANDLES.length &&
    handles.every((h, i) => Number.isFinite(h) && (i === 0 ? h === 1 : h < handles[i - 1])) &&
    handles.at(-1) > 0
  );
}

/** Handles that follow a function of t/T as closely as falling strictly allows. @param {(share: number) => number} alphaBar */
export function handlesAlong(alphaBar) {
  const count = FIRST_HANDLES.length;
  const handles = FIRST_HANDLES.map((_, k) => alphaBar(k / (count - 1)));
  handles[0] = 1;
  for (let k = 1; k < count; k++) handles[k] = below(handles, k);
  return handles;
}

/** Handle k's value, kept below its left neighbour, with room for those still to come. @param {number[]} handles @param {number} k */
function below(handles, k) {
  const low = GAP * (handles.length - k);
  return Number(Math.min(handles[k - 1] - GAP, Math.max(low, handles[k])).toFixed(4));
}

/** Set handle k to value, as near as its neighbours allow; returns a new list. @param {number[]} handles @param {number} k @param {number} value */
export function moveHandle(handles, k, value) {
  const low = k === handles.length - 1 ? GAP : handles[k + 1] + GAP;
  const high = handles[k - 1] - GAP;
  const moved = [...handles];
  moved[k] = Number(Math.min(high, Math.max(low, value)).toFixed(4));
  return moved;
}

/** Handles on a curvePlot; onMove(k, ᾱ) is called as one is moved. update(handles, T, shown). @param {Plot} plot @param {(k: number, alphaBar: number) => void} onMove */
export function handleEditor(plot, onMove) {
  const count = FIRST_HANDLES.length;
  const group = svg("g", { class: "handles" });
  /** @type {SVGCircleElement[]} */
  const circles = [];
  let current = [...FIRST_HANDLES];
  for (let k = 1; k < count; k++) {
    const circle = svg("circle", {
      id: `forward-handle-${k}`,
      r: 8,
      tabindex: 0,
      role: "slider",
      "aria-orientation": "vertical",
      "aria-valuemin": 0,
      "aria-valuemax": 1,
    });
    /** @param {MouseEvent} event */
    const bar = (event) => plot.y.invert(placeOf(plot.root, event).y);
    circle.addEventListener("pointerdown", (event) => event.stopPropagation());
    onDrag(circle, (event) => {
      event.stopPropagation();
      circle.focus({ preventScroll: true });
      onMove(k, bar(event));
    });
    circle.addEventListener("keydown", (event) => {
      const moved = keyed(event.key, current[k], BOUNDS);
      if (moved === null) return;
      event.preventDefault();
      onMove(k, moved);
    });
    circles.push(circle);
  }
  group.append(...circles);
  plot.front.append(group);

  /** @param {number[]} handles @param {number} T @param {boolean} shown */
  function update(handles, T, shown) {
    if (!shown && group.style.display === "none") return;
    current = handles;
    group.style.display = shown ? "" : "none";
    // Inside an image, what can be focused would be hidden from assistive technology.
    plot.root.setAttribute("role", shown ? "group" : "img");
    circles.forEach((circle, i) => {
      const k = i + 1;
      const t = (k * T) / (count - 1);
      set(circle, {
        cx: plot.x.at(t), cy: plot.y.at(handles[k]), "aria-valuenow": handles[k], "aria-label": `ᾱ at t = ${Math.round(t)}`,
      });
    });
  }
  return { update };
}
