// What is asked for: the task, the method with what it costs, and their settings, as declared.

import { make } from "../lib/dom.js";
import { counted } from "../lib/text.js";
import { field } from "../lib/field.js";
import { resultSides } from "./size.js";

/** @import { Field } from "../lib/field.js" */
/** @import { Values } from "../lib/types.d.ts" */
/** @import { DenoiserFacts, Facts, MethodFacts, TaskFacts } from "./types.d.ts" */
/** @import { Sides } from "./size.js" */

const ADVANCED = ["degrade", "size", "begin", "steps", "count", "seed"];
const COMMON = ["task", "method", "denoiser"];

/** onChange(): something else is asked for. @param {Facts} facts @param {() => void} onChange */
export function controlsPanel(facts, onChange) {
  /** @type {Record<string, Field>} */
  const fields = {};
  let { denoisers } = facts;
  const mostResults = Number(facts.settings.count.maximum);
  /** @type {Sides} */
  let picture = [1, 1];
  const note = make("p", { id: "edit-says", className: "muted" });
  const cost = make("p", { id: "edit-cost", className: "number muted" });
  const words = make("input", { type: "text", id: "edit-words", maxLength: 400 });
  const thing = make("select", { id: "edit-thing" });
  const negative = make("input", { type: "text", id: "edit-negative", maxLength: 400 });
  /** @param {string} label @param {HTMLElement} input */
  const labelled = (label, input) => make("label", { className: "edit-field" }, make("span", {}, label), input);
  const saying = { words: labelled("In your words", words), thing: labelled("Make it", thing), negative: labelled("But not", negative) };

  const own = [...new Set(facts.tasks.flatMap(({ parameters }) => parameters))];
  for (const name of [...COMMON, ...own, ...ADVANCED, "guidance"]) fields[name] = field("edit", facts.settings[name], changed, { choices: choicesOf(name), empty: name === "begin" ? "what suits" : "none, or found" });
  const bar = COMMON.map((name) => fields[name].root);
  const root = make("div", { className: "edit-controls" }, note, cost,
    saying.words, saying.thing, saying.negative, fields.guidance.root, ...[...own, ...ADVANCED].map((name) => fields[name].root));

  /** @param {string} name @returns {{ name: any, label: string }[] | undefined} */
  function choicesOf(name) {
    if (name === "denoiser") return denoisers;
    if (name === "method") return facts.methods.map((one) => ({ name: one.name, label: `${one.label}: ${price(one)}` }));
    return undefined;
  }

  const task = () => /** @type {TaskFacts} */ (facts.tasks.find(({ name }) => name === fields.task.value));
  const method = () => /** @type {MethodFacts} */ (facts.methods.find(({ name }) => name === fields.method.value));
  const denoiser = () => /** @type {DenoiserFacts} */ (denoisers.find(({ name }) => name === fields.denoiser.value));
  const said = () => (denoiser().speaks ? words.value : denoiser().things.length ? thing.value : "");

  for (const input of [words, negative]) input.addEventListener("input", changed);
  thing.addEventListener("change", changed);

  function changed() {
    update();
    onChange();
  }

  let of = "";
  function update() {
    const { speaks, things, name, example, negative: usual, any, latent, shape: [channels, height, width] } = denoiser();
    fields.task.disable?.(latent ? facts.tasks.filter((one) => !one.holes).map((one) => one.name) : [], "not in latents");
    if (latent && !task().holes) fields.task.value = facts.tasks.find((one) => one.holes)?.name;
    const { parameters, says, degrades, holes, free } = task();
    if (of !== name) {
      of = name;
      words.value = example;
      negative.value = usual;
      thing.replaceChildren(...things.map((value) => make("option", { value }, value)));
    }
    fields.method.disable?.(facts.methods.filter((one) => one.holes && !holes).map((one) => one.name), "only where a hole is filled");
    if (method().holes && !holes) fields.method.value = facts.methods.find((one) => !one.holes)?.name;
    fields.method.root.hidden = fields.begin.root.hidden = free;
    for (const one of own) fields[one].root.hidden = !parameters.includes(one);
    fields.degrade.root.hidden = !degrades;
    fields.size.root.hidden = !any;
    saying.words.hidden = saying.negative.hidden = !speaks;
    saying.thing.hidden = !things.length;
    fields.guidance.root.hidden = !speaks && (!things.length || thing.value === things[0]);
    note.textContent = any ? says : `${says} This denoiser works on ${width} × ${height} pixels, ${channels === 1 ? "grey" : "in colour"}: of a larger picture the centre is taken.`;
    const [high, wide] = resultSides(picture, task(), denoiser(), rest());
    const most = Math.max(1, Math.min(mostResults, Math.floor(facts.mostPixels / (high * wide))));
    fields.count.limit?.(most);
    const steps = fields.steps.value;
    const each = (free ? 1 : method().cost) * (fields.guidance.root.hidden || Number(fields.guidance.value) === 1 ? 1 : 2);
    cost.textContent = `${steps} steps × ${each} = ${steps * each} network evaluations for each result${!free && method().gradients ? "; a gradient counts for two" : ""}.${most < mostResults ? ` Of ${wide} × ${high} pixels there can be ${counted(most, "result")} at once.` : ""}`;
  }

  const rest = () => Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, one.value]));

  /** Whether there is a denoiser of that name. @param {string} name */
  const knows = (name) => denoisers.some((one) => one.name === name);

  /** One's own trainings are these now. @param {DenoiserFacts[]} trained */
  function offer(trained) {
    const chosen = denoiser();
    const others = [...facts.denoisers, ...trained];
    if (!others.some(({ name }) => name === chosen.name)) others.push(chosen); // the server tells that it is gone
    denoisers = others;
    fields.denoiser.offer?.(denoisers);
  }

  /** A picture of these sides is worked on. @param {Sides} sides */
  function pictured(sides) {
    picture = sides;
    update();
  }

  /** The settings as the server takes them. */
  function values() {
    const shown = Object.entries(fields).filter(([name, one]) => !one.root.hidden || COMMON.includes(name));
    const all = Object.fromEntries(shown.map(([name, one]) => [name, one.value]).filter(([, value]) => value !== null));
    return { ...all, what: said(), ...(denoiser().speaks && { negative: negative.value }) };
  }

  /** All of them, by the names that links know them by. */
  const linked = () => ({
    ...rest(),
    what: said(), negative: denoiser().speaks ? negative.value : "",
  });

  /** @param {Values} wanted */
  function set(wanted) {
    fields.count.limit?.(mostResults);
    for (const [name, one] of Object.entries(fields)) if (name !== "denoiser" || knows(wanted.denoiser)) one.value = wanted[name];
    update(); // what the denoiser is asked for is another's now
    if (denoiser().speaks) [words.value, negative.value] = [wanted.what, wanted.negative];
    if (denoiser().things.includes(wanted.what)) thing.value = wanted.what;
    changed();
  }

  update();
  return { root, bar, values, task, linked, set, knows, offer, pictured };
}

/** What a method costs. @param {MethodFacts} method */
function price({ cost, gradients }) {
  return `${cost} evaluation${cost === 1 ? "" : "s"} a step${gradients ? ", gradients" : ""}`;
}
