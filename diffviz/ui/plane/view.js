// The 2-D tab's live view: points drowned in noise and brought back, with all that moves them.

import { make } from "../lib/dom.js";
import { float16 } from "../lib/pixels.js";
import { links } from "../lib/links.js";
import { painting } from "../lib/painting.js";
import { store } from "../lib/store.js";
import { counted, unlearned } from "../lib/text.js";
import { Timeline } from "../lib/timeline.js";
import { transport } from "../lib/transport.js";
import { controlsPanel } from "./controls.js";
import { convergencePanel } from "./convergence.js";
import { dataPanel } from "./data.js";
import { drawingPanel } from "./drawing.js";
import { exportsPanel, shownOf } from "./exports.js";
import { linePanel } from "./line.js";
import { looksPanel } from "./looks.js";
import { readoutPanel } from "./readout.js";
import { Stage } from "./stage.js";
import { FORWARD, PlaneState } from "./state.js";
import { trainingPanel } from "./training.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { Facts, PlaneMessage, PlaneServer } from "./types.d.ts" */

const SOON = 300; // ms after the last change, when a run is asked for
const COMPARED = 1e9; // from where on comparisons are numbered, apart from runs
const [BRANCHES, MOST_PARTED] = [12, 16]; // ways of a sample that part, and samples whose ways do
const REST = 1500; // ms between two plays
const SPEEDS = [5, 15, 30, 60];
const DRAWN = "drawn"; // data of one's own
const MOST_LINKED = 500; // drawn points that a link holds
const OF_CLOUD = new Set(["points", "word"]); // settings with which other data come

