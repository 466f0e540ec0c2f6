// Which of all that can be seen is shown.

import { make } from "../lib/dom.js";
import { FIELDS } from "./fields.js";

/** @import { Views } from "./types.d.ts" */

const FLAGS = /** @type {const} */ ({ points: "Samples", data: "Data", guesses: "x̂0 of each sample", straight: "Straight paths" });
const CHOICES = /** @type {const} */ ({
  paths: ["Paths walked", { none: "None", all: "All", chosen: "Of those clicked" }],
  field: ["Field", { none: "None", arrows: "Arrows", streamlines: "Streamlines" }],
  of: ["Field of", FIELDS],
  density: ["Density pₜ", { none: "None", shade: "Shade", contours: "Contours" }],
});

/** @param {Views} views changed in place @param {() => void} onChange */
export function looksPanel(views, onChange) {
  const flags = Object.entries(FLAGS).map(([name, label]) => {
    const key = /** @type {keyof typeof FLAGS} */ (name);
    const input = make("input", { type: "checkbox", id: `plane-show-${name}`, checked: views[key] });
    input.addEventListener("change", () => {
      views[key] = input.checked;
      onChange();
    });
    return make("label", { className: "plane-flag" }, input, ` ${label}`);
  });
  const choices = Object.entries(CHOICES).map(([name, [label, options]]) => {
    const input = make("select", { id: `plane-show-${name}` }, ...Object.entries(options).map(([value, text]) => make("option", { value }, text)));
    input.value = String(views[/** @type {keyof Views} */ (name)]);
    input.addEventListener("change", () => {
      Object.assign(views, { [name]: input.value });
      onChange();
    });
    return make("label", { className: "plane-field" }, make("span", {}, label), input);
  });
  return make("div", { className: "plane-looks", role: "group", "aria-label": "What is shown" }, make("div", { className: "plane-flags" }, ...flags), make("div", { className: "plane-fields" }, ...choices));
}
