// The Train tab's live view: a training as it goes, and one's others. One state, parts that show it.

import { componentsOf } from "../lib/components.js";
import { make, terms } from "../lib/dom.js";
import { linkedTraining } from "../lib/link.js";
import { links } from "../lib/links.js";
import { painting } from "../lib/painting.js";
import { figureFormats, takeAway } from "../lib/takeaway.js";
import { duration, thousands } from "../lib/text.js";
import { actionsPanel, DOING } from "./actions.js";
import { levelPlot, lossPlot, plotFigure } from "./losses.js";
import { ownerToken } from "./owner.js";
import { Sheets } from "./sheets.js";
import { TrainState } from "./state.js";

/** @import { Place } from "../lib/components.js" */
/** @import { LiveView, SettingFacts } from "../lib/types.d.ts" */
/** @import { Status, TrainServer } from "./types.d.ts" */

/** @param {HTMLElement} element @param {LiveView<TrainServer, { recorded: string, settings: SettingFacts[], places: Place[] }>} view */
export function mount(element, { facts, props, server, trigger, watch }) {
  const section = /** @type {HTMLElement} */ (element.querySelector(".live-view"));
  const { parts, change } = painting(section, { before: describe });
  const state = new TrainState(server, ownerToken(), facts.recorded, change);
  const sheets = new Sheets(() => change("moment"));
  const panels = [
    jobsPanel(state), headPanel(state), actionsPanel(state, trigger), comparePanel(state),
    sheetsPanel(state, sheets), curvesPanel(state, sheets), creditPanel(state),
  ];
  parts.push(...panels);
  section.append(...panels.map(({ root }) => root));

  /** For tools: what is watched, and how far it is. @param {Set<string>} changed */
  function describe(changed) {
    if (!changed.has("status") && !changed.has("job")) return;
    const { job, status } = state;
    section.dataset.job = job;
    if (status) Object.assign(section.dataset, { state: status.state, images: status.images, sheets: status.sheets.length });
    else for (const name of ["state", "images", "sheets"]) delete section.dataset[name];
  }

  /** One that was just started: beside long settings this may be out of sight. */
  function take() {
    if (!props.value) return;
    links.ran("train");
    state.watch(JSON.parse(props.value).watch);
    const { top, bottom } = section.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) section.scrollIntoView();
  }

  watch("value", take);
  if (props.value) take();
  else state.open(linkedTraining());

  const components = componentsOf("train");
  components.places = facts.places;
  components.onChange = () => links.changed("train");
  const watched = () => (state.job && state.job !== state.newest && state.job !== linkedTraining() ? state.job : "");
  links.join("train", {
    settings: facts.settings,
    values: () => ({ ...components.values, watch: watched() }),
    show: ({ watch: job, ...wanted }) => {
      if (job !== watched()) state.open(job || linkedTraining());
      components.want(wanted);
      trigger("follow");
    },
    controls: { parametrization: "#train-objective", learning_rate: "#train-rate", ema_length: "#train-ema", start_from: "#train-from" },
  });
  parts.push({ update: (changed) => changed.has("job") && links.changed("train") });
  new IntersectionObserver(([entry]) => {
    state.visible = entry.isIntersecting;
    state.watching?.look();
  }).observe(section);
}

/** One's trainings, to choose the one that is watched. @param {TrainState} state */
function jobsPanel(state) {
  const root = make("div", { className: "train-jobs", role: "group", "aria-label": "Your trainings" });
  const file = make("input", { type: "file", accept: ".zip", id: "train-upload", className: "sr-only" });
  const upload = make("span", {}, file, make("label", { className: "button", htmlFor: "train-upload", title: "A zip, as Download gave it" }, "Upload a denoiser"));
  file.addEventListener("change", () => {
    if (file.files?.[0]) state.bring(file.files[0]);
    file.value = ""; // so that the same file can be chosen again
  });

  /** @param {Set<string>} changed */
  function update(changed) {
    if (!changed.has("jobs") && !changed.has("job") && !changed.has("status")) return;
    const { jobs, job, recorded } = state;
    /** @type {HTMLElement[]} */
    const choices = jobs.map((own) => chip(own.id, own.title, [own.title === own.about ? "" : own.about, clock(own.queued), own.state].filter(Boolean).join(", ")));
    if (recorded && choices.length) choices.push(chip(recorded, "A recorded training", ""));
    choices.push(upload);
    if (shown(choices) !== shown([...root.children])) root.replaceChildren(...choices);
    else choices.forEach(({ ariaPressed }, i) => ariaPressed && root.children[i].setAttribute("aria-pressed", ariaPressed));

    /** @param {string} id @param {string} title @param {string} note */
    function chip(id, title, note) {
      return make("button", { type: "button", onclick: () => state.watch(id), ariaPressed: String(id === job) },
        title, make("span", { className: "muted", textContent: note && ` ${note}` }));
    }
  }

  /** @param {Element[]} choices */
  const shown = (choices) => choices.map(({ textContent }) => textContent).join("\n");
  return { root, update };
}

