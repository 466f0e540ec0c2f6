// What can be taken home: the state that is shown as a figure, the way there as a film, and the code.

import { make } from "../lib/dom.js";

/** @import { Views } from "./types.d.ts" */

const FORMATS = { png: "PNG", svg: "SVG", gif: "GIF", mp4: "MP4", code: "Python" };
const FIELDS = ["x0", "eps", "score", "velocity"]; // that figures draw

/** @param {(format: string) => void} onExport */
export function exportsPanel(onExport) {
  const buttons = Object.entries(FORMATS).map(([format, label]) => {
    const button = make("button", { type: "button", title: format === "code" ? "The code that repeats this run, to the last bit" : "With what is shown of paths, field and density", onclick: () => onExport(format) }, label);
    button.dataset.format = format;
    return button;
  });
  return make("div", { className: "plane-buttons plane-exports", role: "group", "aria-label": "Take it home" }, ...buttons);
}

/** What is shown, as figures know it. @param {Views} views */
export function shownOf({ field, of, density, paths }) {
  return { streamlines: field === "streamlines", field: field !== "none" && FIELDS.includes(of) ? of : "none", density: density !== "none", paths: paths !== "none" };
}
