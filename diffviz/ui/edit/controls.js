// What is asked for: the task, the method with what it costs, and their settings, as declared.

import { make } from "../lib/dom.js";
import { slider } from "../lib/slider.js";

/** @import { DenoiserFacts, Facts, MethodFacts, SettingFacts, TaskFacts } from "./types.d.ts" */
/** @typedef {{ root: HTMLElement, value: any, disable?: (names: string[]) => void }} Field */

const ADVANCED = ["degrade", "size", "begin", "steps", "count", "seed"];
const COMMON = ["task", "method", "denoiser"];

/** onChange(): something else is asked for. @param {Facts} facts @param {() => void} onChange */
export function controlsPanel(facts, onChange) {
  /** @type {Record<string, Field>} */
  const fields = {};
  const note = make("p", { id: "edit-says", className: "muted" });
  const cost = make("p", { id: "edit-cost", className: "number muted" });
  const words = make("input", { type: "text", id: "edit-words", maxLength: 400 });
  const thing = make("select", { id: "edit-thing" });
  const negative = make("input", { type: "text", id: "edit-negative", maxLength: 400 });
  /** @param {string} label @param {HTMLElement} input */
  const labelled = (label, input) => make("label", { className: "edit-field" }, make("span", {}, label), input);
  const saying = { words: labelled("In your words", words), thing: labelled("Make it", thing), negative: labelled("But not", negative) };

  const own = [...new Set(facts.tasks.flatMap(({ parameters }) => parameters))];
  for (const name of [...COMMON, ...own, ...ADVANCED, "guidance"]) fields[name] = field(facts.settings[name], changed, choicesOf(name));
  const bar = COMMON.map((name) => fields[name].root);
  const root = make("div", { className: "edit-controls" }, note, cost,
    saying.words, saying.thing, saying.negative, fields.guidance.root, ...[...own, ...ADVANCED].map((name) => fields[name].root));

  /** @param {string} name @returns {{ name: any, label: string }[] | undefined} */
  function choicesOf(name) {
    if (name === "denoiser") return facts.denoisers;
    if (name === "method") return facts.methods.map((one) => ({ name: one.name, label: `${one.label}: ${price(one)}` }));
    return undefined;
  }

  const task = () => /** @type {TaskFacts} */ (facts.tasks.find(({ name }) => name === fields.task.value));
  const method = () => /** @type {MethodFacts} */ (facts.methods.find(({ name }) => name === fields.method.value));
  const denoiser = () => /** @type {DenoiserFacts} */ (facts.denoisers.find(({ name }) => name === fields.denoiser.value));
  const said = () => (denoiser().speaks ? words.value : denoiser().things.length ? thing.value : "");

  for (const input of [words, negative]) input.addEventListener("input", changed);
  thing.addEventListener("change", changed);

  function changed() {
    update();
    onChange();
  }

  let of = "";
  function update() {
    const { parameters, says, degrades, holes, free } = task();
    const { speaks, things, name, example, negative: usual, any, shape: [channels, height, width] } = denoiser();
    if (of !== name) {
      of = name;
      words.value = example;
      negative.value = usual;
      thing.replaceChildren(...things.map((value) => make("option", { value }, value)));
    }
    fields.method.disable?.(facts.methods.filter((one) => one.holes && !holes).map((one) => one.name));
    if (method().holes && !holes) fields.method.value = facts.methods.find((one) => !one.holes)?.name;
    fields.method.root.hidden = fields.begin.root.hidden = free;
    for (const one of own) fields[one].root.hidden = !parameters.includes(one);
    fields.degrade.root.hidden = !degrades;
    fields.size.root.hidden = !any;
    saying.words.hidden = saying.negative.hidden = !speaks;
    saying.thing.hidden = !things.length;
    fields.guidance.root.hidden = !speaks && (!things.length || thing.value === things[0]);
    note.textContent = any ? says : `${says} This denoiser works on ${width} × ${height} pixels, ${channels === 1 ? "grey" : "in colour"}: of a larger picture the centre is taken.`;
    const steps = fields.steps.value;
    const each = (free ? 1 : method().cost) * (fields.guidance.root.hidden || Number(fields.guidance.value) === 1 ? 1 : 2);
    cost.textContent = `${steps} steps × ${each} = ${steps * each} network evaluations for each result${!free && method().gradients ? "; a gradient counts for two" : ""}.`;
  }

  /** The settings as the server takes them. */
  function values() {
    const shown = Object.entries(fields).filter(([name, one]) => !one.root.hidden || COMMON.includes(name));
    const all = Object.fromEntries(shown.map(([name, one]) => [name, one.value]).filter(([, value]) => value !== null));
    return { ...all, what: said(), ...(denoiser().speaks && { negative: negative.value }) };
  }

  update();
  return { root, bar, values, task };
}

/** What a method costs. @param {MethodFacts} method */
function price({ cost, gradients }) {
  return `${cost} evaluation${cost === 1 ? "" : "s"} a step${gradients ? ", gradients" : ""}`;
}

/** A setting's control. @param {SettingFacts} setting @param {() => void} onChange @param {{ name: any, label: string }[]} [choices] @returns {Field} */
function field(setting, onChange, choices = setting.choices) {
  const { name, kind, help = "", minimum, maximum, step, unit = "" } = setting;
  const label = setting.label.charAt(0).toUpperCase() + setting.label.slice(1);
  const number = kind === "number" || kind === "whole";
  if (choices) {
    const options = choices.map((one) => make("option", { value: String(one.name) }, one.label));
    const input = make("select", { id: `edit-${name}`, onchange: onChange }, ...options);
    input.value = String(setting.default);
    return {
      root: make("label", { className: "edit-field", title: help }, make("span", {}, label), input),
      get value() { return number ? Number(input.value) : input.value; },
      set value(wanted) { input.value = String(wanted); },
      disable: (names) => options.forEach((one) => (one.disabled = names.includes(one.value))),
    };
  }
  if (kind === "flag") {
    const input = make("input", { type: "checkbox", id: `edit-${name}`, checked: setting.default, onchange: onChange });
    return {
      root: make("label", { className: "edit-flag", title: help }, input, ` ${label}`),
      get value() { return input.checked; },
      set value(wanted) { input.checked = wanted; },
    };
  }
  if (setting.default === null || maximum === undefined || minimum === undefined || !step || (maximum - minimum) / step > 10_000) {
    const input = make("input", { type: "number", id: `edit-${name}`, min: minimum, max: maximum, step, value: setting.default ?? "", placeholder: name === "begin" ? "what suits" : "none, or found", oninput: onChange });
    return {
      root: make("label", { className: "edit-field", title: help }, make("span", {}, label, unit && ` (${unit})`), input),
      get value() { return input.value === "" ? null : Number(input.value); },
      set value(wanted) { input.value = String(wanted ?? ""); },
    };
  }
  const range = slider({
    label, minimum, maximum, step, value: setting.default, inputId: `edit-${name}`, className: "edit-slider",
    text: (value) => (unit ? `${value} ${unit}` : String(value)), onInput: onChange,
  });
  range.root.title = help;
  return {
    root: range.root,
    get value() { return range.value; },
    set value(wanted) { range.set(wanted); },
  };
}