/** Its name, how it goes, and its numbers. @param {TrainState} state */
function headPanel(state) {
  const title = make("strong", { className: "train-title" });
  const words = make("span", { className: "train-state", "aria-live": "polite" });
  const bar = make("progress", { max: 1, value: 0, "aria-label": "Progress", hidden: true });
  const numbers = make("dl", { className: "train-numbers number" });
  const message = make("p", { className: "train-message", role: "alert", hidden: true });
  const root = make("div", {}, make("div", { className: "player-head" }, title, words), bar, numbers, message);

  /** @param {Set<string>} changed */
  function update(changed) {
    const { status, sentence } = state;
    message.textContent = sentence;
    message.hidden = !sentence;
    if (!changed.has("status") && !changed.has("job")) return;
    bar.hidden = !status;
    title.textContent = status ? nameOf(status) : "";
    words.textContent = status ? stateWords(status) : "";
    numbers.replaceChildren(...(status ? terms(figures(status)) : []));
    if (status) bar.value = status.fraction;
  }
  return { root, update };
}

/** Which training is shown beside the watched one. @param {TrainState} state */
function comparePanel(state) {
  const choice = make("select", { id: "train-compare" });
  const root = make("label", { className: "train-compare", hidden: true }, "Compare with ", choice);
  choice.addEventListener("change", () => state.compare(choice.value));

  /** @param {Set<string>} changed */
  function update(changed) {
    if (!["jobs", "job", "compared", "status"].some((what) => changed.has(what))) return;
    const { jobs, job, other, recorded } = state;
    const others = jobs.filter(({ id }) => id !== job).map(({ id, title, queued }) => [id, `${title}, ${clock(queued)}`]);
    if (recorded !== job) others.push([recorded, "a recorded training"]);
    root.hidden = !job || !others.length;
    const options = [["", "none"], ...others];
    if (JSON.stringify(options) !== choice.dataset.options)
      choice.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
    choice.dataset.options = JSON.stringify(options);
    choice.value = other;
  }
  return { root, update };
}

/** What it drew at each checkpoint, and beside it what another did. @param {TrainState} state @param {Sheets} sheets */
function sheetsPanel(state, sheets) {
  let fresh = false; // one that plays as soon as it is there
  const beside = new Sheets(() => {}, "other");
  beside.reset(null);
  const names = [0, 1].map(() => make("strong", { hidden: true }));
  const root = make("div", { className: "train-pair" }, ...[sheets, beside].map((one, k) => make("div", {}, names[k], one.root)));
  let shown = "";

  /** @param {Set<string>} changed */
  function update(changed) {
    const { job, status } = state;
    if (changed.has("job")) {
      sheets.reset(job || null);
      fresh = true;
    }
    if (changed.has("compared") || changed.has("moment") || changed.has("job")) compare();
    if (!changed.has("status") || !status) return;
    sheets.update(status);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (fresh && status.recorded && !calm) sheets.timeline.play(0);
    fresh = false;
  }

  function compare() {
    const { compared, status } = state;
    root.dataset.count = compared ? "2" : "1";
    if (shown !== (shown = state.other)) beside.reset(shown || null);
    names.forEach((name, k) => {
      name.hidden = !compared;
      name.textContent = [status, compared][k]?.title ?? "";
    });
    if (!compared) return;
    beside.update(compared);
    beside.follow(sheets);
  }
  return { root, update };
}

/** The curves, on which a moment of training can be picked. @param {TrainState} state @param {Sheets} sheets */
function curvesPanel(state, sheets) {
  const loss = lossPlot((images) => sheets.pick(images));
  const levels = levelPlot();
  const take = takeAway(figureFormats("Figure"), (format, theme) => state.server.take_losses({ job: state.job, format, theme }));
  const root = make("div", { className: "train-plots", hidden: true },
    plotFigure("Loss over the pictures seen", "smoothed; as measured, faint", loss),
    plotFigure("Loss by noise level σ/α", "now; at first, faint", levels), take);

  /** @param {Set<string>} changed */
  function update(changed) {
    const { status } = state;
    root.hidden = !status?.points.length;
    if (!status) return;
    const images = sheets.images ?? status.images;
    if (changed.has("status") || changed.has("compared")) loss.update(status.points, state.compared?.points);
    loss.move(images);
    levels.update(status.points, status.ratios, images);
  }
  return { root, update };
}

/** Whose pictures it learns from. @param {TrainState} state */
function creditPanel(state) {
  const root = make("p", { className: "muted train-credit" });
  const update = () => {
    root.textContent = state.status?.credit ? `Pictures: ${state.status.credit}` : "";
  };
  return { root, update };
}

/** @param {Status} status */
function nameOf({ recorded, title }) {
  return recorded ? `A recorded training: ${title}` : title;
}

/** @param {Status} status */
function stateWords({ state, wish, position, recorded }) {
  if (recorded) return "";
  if (wish) return `${state}, ${DOING[wish]}`;
  if (state === "queued") return position === 1 ? "next in the queue" : `number ${position} in the queue`;
  return state;
}

/** @param {Status} status @returns {[string, string][]} */
function figures({ images, speed, seconds, state, left, points }) {
  return [
    ["pictures seen", thousands(images)],
    ["pictures a second", speed ? thousands(Math.round(speed)) : "–"],
    ["trained for", duration(seconds)],
    ["time left", state === "running" && left !== null ? duration(left) : "–"],
    ["loss", points.length ? points[points.length - 1][1].toFixed(4) : "–"],
  ];
}

/** The time of day, and the day where it is another. @param {number} seconds since 1970 */
function clock(seconds) {
  const when = new Date(1000 * seconds);
  const today = when.toDateString() === new Date().toDateString();
  const time = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return today ? time : `${when.toLocaleDateString([], { day: "numeric", month: "short" })}, ${time}`;
}
