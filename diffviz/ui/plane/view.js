// The 2-D tab's live view: points drowned in noise and brought back, with all that moves them.

import { make } from "../lib/dom.js";
import { painting } from "../lib/painting.js";
import { counted } from "../lib/text.js";
import { Timeline } from "../lib/timeline.js";
import { transport } from "../lib/transport.js";
import { controlsPanel } from "./controls.js";
import { dataPanel } from "./data.js";
import { looksPanel } from "./looks.js";
import { readoutPanel } from "./readout.js";
import { Stage } from "./stage.js";
import { FORWARD, PlaneState } from "./state.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { PlaneMessage, PlaneServer } from "./types.d.ts" */

const SOON = 300; // ms after the last change, when a run is asked for
const REST = 1500; // ms between two plays
const SPEEDS = [5, 15, 30, 60];
/** Of no settings of a run, or of those that the page knows by itself. */
const OF_CLOUD = new Set(["points"]);

/** @param {HTMLElement} element @param {LiveView<PlaneServer>} view */
export function mount(element, { props, server, trigger, watch }) {
  const section = /** @type {HTMLElement} */ (element.querySelector(".live-view"));
  const { facts } = JSON.parse(props.value ?? "{}");
  const state = new PlaneState(facts);
  let data = facts.settings.data.default;
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;
  let touched = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  const { parts, change } = painting(section);
  const timeline = new Timeline({ fps: 30, onChange: (chosen) => {
    if (chosen) touched = true;
    state.position = timeline.position;
    change("position");
  } });
  const sources = dataPanel(facts, (name) => choose(name));
  const controls = controlsPanel(facts, changed);
  const readout = readoutPanel();
  const looks = looksPanel(state.views, () => change("views"));
  const stages = [0, 1].map((lane) => new Stage(state, lane, pick));
  const moves = transport(timeline, { label: "Into the noise, and back", inputId: "plane-slider", steps: true, speeds: SPEEDS });
  const again = make("button", { type: "button", id: "plane-run", className: "primary", onclick: () => walk() }, "Run again");
  const clear = make("button", { type: "button", id: "plane-clear", onclick: () => (state.chosen.clear(), change("chosen")) }, "Choose none");
  const another = make("button", { type: "button", id: "plane-pick", onclick: () => pick(Math.floor(Math.random() * state.count)) }, "Choose a sample");

  section.classList.add("plane");
  section.append(
    sources.root,
    make("div", { className: "plane-left" },
      make("div", { className: "plane-stages" }, ...stages.map(({ root }) => root)),
      moves.root, readout.place, readout.said),
    make("div", { className: "plane-right" }, looks, controls.root, make("div", { className: "plane-buttons" }, again, another, clear), readout.table),
  );

  parts.push({
    update() {
      moves.update();
      stages[1].root.hidden = state.lanes.length < 2;
      for (const [lane, stage] of stages.entries()) {
        stage.title.textContent = state.lanes.length > 1 ? (state.lanes[lane]?.label ?? "") : "";
        stage.canvas.setAttribute("aria-label", words());
        stage.draw(false);
      }
      readout.update(state);
    },
    rest() {
      if (state.views.density !== "none") for (const stage of stages) stage.draw(true);
    },
  });

  /** What a screen reader says of the picture. */
  function words() {
    const { time, step, cloud, lanes } = state;
    if (!cloud) return "Points in the plane";
    const what = facts.data.find((/** @type {{ name: string }} */ one) => one.name === cloud.name)?.label;
    const way = step < 0 ? `data drowned to t = ${time}` : `samples on their way back, at t = ${time}`;
    return `${what}: ${counted(state.count || cloud.count, "point")}, ${way}${lanes.length > 1 ? `, by ${lanes[0].label} and ${lanes[1].label}` : ""}`;
  }

  /** @param {string} text */
  function say(text) {
    readout.said.textContent = text;
  }

  /** @param {number} sample */
  function pick(sample) {
    if (sample < 0) return;
    if (!state.chosen.delete(sample)) state.chosen.add(sample);
    change("chosen");
  }

  function settings() {
    return { ...controls.values(), data };
  }

  /** Other data, or more or fewer of them. @param {string} name */
  async function choose(name) {
    data = name;
    sources.update(name);
    const id = ++asked;
    trigger("halt");
    const told = await server.cloud({ data, points: controls.fields.points.value }).catch(() => null);
    if (id !== asked) return;
    if (!told || told.error !== undefined) return say(told?.error ?? "The server does not answer; please try again.");
    state.take(told);
    controls.suit(/** @type {import("./types.d.ts").Cloud} */ (state.cloud), false);
    await rebuild();
    walk();
  }

  async function rebuild() {
    state.settings = settings();
    state.rebuild();
    change("settings");
  }

  /** @param {string} name of the setting */
  function changed(name) {
    if (OF_CLOUD.has(name)) {
      clearTimeout(soon);
      soon = setTimeout(() => choose(data), SOON);
      return;
    }
    rebuild();
    clearTimeout(soon);
    soon = setTimeout(walk, SOON);
  }

  /** Ask for the run. */
  function walk() {
    if (section.dataset.state === "running") trigger("halt");
    const id = ++asked;
    section.dataset.state = "running";
    section.dataset.run = String(id); // for tools
    say("");
    trigger("walk", { request: { id, settings: settings(), beside: controls.fields.beside.value } });
  }

  /** A message of the server's. @param {PlaneMessage} told */
  function heed(told) {
    if (told.id !== asked) return;
    if (told.waiting) say(`diffviz is busy: you are number ${told.waiting} in line.`);
    if (told.failed) {
      section.dataset.state = "failed";
      say(told.failed);
      return;
    }
    state.heed(told);
    if (told.start) begin();
    if (told.states) timeline.arrive(state.arrived);
    if (told.end) {
      section.dataset.state = "done";
      readout.result(state);
      timeline.end();
      timeline.loop = touched ? 0 : REST;
    }
    change("run");
  }

  /** A run begins: its beginning is there already, and where the slider stood it stays. */
  function begin() {
    const { position } = timeline;
    const stay = touched || timeline.playing;
    timeline.begin(state.length);
    timeline.arrive(FORWARD);
    if (stay) timeline.hold(position);
    if (!touched) timeline.play(stay ? position : 0);
    readout.result(state);
  }

  watch("value", () => props.value && heed(JSON.parse(props.value)));
  new ResizeObserver(() => change("size")).observe(stages[0].root);
  new MutationObserver(() => change("theme")).observe(document.documentElement, { attributes: true, subtree: false, attributeFilter: ["class"] });
  new MutationObserver(() => change("theme")).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  choose(data);
}