/** @param {HTMLElement} element @param {LiveView<PlaneServer, Facts>} view */
export function mount(element, { facts, props, server, trigger, watch }) {
  const section = /** @type {HTMLElement} */ (element.querySelector(".live-view"));
  const state = new PlaneState(facts);
  let data = facts.settings.data.default;
  /** @type {number[] | null} x, y of each point that was drawn */
  let drawn = null;
  let asked = 0;
  let networkOf = ""; // the denoiser that there are weights of here
  let running = 0; // the training that is under way
  let taught = {}; // the settings of the last training
  let parted = 0; // the ways not taken that were asked for last
  let compared = COMPARED; // the comparison that was asked for last
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;
  let touched = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  const { parts, change } = painting(section);
  const timeline = new Timeline({ fps: 30, onChange: (chosen) => {
    if (chosen) touched = true;
    state.position = timeline.position;
    change("position");
  } });
  const sources = dataPanel(facts, (name) => (name === DRAWN ? draw() : turnTo(name)));
  const { minimum: fewest = 8, maximum: most = 10_000 } = facts.settings.points;
  const drawing = drawingPanel({ fewest, most }, server, (places) => {
    drawn = places;
    turnTo(DRAWN);
  });
  const controls = controlsPanel(facts, changed);
  const readout = readoutPanel();
  const training = trainingPanel(facts, { start: train, stop: stopTraining });
  const convergence = convergencePanel(facts, (wanted) => {
    trigger("converge", { request: { id: ++compared, settings: wanted, network: sentNetwork() } });
    return compared;
  });
  convergence.begin.addEventListener("click", () => convergence.start(settings()));
  const looks = looksPanel(state.views, () => change("views"));
  const stages = [0, 1].map((lane) => new Stage(state, lane, pick));
  const line = linePanel(state);
  const moves = transport(timeline, { label: "Into the noise, and back", inputId: "plane-slider", steps: true, speeds: SPEEDS });
  const again = make("button", { type: "button", id: "plane-run", className: "primary", onclick: () => (links.ran("plane"), walk()) }, "Run again");
  const clear = make("button", { type: "button", id: "plane-clear", onclick: () => (state.chosen.clear(), change("chosen")) }, "Choose none");
  const another = make("button", { type: "button", id: "plane-pick", onclick: () => pick(Math.floor(Math.random() * state.count)) }, "Choose a sample");

  const branch = make("button", { type: "button", id: "plane-branch", title: "From this step on with new noise: where the chosen samples could have gone", onclick: part }, "New noise from here");

  section.classList.add("plane");
  section.append(
    sources.root,
    make("div", { className: "plane-left" },
      make("div", { className: "plane-stages" }, ...stages.map(({ root }) => root), drawing.root),
      moves.root, line.root, readout.place, readout.said),
    make("div", { className: "plane-right" }, looks, controls.root, make("div", { className: "plane-buttons" }, again, another, clear, branch), training.root, readout.table, exportsPanel(takeHome)),
    convergence.root,
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

  parts.push(line);

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

  /** End the run that is under way; of none there is nothing to cancel. */
  function halt() {
    if (section.dataset.state === "running") trigger("halt");
    section.dataset.state = "ready";
  }

  /** @param {number} sample */
  function pick(sample) {
    if (sample < 0) return;
    if (!state.chosen.delete(sample)) state.chosen.add(sample);
    change("chosen");
  }

  function settings() {
    return { ...controls.values(), data, ...(data === DRAWN && { drawn }) };
  }

  /** The plane is for drawing, until points are taken or other data chosen. @param {boolean} open */
  function showDrawing(open) {
    section.classList.toggle("drawing", open);
    if (open) drawing.show(drawn ?? undefined);
    else drawing.hide();
  }

  function draw() {
    halt();
    timeline.pause();
    sources.update(DRAWN);
    showDrawing(true);
  }

  /** Other data, or more or fewer of them. @param {string} name */
  async function choose(name) {
    data = name;
    sources.update(name);
    showDrawing(false);
    const id = ++asked;
    halt();
    const told = await server.cloud({ data, points: controls.fields.points.value, word: controls.fields.word.value, ...(name === DRAWN && { drawn }) }).catch(() => null);
    if (id !== asked) return;
    if (!told || told.error !== undefined) return say(told?.error ?? "The server does not answer; please try again.");
    stopTraining();
    state.take(told);
    networkOf = "";
    controls.suit(/** @type {import("./types.d.ts").Cloud} */ (state.cloud));
    controls.offer({ learned: facts.ready.includes(data), yours: yours() !== null });
    await rebuild();
    walk();
  }

  /** As `choose`, of the visitor, who can come back to what was before. @param {string} name */
  async function turnTo(name) {
    await choose(name);
    links.ran("plane");
  }

  /** What was last trained on these data, in this visit or another. */
  function yours() {
    const kept = store.get("plane");
    return kept?.data === key() ? /** @type {import("./types.d.ts").NetworkSent} */ (kept.network) : null;
  }

  /** The weights that the server has to be told. */
  function sentNetwork() {
    return controls.fields.denoiser.value === "yours" ? yours() : null;
  }

  /** By which data are known again. */
  function key() {
    return [data, ...(state.cloud?.classes ?? [])].join();
  }

  /** Work out again what follows from the settings; weights come once. */
  async function rebuild() {
    state.settings = settings();
    const { denoiser } = state.settings;
    if (denoiser !== networkOf && (denoiser === "learned" || denoiser === "yours")) {
      const sent = denoiser === "yours" ? yours() : await server.network({ data }).catch(() => null);
      if (!sent || "error" in sent) return say((sent && "error" in sent && sent.error) || "The server does not answer; please try again.");
      state.rebuild(/** @type {import("./types.d.ts").NetworkSent} */ (sent));
    } else state.rebuild();
    networkOf = denoiser;
    change("settings");
  }

  function train() {
    if (running) trigger("stop");
    running = ++asked;
    halt();
    section.dataset.state = "ready";
    taught = training.values();
    training.run(true);
    training.say("Waiting for its turn …");
    trigger("train", { request: { id: running, settings: settings(), training: taught } });
  }

  function stopTraining() {
    if (!running) return;
    trigger("stop");
    running = 0;
    training.run(false);
    training.say("Stopped.");
    if (state.preview) walk();
  }

  /** How a training stands: the field and the samples follow it. @param {import("./types.d.ts").LearnedSent} learned */
  function follow(learned) {
    store.set("plane", { data: key(), network: learned.network, training: taught });
    controls.offer({ learned: facts.ready.includes(data), yours: true });
    controls.fields.denoiser.value = networkOf = "yours";
    state.settings = settings();
    state.rebuild(learned.network);
    state.preview = float16(learned.xs);
    if (!state.lanes.length) state.t = [state.schedule.T, 0];
    if (learned.updates && state.time !== 0) timeline.hold(state.length - 1);
    training.heed(learned);
    change("learned");
  }

  /** @param {string} name of the setting */
  function changed(name) {
    if (OF_CLOUD.has(name)) {
      clearTimeout(soon);
      soon = setTimeout(() => turnTo(data), SOON);
      return;
    }
    clearTimeout(soon);
    soon = setTimeout(() => (links.ran("plane"), walk()), SOON);
    return rebuild();
  }

  /** @param {string} format */
  function takeHome(format) {
    const place = state.step < 0 ? Infinity : state.step;
    const theme = document.body.classList.contains("dark") ? "dark" : "light";
    const request = { settings: settings(), network: sentNetwork(), training: store.get("plane")?.training, views: shownOf(state.views), place: Math.min(place, state.t.length - 1), format, theme };
    say("It is being made, and appears below.");
    trigger("export", { request });
  }

  /** Ask for ways not taken, of the samples that are chosen, from the step that is shown. */
  function part() {
    const { step, t } = state;
    if (step < 0 || step > t.length - 2) return say("Move the slider to a step on the way back first: from there the ways part.");
    if (!state.chosen.size) pick(Math.floor(Math.random() * state.count));
    parted = ++compared;
    say("");
    const samples = [...state.chosen].slice(0, MOST_PARTED);
    trigger("branch", { request: { id: parted, settings: settings(), network: sentNetwork(), place: step, samples, each: BRANCHES, seed: parted % 2 ** 31 } });
  }

  /** Ask for the run. */
  function walk() {
    halt();
    const id = ++asked;
    section.dataset.state = "running";
    section.dataset.run = String(id); // for tools
    say("");
    trigger("walk", { request: { id, settings: settings(), beside: controls.fields.beside.value, network: sentNetwork() } });
  }

  /** A message of the server's. @param {PlaneMessage} told */
  function heed(told) {
    if (told.id === running) return hear(told);
    convergence.heed(told);
    if (told.id !== asked && told.id !== parted) return;
    if (told.waiting) say(`diffviz is busy: you are number ${told.waiting} in line.`);
    if (told.failed && told.id === parted) return say(told.failed);
    if (told.failed) {
      section.dataset.state = "failed";
      say(told.failed);
      return;
    }
    state.heed(told);
    if (told.branches) say(`${counted(told.branches.samples.length, "sample")}, ${BRANCHES} ways each from here, with new noise.`);
    if (told.start) {
      say(unlearned(told.start.outside));
      begin();
    }
    if (told.states) timeline.arrive(state.arrived);
    if (told.end) {
      section.dataset.state = "done";
      readout.result(state);
      timeline.end();
      timeline.loop = touched ? 0 : REST;
    }
    change("run");
  }

  /** A message of a training. @param {PlaneMessage} told */
  function hear({ waiting, failed, learned, trained }) {
    if (waiting) training.say(`diffviz is busy: you are number ${waiting} in line.`);
    if (learned) follow(learned);
    if (trained) follow(trained);
    if (!trained && !failed) return;
    running = 0;
    training.run(false);
    if (failed) training.say(failed);
    else walk();
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

  /** What a link sets; the classes to choose from come with the data. @param {import("../lib/types.d.ts").Values} wanted */
  async function show(wanted) {
    controls.set(wanted);
    drawn = wanted.drawn?.map(Number) ?? drawn;
    await choose(wanted.data);
    controls.set(wanted);
    await rebuild();
    walk();
  }

  /** As links know it: points that are too many for one are left out, and so are their data. */
  function linked() {
    const few = data !== DRAWN || (drawn ?? []).length <= 2 * MOST_LINKED;
    return { ...controls.linked(), data: few ? data : facts.settings.data.default, drawn: data === DRAWN && few ? drawn : null };
  }

  const { settings: known } = facts;
  const beside = { name: "beside", kind: "text", label: "Beside it", default: "" };
  choose(data);
  links.join("plane", { settings: [...Object.values(known), beside], values: linked, show, controls: { data: ".plane-sources" } });
  parts.push({ update: (changes) => changes.has("settings") && links.changed("plane") });
}
