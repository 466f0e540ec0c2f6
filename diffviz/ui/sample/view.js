// The Sample tab's live view: a run as it is made, played and scrubbed. One state, parts that show it.

import { componentsOf } from "../lib/components.js";
import { make } from "../lib/dom.js";
import { links } from "../lib/links.js";
import { painting } from "../lib/painting.js";
import { rendererOf } from "../lib/renderer.js";
import { store } from "../lib/store.js";
import { DRAWN } from "../lib/schedules.js";
import { strip } from "../lib/strip.js";
import { transport } from "../lib/transport.js";
import { apartPanel } from "./apart.js";
import { decodingAtRest } from "./decoding.js";
import { factsPanel } from "./facts.js";
import { fewPanel } from "./few.js";
import { headPanel } from "./head.js";
import { lanesPanel } from "./lanes.js";
import { nearestPanel } from "./nearest.js";
import { onePanel, seedOf } from "./one.js";
import { ordersPanel } from "./orders.js";
import { racePanel } from "./race.js";
import { rewordedPanel } from "./reworded.js";
import { SampleState } from "./state.js";
import { wordsPanel } from "./words.js";

/** @import { Place } from "../lib/components.js" */
/** @import { LiveView, SettingFacts, Values } from "../lib/types.d.ts" */
/** @import { SampleServer } from "./types.d.ts" */

const SPEEDS = [2, 5, 10, 20, 40];
/** @type {Record<string, string>} */
const CONTROLS = { denoiser: "#sample-model", what: "#sample-class", words: "#sample-in-words", zero_terminal_snr: "#sample-ztsnr", clip_x0: "#sample-clip", view: "#sample-player .segments" };
const FORMATS = { gif: "GIF", mp4: "MP4", strip: "PNG strip", "figure-png": "Figure PNG", "figure-svg": "SVG", "figure-pdf": "PDF", code: "Python code" };
const BETWEEN = "between"; // the format of a film from one seed to another

/** @param {HTMLElement} element @param {LiveView<SampleServer, { settings: SettingFacts[], places: Place[] }>} view */
export function mount(element, { facts, props, server, trigger, watch }) {
  const section = /** @type {HTMLElement} */ (element.querySelector(".live-view"));
  const { parts, change, now } = painting(section);
  const state = new SampleState(change, now);
  const controls = transport(state.timeline, { label: "Step", steps: true, speeds: SPEEDS, pins: true });
  controls.scrubber.input.classList.add("player-scrubber"); // for tools, who know this one by it
  const one = onePanel(state);
  const lanes = lanesPanel(state, one.open);
  const panels = [
    headPanel(state), lanes, controls, racePanel(state, trigger), ordersPanel(state, trigger), fewPanel(state, trigger), wordsPanel(state, trigger, lanes.first), rewordedPanel(state, trigger), factsPanel(state), glancePanel(state),
    filesPanel(state, trigger), nearestPanel(state, server), apartPanel(state, server), one,
  ];
  parts.push(...panels, decodingAtRest(state, server));
  section.append(...panels.map(({ root }) => root));

  let asked = false; // for a run, which the opening film then does not replace, however late it comes

  let sought = false; // a run was asked for, and its visitor has not scrolled since
  /** Bring the picture into sight. */
  function bring() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    lanes.root.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }
  const grown = new ResizeObserver(() => sought && bring()); // with what is told of a run, above the picture too
  for (const part of [section, lanes.root]) grown.observe(part);
  for (const scroll of ["wheel", "touchmove", "pointerdown", "keydown"])
    document.addEventListener(scroll, () => (sought = false), { passive: true });

  function take() {
    if (!props.value) return;
    const before = state.run;
    const message = JSON.parse(props.value);
    if (message.recorded && asked) return;
    state.take(message);
    if (before && state.run !== before) {
      store.set("exporting", "");
      trigger("anew");
    }
    describe();
  }

  /** For tools: which run it is, the frames there are of it, and one's number in the line. */
  function describe() {
    if (state.run) Object.assign(section.dataset, { run: state.run.number, frames: state.run.frames });
    section.toggleAttribute("data-recorded", state.run?.recorded ?? false);
    if (state.waiting) section.dataset.waiting = String(state.waiting);
    else delete section.dataset.waiting;
  }

  watch("value", take);
  if (props.value) take();
  else trigger("ready");

  /** @param {"asked" | "stopped"} wanted */
  function heed(wanted) {
    if (wanted === "asked") {
      bring();
      sought = asked = true;
      links.ran("sample");
      trigger("halt"); // whatever is under way gives way
      return trigger("run");
    }
    state.stop();
    describe();
  }
  store.watch("sampling", heed);
  if (store.get("sampling") === "asked") heed("asked"); // before this module was here

  const components = componentsOf("sample");
  components.places = facts.places;
  components.onChange = () => links.changed("sample");
  components.onSettled = () => {
    trigger("compared"); // what can be
    heed("asked"); // what a link says is what is seen
  };
  /** @returns {Values} */
  const values = () => {
    const drawn = components.values.schedule === DRAWN ? store.get("handles") : null;
    return { ...components.values, handles: drawn ?? null, view: state.view };
  };
  /** @param {Values} wanted */
  function show(wanted) {
    if (wanted.handles) store.set("handles", wanted.handles.map(Number));
    state.show(wanted.view);
    components.want(wanted);
    trigger("follow");
  }
  links.join("sample", { settings: facts.settings, values, show, controls: CONTROLS });
  parts.push({ update: (changed) => changed.has("view") && links.changed("sample") });

  // What is drawn in the page's colours is drawn again in those of another theme.
  new MutationObserver(() => change("view")).observe(document.body, { attributeFilter: ["class"] });
}

