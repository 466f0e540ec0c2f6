// What the events of Gradio's own components call in the browser, by `js=page_call("NAME")`: with the
// values of their inputs, and for the values of their outputs.

import { componentsOf } from "./components.js";
import { make } from "./dom.js";
import { links } from "./links.js";
import { store } from "./store.js";

/** The inputs with the owner's token in the last place. @param {unknown[]} values */
export function withOwner(...values) {
  return [...values.slice(0, -1), store.get("owner") ?? ""];
}

/** The inputs, with the drawn curve's handles, as JSON, and the owner's token in the last places, as one value. @param {unknown[]} values */
export function asOne(...values) {
  const handles = store.get("handles");
  return [[...values.slice(0, -2), handles ? JSON.stringify(handles) : "", store.get("owner") ?? ""]];
}

/** Let the Sample tab run. */
export function askForRun() {
  store.set("sampling", "asked");
}

/** Tell the Sample tab that its run was stopped. */
export function stopRun() {
  store.set("sampling", "stopped");
}

/** So many components, not to be seen. @param {number} count */
export function hidden(count) {
  return Array(count).fill({ __type__: "update", visible: false });
}

/** A file that the server made, handed to the browser's downloads. @param {{ url?: string, orig_name?: string } | null} file */
export function takeHome(file) {
  if (file?.url) make("a", { href: file.url, download: file.orig_name ?? "" }).click();
}

/** Tell a tab that its file is there, or could not be made. @param {"exporting" | "keeping" | "restored"} name */
export function ended(name) {
  store.set(name, "");
}

/** A whole number within its bounds, as it is run. @param {number} low @param {number} high @param {number | null} value */
export function whole(low, high, value) {
  return value === null ? value : Math.min(high, Math.max(low, Math.round(value)));
}

/** Zero terminal SNR as the schedule allows it. @param {string[]} preserving schedules with α² + σ² = 1 @param {string} meaning @param {string} schedule @param {boolean} on */
export function zeroTerminal(preserving, meaning, schedule, on) {
  const possible = preserving.includes(schedule);
  const info = possible ? meaning : "Only for schedules with α² + σ² = 1.";
  return { __type__: "update", interactive: possible, value: on && possible, info };
}

/** As many steps as T allows. @param {number} most @param {number} T @param {number} steps */
export function stepsWithin(most, T, steps) {
  const maximum = Math.min(most, Math.max(1, T));
  const info = T < most ? `At most T = ${T}.` : null;
  return { __type__: "update", maximum, value: Math.min(steps, maximum), info };
}

/** The rivals that there is room for, beside the sampler itself. @param {number} most @param {[string, string][]} samplers labels and names @param {string} hint @param {string} sampler @param {string[]} chosen */
export function rivalsOf(most, samplers, hint, sampler, chosen) {
  const others = samplers.filter(([, name]) => name !== sampler);
  const value = chosen.filter((name) => name !== sampler).slice(0, most);
  const full = value.length === most;
  const choices = full ? others.filter(([, name]) => value.includes(name)) : others;
  const info = full ? "That is all there is room for: take one away to choose another." : hint;
  return { __type__: "update", choices, value, info };
}

/**
 * What the network predicts and its channels, which a denoiser to start from has already.
 * @param {Record<string, [parametrization: string, channels: string]>} given by each of them @param {string} start @param {string} parametrization @param {string} channels
 */
export function givenBy(given, start, parametrization, channels) {
  const of = given[start];
  const free = { __type__: "update", interactive: true, info: null };
  if (!of) return [{ ...free, value: parametrization }, { ...free, value: channels }];
  const fixed = { __type__: "update", interactive: false };
  return [{ ...fixed, value: of[0], info: `As ${start} does.` }, { ...fixed, value: "", info: `As ${start} has them: ${of[1]}.` }];
}

/** Another seed, below the number given. @param {number} end */
export function newSeed(end) {
  return Math.floor(Math.random() * end);
}

/** The tabs as the address says. @param {string[]} tabs that there are */
export function openLinked(tabs) {
  const selected = links.tabs.length ? links.tab : links.open(tabs);
  return selected && { __type__: "update", selected };
}

/** The visitor went to another tab. Of the first, Gradio may tell when another one was chosen already. @param {string} tab */
export function wentTo(tab) {
  if (document.getElementById(`tab-${tab}`)?.style.display !== "none") links.went(tab);
}

/** A tab's components have changed. @param {string} tab @param {unknown[]} values */
export function componentsChanged(tab, ...values) {
  componentsOf(tab).take(values);
}

/** What a link sets a tab's components to. @param {string} tab @param {boolean} answered after an answer of the server's */
export function componentsGiven(tab, answered) {
  return componentsOf(tab).given(answered);
}
