// An experiment in its place: what it is, the prediction to make first, its body, and what it found.

import { make } from "../lib/dom.js";
import { figureFormats, takeAway } from "../lib/takeaway.js";
import { claim, keyOf, note, progress } from "./progress.js";
import { apart } from "./experiments/apart.js";
import { back, latent, words } from "./experiments/back.js";
import { fewest, halfway } from "./experiments/challenges.js";
import { once, schedule } from "./experiments/clouds.js";
import { drown } from "./experiments/drown.js";
import { look } from "./experiments/look.js";
import { loop } from "./experiments/loop.js";
import { noising } from "./experiments/noising.js";
import { pictures } from "./experiments/pictures.js";
import { race, recorded } from "./experiments/race.js";
import { speed } from "./experiments/speed.js";
import { steps } from "./experiments/steps.js";
import { straight } from "./experiments/straight.js";

/** @import { Body, Experiment, Facts, Found, Message, Section, Shown } from "./types.d.ts" */

/** By the names of diffviz/lessons/experiments. @type {Record<string, Experiment>} */
export const EXPERIMENTS = { apart, back, drown, fewest, halfway, latent, look, loop, noising, once, pictures, race, recorded, schedule, speed, steps, straight, words };

const MET = "met"; // what a challenge finds

/**
 * @param {Section} section @param {Shown} shown @param {Facts} facts
 * @param {(experiment: string, settings: object, take: (message: Message) => void, figure?: { format: string, theme: string }) => void} ask runs it on the server, for its messages or for a figure
 */
export function experimentPanel(section, shown, facts, ask) {
  const key = keyOf(section, shown);
  const status = make("p", { className: "muted", role: "status" });
  const said = make("p", { className: "learn-claim", role: "status" });
  const place = make("div", { className: "learn-body" });
  /** With what it was last run on the server. @type {object | null} */
  let tried = null;
  let turns = 0;
  const takeHome = takeAway(figureFormats("Figure"), (format, theme) => new Promise((resolve) => {
    ask(shown.name, tried ?? shown.settings, ({ file, failed }) => (file || failed) && resolve(file ?? { error: failed }), { format, theme });
  }));
  takeHome.hidden = true;
  const root = make(
    "section",
    { className: "card learn-experiment", id: `learn-${section.name}-${shown.name}`, "aria-label": shown.heading },
    make("h3", { id: `learn/${key}`, tabIndex: -1 }, shown.heading, " ", make("a", { href: `#learn/${key}`, className: "learn-link", "aria-label": `Link to “${shown.heading}”` }, "#")),
    ...(shown.text ? [make("p", {}, shown.text)] : []),
    ...(shown.predict ? [prediction(key, shown.predict)] : []),
    place,
    status,
    said,
    takeHome,
  );
  root.dataset.state = "new";
  if (progress().met.includes(key)) status.textContent = "You have met this challenge before.";
  /** @type {Body | null} */
  let body = null;

  const say = (/** @type {string} */ text) => void (status.textContent = text);

  function ready() {
    if (!shown.predict || progress().predictions[key]) return true;
    say("Say first what you expect; then look.");
    root.querySelector("input")?.focus();
    return false;
  }

  function done() {
    root.dataset.state = "done";
    takeHome.hidden = !facts.runnable.includes(shown.name);
  }

  /** @param {Found} what */
  function found(what) {
    done();
    root.dataset.outcome = what.outcome;
    say("");
    const kept = progress().predictions[key];
    const sentence = claim(shown, what);
    const before = kept ? (kept.expected === what.outcome ? "As you expected. " : "Not as you expected. ") : "";
    said.textContent = before + sentence;
    if (what.outcome === MET) note(({ met }) => met.includes(key) || met.push(key));
    if (kept) note(({ predictions }) => (predictions[key] = { ...kept, found: what.outcome, said: sentence }));
  }

  /** @param {Message} message */
  function take(message) {
    if (message.waiting) return say(`diffviz is busy: you are number ${message.waiting} in line.`);
    if (message.failed) {
      root.dataset.state = "failed";
      return say(message.failed);
    }
    say("");
    body?.take?.(message);
    if (message.end) done();
    if (message.outcome !== undefined) found(/** @type {Found} */ (message));
  }

  function run(settings = {}) {
    if (!ready()) return false;
    root.dataset.state = "running";
    said.textContent = "";
    say("It runs …");
    takeHome.hidden = true;
    tried = { ...shown.settings, ...settings };
    const turn = (turns += 1);
    ask(shown.name, tried, (message) => turn === turns && take(message)); // a later press takes its place
    return true;
  }

  return {
    root,
    key,
    /** With what it was last run on the server, if it was. */
    tried: () => tried,
    /** Make its body, once. */
    mount() {
      if (body) return;
      body = EXPERIMENTS[shown.name]({ settings: shown.settings, facts, run, found, ready, say });
      place.append(body.root);
    },
  };
}

/** @param {string} key @param {NonNullable<Shown["predict"]>} predict */
function prediction(key, { question, choices }) {
  const kept = progress().predictions[key]?.expected;
  /** @param {string} outcome */
  const expect = (outcome) => note(({ predictions }) => (predictions[key] = { expected: outcome }));
  const options = Object.entries(choices).map(([outcome, label]) => {
    const input = make("input", { type: "radio", name: `expect ${key}`, value: outcome, checked: kept === outcome, onchange: () => expect(outcome) });
    return make("label", {}, input, make("span", {}, label));
  });
  return make("fieldset", { className: "learn-predict" }, make("legend", {}, `What do you expect? ${question}`), ...options);
}
