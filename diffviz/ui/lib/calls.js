// What the events of Gradio's own components call in the browser, by `js=page_call("NAME")`: with the
// values of their inputs, and for the values of their outputs.

import { make } from "./dom.js";
import { linkedTraining } from "./link.js";
import { store } from "./store.js";

/** The inputs with the owner's token in the last place. @param {unknown[]} values */
export function withOwner(...values) {
  return [...values.slice(0, -1), store.get("owner") ?? ""];
}

/** The inputs with the drawn curve's handles, as JSON, and the owner's token in the last places. @param {unknown[]} values */
export function withHandlesAndOwner(...values) {
  const handles = store.get("handles");
  return [...values.slice(0, -2), handles ? JSON.stringify(handles) : "", store.get("owner") ?? ""];
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

/** Tell the Sample tab that its file is there, or could not be made. */
export function endExport() {
  store.set("exporting", "");
}

/** Another seed, below the number given. @param {number} end */
export function newSeed(end) {
  return Math.floor(Math.random() * end);
}

/** The tabs as they shall be: a link with ?train=ID is there to watch that training. */
export function openLinked() {
  return linkedTraining() ? { __type__: "update", selected: "train" } : undefined;
}
