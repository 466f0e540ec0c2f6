// The settings of a contest to be run: a field for each, made from what the server tells of them.

import { make } from "../lib/dom.js";

/** @import { ContestFacts, Facts } from "./contests.d.ts" */

/**
 * @param {ContestFacts} facts
 * @param {(settings: Record<string, unknown>) => void} onStart
 */
export function contestForm({ kind, settings, open }, onStart) {
  const fields = settings.map(fieldOf);
  const advanced = fields.filter((_, i) => settings[i].advanced);
  const start = make("button", { type: "submit", disabled: !open }, kind === "race" ? "Run this race" : "Run this translation");
  const form = make("form", { className: "contest-form" },
    make("div", { className: "contest-fields" }, ...fields.filter((field) => !advanced.includes(field)).map(({ root }) => root)),
    make("details", {}, make("summary", {}, "All settings"), make("div", { className: "contest-fields" }, ...advanced.map(({ root }) => root))),
    make("div", { className: "player-files" }, start, make("span", { className: "muted" },
      open ? "It runs in the background and survives a reload." : "Running one is switched off on this server.")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onStart(Object.fromEntries(fields.map((field) => [field.name, field.value])));
  });
  const root = make("details", { className: "contest-run" }, make("summary", {}, "Run one of your own, from these settings"), form);

  /** Show a contest's settings. @param {Record<string, unknown>} said those that differ from the defaults */
  function fill(said) {
    fields.forEach((field, i) => field.set(said[field.name] ?? settings[i].default));
  }
  return { root, fill };
}

/** @param {Facts} facts */
function fieldOf(facts) {
  if (facts.kind === "list") return choiceOfSeveral(facts);
  const input = facts.choices ? select(facts.choices) : make("input", { type: "number", step: "any", min: facts.minimum ?? "", max: facts.maximum ?? "" });
  input.name = facts.name;
  input.value = String(facts.default);
  const root = make("label", { title: facts.help }, make("span", {}, facts.label), input);
  return {
    name: facts.name,
    root,
    get value() {
      return facts.choices ? input.value : Number(input.value);
    },
    /** @param {unknown} value */
    set: (value) => (input.value = String(value)),
  };
}

/** @param {{ name: string, label: string }[]} choices */
function select(choices) {
  return make("select", {}, ...choices.map(({ name, label }) => make("option", { value: name }, label)));
}

/** @param {Facts} facts its default is all that there are */
function choiceOfSeveral(facts) {
  const names = /** @type {string[]} */ (facts.default);
  const boxes = names.map((name) => make("input", { type: "checkbox", value: name, checked: true }));
  const root = make("fieldset", { title: facts.help }, make("legend", {}, facts.label),
    ...boxes.map((box) => make("label", {}, box, ` ${box.value}`)));
  return {
    name: facts.name,
    root,
    get value() {
      return boxes.filter((box) => box.checked).map((box) => box.value);
    },
    /** @param {unknown} value */
    set: (value) => boxes.forEach((box) => (box.checked = /** @type {string[]} */ (value).includes(box.value))),
  };
}