/** The run at a glance: the first lane at up to nine of its steps. @param {SampleState} state */
function glancePanel(state) {
  const glance = strip({
    label: "The run at a glance",
    title: (position) => `Step ${position}`,
    go: (position) => state.timeline.hold(position),
  });

  /** @param {Set<string>} changed */
  function update(changed) {
    const { run, view } = state;
    if (!run) return;
    if (changed.has("run")) glance.begin(run.start.grid.map((t) => `t = ${t}`));
    const renderer = rendererOf(run.start.renderer);
    glance.update(state.timeline.position, `${run.number} ${view}`, (position, canvas) => {
      const frame = run.lanes[0].frames[position];
      if (frame) renderer?.glimpse(canvas, frame[view], run.start);
      return Boolean(frame && renderer);
    });
  }
  return { root: glance.root, update };
}

/** What can be taken home of a run; one at a time. @param {SampleState} state @param {LiveView<SampleServer>["trigger"]} trigger */
function filesPanel(state, trigger) {
  /** @param {string} format */
  const take = (format) => {
    if (format === BETWEEN && !seed.checkValidity()) {
      status.textContent = "The film needs the other seed, a whole number from 0 up.";
      return seed.focus();
    }
    store.set("exporting", format);
    trigger("export", { format, view: state.view, ...(format === BETWEEN && { seed: Number(seed.value), what: what.value.trim() }) });
  };
  const buttons = Object.entries(FORMATS).map(([format, label]) =>
    make("button", { type: "button", "data-format": format, onclick: () => take(format) }, label));
  const status = make("span", { className: "muted", role: "status" });
  const seed = make("input", { type: "number", min: 0, step: 1, value: 1, required: true, "aria-label": "The other seed" });
  const film = make("button", { type: "button", id: "sample-between", "data-format": BETWEEN, onclick: () => take(BETWEEN) }, "Film to seed");
  film.title = "Of the first sample: its noise turns into that of the other seed, on the sphere on which noise lies";
  buttons.push(film);
  const what = make("input", { type: "text", id: "sample-between-what", maxLength: 400, placeholder: "as the same", "aria-label": "What it is to become on the way", title: "A class or words that it goes over into; both are asked at each step, and their guesses mixed" });
  const between = make("span", { className: "player-between" }, film, seed, what);
  const root = make("div", { className: "player-files" }, make("span", { className: "muted" }, "Take it home:"), ...buttons.slice(0, -1), between, status);
  store.watch("exporting", (format) => {
    for (const button of buttons) button.disabled = format !== "";
    const named = format === BETWEEN ? "film" : FORMATS[/** @type {keyof typeof FORMATS} */ (format)];
    status.textContent = format ? `Making the ${named} …` : "";
  });
  /** @param {Set<string>} changed */
  function update(changed) {
    const { run } = state;
    if (!run || !changed.has("run")) return;
    what.hidden = !run.start.asked;
    between.hidden = seedOf(run.start, 0) === null; // it is no sample by itself
    seed.value = String((seedOf(run.start, 0) ?? 0) + 1);
  }
  return { root, update };
}
