// Which data: a shape, the letters of a word, or points of one's own.

import { make } from "../lib/dom.js";
import { context2d, float16 } from "../lib/pixels.js";

/** @import { Facts } from "./types.d.ts" */

const SIDE = 108; // pixels of a thumbnail
const REACH = 2.2;

/** @param {Facts} facts @param {(name: string) => void} onChoose */
export function dataPanel(facts, onChoose) {
  const buttons = facts.data.map(({ name, label, points }) => {
    const button = make("button", { type: "button", className: "plane-data", title: label, "aria-label": label, "data-data": name, onclick: () => onChoose(name) });
    const drawn = points ? thumbnail(float16(points)) : make("span", {}, name === "word" ? "Abc" : "✎");
    button.append(drawn);
    return button;
  });
  const root = make("div", { className: "plane-sources", role: "group", "aria-label": "Data" }, ...buttons);

  /** @param {string} chosen */
  function update(chosen) {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.data === chosen));
  }
  return { root, update };
}

/** @param {Float32Array} points */
function thumbnail(points) {
  const canvas = make("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
  const context = context2d(canvas);
  // As dark as the page's text in light, and as light as it in dark: CSS inverts it.
  context.fillStyle = "#555e72";
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i], -points[i + 1]].map((value) => ((value + REACH) / (2 * REACH)) * SIDE);
    context.fillRect(x - 1.5, y - 1.5, 3, 3);
  }
  return canvas;
}
