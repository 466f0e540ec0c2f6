// A setting's control, as it is declared in Python (settings.py) and told by Setting.facts.

import { make } from "./dom.js";
import { slider } from "./slider.js";
import { capital } from "./text.js";

/** @import { SettingFacts } from "./types.d.ts" */
/**
 * disable(names, why): those cannot be chosen. offer(choices): there are others now. limit(most): of a slider, for now.
 * @typedef {{ name: any, label: string }} Choice
 * @typedef {{ root: HTMLElement, value: any, disable?: (names: string[], why: string) => void, offer?: (choices: Choice[]) => void, limit?: (most: number) => void }} Field
 */

const MOST_STOPS = 10_000; // of a slider

/**
 * The control `TAB-NAME` of a setting; with its label it is what links leave out by that name.
 * @param {string} tab the beginning of ids and class names
 * @param {SettingFacts} setting
 * @param {() => void} onChange
 * @param {{ choices?: Choice[], empty?: string }} [options]
 *   choices: in place of its own; empty: what a number means that is not said
 * @returns {Field}
 */
export function field(tab, setting, onChange, options) {
  const made = control(tab, setting, onChange, options);
  made.root.dataset.setting = `${tab}-${setting.name}`;
  return made;
}

/** @type {typeof field} */
function control(tab, setting, onChange, { choices = setting.choices, empty = "" } = {}) {
  const { name, kind, help = "", minimum, maximum, step, unit = "" } = setting;
  const label = capital(setting.label);
  const number = kind === "number" || kind === "whole";
  const id = `${tab}-${name}`;
  /** @param {HTMLElement} input */
  const labelled = (input) =>
    make("label", { className: `${tab}-field`, title: help }, make("span", {}, label, unit && ` (${unit})`), input);
  if (choices) {
    const input = make("select", { id, onchange: onChange });
    /** @type {Choice[]} */
    let offered = [];
    /** @param {Choice[]} others */
    const offer = (others) => {
      const { value } = input;
      offered = others;
      input.replaceChildren(...others.map((one) => make("option", { value: String(one.name) }, one.label)));
      if (others.some((one) => String(one.name) === value)) input.value = value;
    };
    offer(choices);
    input.value = String(setting.default);
    return {
      offer,
      root: labelled(input),
      get value() { return number ? Number(input.value) : input.value; },
      set value(wanted) { input.value = String(wanted); },
      disable: (names, why) => [...input.options].forEach((one, i) => {
        one.disabled = names.includes(one.value);
        one.textContent = offered[i].label + (one.disabled ? ` (${why})` : "");
      }),
    };
  }
  if (kind === "flag") {
    const input = make("input", { type: "checkbox", id, checked: setting.default, onchange: onChange });
    return {
      root: make("label", { className: `${tab}-flag`, title: help }, input, ` ${label}`),
      get value() { return input.checked; },
      set value(wanted) { input.checked = wanted; },
    };
  }
  if (kind === "text") {
    const input = make("input", { type: "text", id, value: setting.default ?? "", maxLength: 400, oninput: onChange });
    return {
      root: labelled(input),
      get value() { return input.value; },
      set value(wanted) { input.value = String(wanted); },
    };
  }
  if (setting.default === null || maximum === undefined || minimum === undefined || !step || (maximum - minimum) / step > MOST_STOPS) {
    const input = make("input", { type: "number", id, min: minimum, max: maximum, step: step ?? "any", value: setting.default ?? "", placeholder: empty, oninput: onChange, onchange: settle });
    return {
      root: labelled(input),
      get value() { return input.value === "" ? null : Number(input.value); },
      set value(wanted) { input.value = String(wanted ?? ""); },
    };
  }
  /** Show what is run: within the bounds, and whole where it must be. @this {HTMLInputElement} */
  function settle() {
    if (this.value === "") return;
    const near = kind === "whole" ? Math.round(Number(this.value)) : Number(this.value);
    this.value = String(Math.min(maximum ?? Infinity, Math.max(minimum ?? -Infinity, near)));
    onChange();
  }
  const range = slider({
    label, minimum, maximum, step, value: setting.default, inputId: id, className: `${tab}-slider`,
    text: (value) => (unit ? `${value} ${unit}` : String(value)), onInput: onChange,
  });
  range.root.title = help;
  return {
    root: range.root,
    get value() { return range.value; },
    set value(wanted) { range.set(wanted); },
    limit: (most) => range.set(Math.min(range.value, most), most),
  };
}
