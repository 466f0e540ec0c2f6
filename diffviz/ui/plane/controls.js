// What is asked for: denoiser, sampler, schedule and the rest, as declared.

import { make } from "../lib/dom.js";
import { field } from "../lib/field.js";

/** @import { Field } from "../lib/field.js" */
/** @import { SettingFacts, Values } from "../lib/types.d.ts" */
/** @import { Cloud, Facts } from "./types.d.ts" */

const FIRST = ["word", "denoiser", "sampler", "steps", "count"];
const GUIDED = ["what", "guidance", "guidance_from", "guidance_to"];
const FOLDED = ["points", "blur", "schedule", "spacing", "T", "zero_terminal_snr", "seed"];
const NO_SAMPLER = { name: "", label: "None" };

/** @param {Facts} facts @param {(name: string) => void} onChange */
export function controlsPanel(facts, onChange) {
  /** @type {Record<string, Field>} */
  const fields = {};
  const empty = { T: "1000", seed: "0" };
  for (const name of [...FIRST, ...GUIDED, ...FOLDED]) {
    const own = name === "denoiser" ? facts.denoisers : name === "what" ? [{ name: "", label: "All" }] : undefined;
    const setting = facts.settings[name];
    const choices = own ?? (name === "schedule" ? facts.schedules : setting.choices);
    fields[name] = field("plane", setting, () => changed(name), { choices, empty: empty[/** @type {"T" | "seed"} */ (name)] ?? "" });
  }
  fields.beside = field("plane", { name: "beside", kind: "text", label: "Beside it", default: "", help: "A second sampler, from the same noise" }, () => changed("beside"), { choices: [NO_SAMPLER, ...facts.samplers] });
  const own = { schedule: parameters("schedule_parameters", facts.schedules), sampler: parameters("sampler_parameters", facts.samplers) };

  /** The parameters of what is chosen, one of several. @param {string} name @param {{ name: string, parameters: SettingFacts[] }[]} kinds */
  function parameters(name, kinds) {
    const all = Object.fromEntries(
      kinds.map((kind) => [kind.name, kind.parameters.map((one) => ({ name: one.name, field: field("plane", { ...one, name: `${kind.name}-${one.name}` }, () => changed(name)) }))]),
    );
    const root = make("div", { className: "plane-own", "data-setting": `plane-${name}` }, ...Object.values(all).flat().map((one) => one.field.root));
    return {
      root,
      /** @param {string} chosen */
      show(chosen) {
        for (const [kind, list] of Object.entries(all)) for (const one of list) one.field.root.hidden = kind !== chosen;
        root.hidden = !all[chosen].length;
      },
      /** @param {string} chosen */
      values: (chosen) => Object.fromEntries(all[chosen].map((one) => [one.name, one.field.value])),
      /** Those that differ from where they begin. @param {string} chosen */
      said(chosen) {
        const begin = kinds.find((kind) => kind.name === chosen)?.parameters ?? [];
        const differ = all[chosen].filter((one, k) => one.field.value !== begin[k].default);
        return Object.fromEntries(differ.map((one) => [one.name, one.field.value]));
      },
      /** @param {string} chosen @param {Values} wanted */
      set(chosen, wanted) {
        const begin = kinds.find((kind) => kind.name === chosen)?.parameters ?? [];
        all[chosen].forEach((one, k) => (one.field.value = wanted[one.name] ?? begin[k].default));
      },
    };
  }

  const details = make("details", { className: "plane-more", id: "plane-more" }, make("summary", {}, "More settings"),
    make("div", { className: "plane-fields" }, ...FOLDED.map((name) => fields[name].root), own.schedule.root));
  const guided = make("div", { className: "plane-fields" }, ...GUIDED.map((name) => fields[name].root));
  const root = make("div", { className: "plane-controls" },
    make("div", { className: "plane-fields" }, ...FIRST.map((name) => fields[name].root), fields.beside.root, own.sampler.root),
    guided, details);

  /** @param {string} name */
  function changed(name) {
    update();
    onChange(name);
  }

  function update() {
    own.schedule.show(fields.schedule.value);
    own.sampler.show(fields.sampler.value);
    const some = fields.what.value !== "";
    for (const name of GUIDED.slice(1)) fields[name].root.hidden = !some;
  }

  /** The settings as the server takes them. */
  function values() {
    const all = Object.fromEntries([...FIRST, ...GUIDED, ...FOLDED].map((name) => [name, fields[name].value]).filter(([, value]) => value !== null));
    return { ...all, schedule_parameters: own.schedule.values(fields.schedule.value), sampler_parameters: own.sampler.values(fields.sampler.value) };
  }

  /** As `values`, by the names that links know them by. */
  function linked() {
    const { schedule, sampler, beside } = fields;
    return { ...values(), beside: beside.value, schedule_parameters: own.schedule.said(schedule.value), sampler_parameters: own.sampler.said(sampler.value) };
  }

  /** @param {Values} wanted */
  function set(wanted) {
    for (const name of [...FIRST, ...GUIDED, ...FOLDED, "beside"]) if (name in wanted) fields[name].value = wanted[name];
    own.schedule.set(fields.schedule.value, wanted.schedule_parameters);
    own.sampler.set(fields.sampler.value, wanted.sampler_parameters);
    update();
  }

  /** Which denoisers there are. @param {{ learned: boolean, yours: boolean }} known */
  function offer(known) {
    const missing = Object.entries(known).filter(([, there]) => !there).map(([name]) => name);
    fields.denoiser.disable?.(missing, "there is none of these data");
    if (missing.includes(fields.denoiser.value)) fields.denoiser.value = "mixture";
  }

  /** What goes with other data. @param {Cloud} cloud */
  function suit(cloud) {
    const select = /** @type {HTMLSelectElement} */ (fields.what.root.querySelector("select"));
    select.replaceChildren(...["", ...cloud.classes].map((name) => make("option", { value: name }, name || "All")));
    guided.hidden = !cloud.classes.length;
    fields.blur.root.hidden = cloud.modes.length > 0;
    fields.word.root.hidden = cloud.name !== "word";
    update();
  }

  fields.word.root.hidden = true;
  update();
  return { root, fields, values, linked, set, suit, offer };
}
