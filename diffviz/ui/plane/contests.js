// The live view of contests, the race and translation: recorded ones and one's own, one of which is
// watched, and a form to run another.

import { make } from "../lib/dom.js";
import { painting } from "../lib/painting.js";
import { duration } from "../lib/text.js";
import { Timeline } from "../lib/timeline.js";
import { transport } from "../lib/transport.js";
import { ACTIONS, DOING, WORDS } from "../train/actions.js";
import { ownerToken } from "../train/owner.js";
import { ContestState } from "./contest_state.js";
import { contestForm } from "./contest_form.js";
import { raceParts } from "./race.js";
import { translationParts } from "./translation.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { ContestFacts, ContestServer } from "./contests.d.ts" */

const ROUNDS_A_SECOND = 2;
const KINDS = {
  race: {
    title: "The race",
    what: "The same data, as many weights, as many updates: an autoencoder, a VAE, a GAN and diffusion learn side by side.",
    parts: raceParts,
  },
  translation: {
    title: "Translation without pairs",
    what: "Two clouds, and no pair of points that belong together: a CycleGAN learns both ways at once; two denoisers, each of one cloud alone, are joined where both have noise.",
    parts: translationParts,
  },
};

/** @param {HTMLElement} element @param {LiveView<ContestServer, ContestFacts>} view */
export function mount(element, { facts, props, server, trigger, watch }) {
  const section = /** @type {HTMLElement} */ (element.querySelector(".live-view"));
  section.classList.add("contest");
  const { title, what, parts: partsOf } = KINDS[facts.kind];
  const { parts, change } = painting(section, { before: describe });
  const timeline = new Timeline({ fps: ROUNDS_A_SECOND, onChange: () => change("round") });
  const state = new ContestState({ server, token: ownerToken(), kind: facts.kind, recorded: facts.recorded, timeline, change });
  const form = contestForm(facts, (settings) => trigger("start", { kind: facts.kind, token: state.token, settings }));
  const panels = [
    choicesPart(state), headPart(state), roundsPart(state), ...partsOf(state), formPart(state, form),
  ];
  parts.push(...panels);
  section.append(
    make("h3", {}, title), make("p", { className: "muted contest-what" }, what), ...panels.map(({ root }) => root),
  );

  /** For tools: what is watched, and how far it is. @param {Set<string>} changed */
  function describe(changed) {
    if (!changed.size) return;
    const { job, status } = state;
    Object.assign(section.dataset, { job, state: status?.state ?? "", rounds: status?.sheets.length ?? 0, round: state.round ?? "" });
  }

  watch("value", () => {
    const said = JSON.parse(props.value || "{}");
    if (said.error) state.say(said.error);
    if (said.watch) state.watch(said.watch);
  });
  const seen = new IntersectionObserver((entries) => {
    state.visible = entries[entries.length - 1].isIntersecting;
    if (state.visible && !state.job) state.open();
    state.watching?.look();
  });
  seen.observe(section);
}

/** The settings to run another with: at first those of the one that is watched. @param {ContestState} state @param {ReturnType<typeof contestForm>} form */
function formPart(state, form) {
  /** @param {Set<string>} changed */
  function update(changed) {
    if (changed.has("job") && state.status) form.fill(state.status.contest.said);
  }
  return { root: form.root, update };
}

/** Which is watched: one's own, or one that was recorded. @param {ContestState} state */
function choicesPart(state) {
  const root = make("div", { className: "train-jobs", role: "group", "aria-label": "Recorded ones, and your own" });

  /** @param {Set<string>} changed */
  function update(changed) {
    if (!changed.has("jobs") && !changed.has("job") && !changed.has("status")) return;
    root.replaceChildren(
      ...state.jobs.map(({ id, title, state: how }) => chip(id, `Yours: ${title}`, how)),
      ...state.recorded.map(({ id, title }) => chip(id, title, "recorded")),
    );
  }

  /** @param {string} id @param {string} title @param {string} note */
  const chip = (id, title, note) =>
    make("button", { type: "button", ariaPressed: String(id === state.job), onclick: () => state.watch(id) },
      title, make("span", { className: "muted" }, ` ${note}`));
  return { root, update };
}

/** What it is, how it goes, and what its owner may do. @param {ContestState} state */
function headPart(state) {
  const words = make("p", { className: "contest-note", "aria-live": "polite" });
  const bar = make("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const actions = make("div", { className: "player-files" });
  const message = make("p", { className: "train-message", role: "alert", hidden: true });
  const root = make("div", {}, words, bar, actions, message);
  let shown = "";

  /** @param {Set<string>} changed */
  function update(changed) {
    const { status } = state;
    message.textContent = state.sentence;
    message.hidden = !state.sentence;
    if (!changed.has("status") && !changed.has("job") && !changed.has("jobs")) return;
    bar.hidden = !status || status.recorded;
    words.textContent = status ? stands(status) : "";
    if (status) bar.value = status.fraction;
    const facts = JSON.stringify(status && [state.owns, status.state, status.wish]);
    if (shown === (shown = facts)) return; // a button keeps its focus
    const able = status && state.owns && !status.wish ? ACTIONS[status.state] : [];
    actions.replaceChildren(...able.map((action) => {
      const button = make("button", { type: "button", onclick: () => state.ask(action) }, WORDS[action]);
      button.dataset.action = action;
      return button;
    }));
  }
  return { root, update };
}

/** @param {import("./contests.d.ts").ContestStatus} status */
function stands({ recorded, command, state, wish, position, left, fraction }) {
  if (recorded) return `A recorded run; all that stands here is what it measured. It was made by: ${command}`;
  if (wish) return `${state}, ${DOING[wish]}`;
  if (state === "queued") return position === 1 ? "next in the queue" : `number ${position} in the queue`;
  const rest = state === "running" && left !== null ? `, ${duration(left)} left` : "";
  return `${state}, ${Math.round(100 * fraction)} %${rest}`;
}

/** The rounds, to walk through. @param {ContestState} state */
function roundsPart(state) {
  const controls = transport(state.timeline, { label: "Rounds of learning", play: "Play the rounds", steps: true });
  const caption = make("p", { className: "muted number contest-round" });
  const root = make("div", {}, controls.root, caption);

  function update() {
    controls.update();
    const { status, round, numbers } = state;
    root.hidden = !status?.sheets.length;
    if (!status || round === undefined || !numbers) return;
    const updates = numbers[status.contest.fields.indexOf("updates")];
    caption.textContent = `round ${round} of ${status.contest.rounds}, after ${updates.toLocaleString("en")} updates`;
  }
  return { root, update };
}
