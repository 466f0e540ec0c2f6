// Sliders: a range with its label and its value beside it, and what keys do to anything that slides.

import { make } from "./dom.js";

/** @typedef {{ minimum: number, maximum: number, step: number, page?: number }} Bounds page: of Page Up and Page Down */

/** @type {Record<string, (value: number, bounds: Required<Bounds>) => number>} */
const KEYS = {
  ArrowUp: (value, { step }) => value + step,
  ArrowRight: (value, { step }) => value + step,
  ArrowDown: (value, { step }) => value - step,
  ArrowLeft: (value, { step }) => value - step,
  PageUp: (value, { page }) => value + page,
  PageDown: (value, { page }) => value - page,
  Home: (_, { minimum }) => minimum,
  End: (_, { maximum }) => maximum,
};

/** A slider's value after a key, or null where the key does nothing to it. @param {string} key @param {number} value @param {Bounds} bounds */
export function keyed(key, value, bounds) {
  if (!Object.hasOwn(KEYS, key)) return null;
  const { minimum, maximum, step } = bounds;
  const page = bounds.page ?? Math.max(step, step * Math.round((maximum - minimum) / step / 10));
  const moved = KEYS[key](value, { ...bounds, page });
  return Math.min(maximum, Math.max(minimum, Number(moved.toFixed(6)))); // 0.1 + 0.2 is 0.3 here
}

/**
 * A labelled range with its value beside it.
 * @param {object} options
 * @param {string} options.label
 * @param {number} options.minimum
 * @param {number} options.maximum
 * @param {number} [options.step]
 * @param {number} [options.value]
 * @param {string} [options.id] of the whole
 * @param {string} [options.inputId] of the range itself
 * @param {string} [options.className] of the whole
 * @param {boolean} [options.bare] neither label nor value are to be seen: they stand elsewhere
 * @param {(value: number) => string} [options.text] the value, as it stands beside it
 * @param {(value: number) => void} [options.onInput] the visitor moved it
 */
export function slider({ label, minimum, maximum, step = 1, value = minimum, id, inputId, className = "slider", bare = false, text = String, onInput }) {
  const input = make("input", { type: "range", min: minimum, max: maximum, step, value, ...(inputId && { id: inputId }), ...(bare && { "aria-label": label }) });
  const output = make("output", { className: "number" });
  const root = bare ? input : make("label", { className, ...(id && { id }) }, make("span", {}, label), input, output);

  const show = () => (output.textContent = text(Number(input.value)));
  input.addEventListener("input", () => {
    show();
    onInput?.(Number(input.value));
  });
  input.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const bounds = { minimum: Number(input.min), maximum: Number(input.max), step: Number(input.step) };
    const moved = keyed(event.key, Number(input.value), bounds);
    if (moved === null) return;
    event.preventDefault();
    input.value = String(moved);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  show();
  return {
    root,
    input,
    output,
    get value() {
      return Number(input.value);
    },
    /** Show a value that came from elsewhere; touches nothing where it is there already. @param {number} wanted @param {number} [most] another maximum */
    set(wanted, most = Number(input.max)) {
      if (input.max !== String(most)) input.max = String(most);
      if (input.value !== String(wanted)) input.value = String(wanted);
      show();
    },
  };
}
