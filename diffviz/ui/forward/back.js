// A picture brought to t and back by a denoiser: image-to-image, and DDIM inversion.

import { make } from "../lib/dom.js";
import { links } from "../lib/links.js";
import { slider } from "../lib/slider.js";
import { counted, unlearned } from "../lib/text.js";
import { errorsPanel } from "./errors.js";
import { keepPanel } from "./keep.js";
import { seenOf, shownTo } from "./noised.js";
import { Walk } from "./walk.js";

const STEPS = [10, 20, 50, 100, 200];
const FIRST_STEPS = 50;
const PAUSE = 300; // ms without a key after which the server is asked what a sentence says
const ANYTHING = "anything";

/** @import { Values } from "../lib/types.d.ts" */
/** @import { Mode } from "./walk.js" */
/** @import { ForwardState } from "./state.js" */
/** @import { BackMessage, Change, ForwardServer, Picture } from "./types.d.ts" */

/** @param {ForwardState} state @param {Change} change @param {ForwardServer} server @param {(event: string, data?: object) => void} trigger */
export function backPanel(state, change, server, trigger) {
  /** @param {string} id @param {string} label @param {HTMLOptionElement[]} options */
  const select = (id, label, options) => {
    const input = make("select", {}, ...options);
    return { input, root: make("label", { id, className: "back-field" }, make("span", {}, label), input) };
  };
  /** @param {string} value @param {string} [label] */
  const option = (value, label = value) => make("option", { value }, label);
  const denoiser = select("forward-back-denoiser", "Denoiser", state.facts.denoisers.map(({ name, label }) => option(name, label)));
  const thing = select("forward-back-class", "Make it", []);
  const was = select("forward-back-was", "There as, if not the same", []);
  const words = make("input", { type: "text", value: state.facts.denoisers.find(({ speaks }) => speaks)?.example ?? "", maxLength: 400 });
  const wordsField = make("label", { id: "forward-back-words", className: "back-field wide" }, make("span", {}, "In your words"), words);
  const heard = make("div", { id: "forward-back-heard", className: "back-heard" });
  const steps = select("forward-back-steps", "Steps", STEPS.map((n) => option(String(n))));
  steps.input.value = String(FIRST_STEPS);
  const { minimum, default: usual } = state.facts.guidance;
  const className = "forward-slider back-range";
  const sampler = select("forward-back-sampler", "Sampler", state.facts.samplers.map(([label, name]) => option(name, label)));
  const guidance = slider({
    id: "forward-back-guidance", label: "Guidance", minimum, maximum: 8, step: 0.5, value: usual, className,
    text: (value) => value.toFixed(1),
  });
  const t = slider({
    id: "forward-back-t", label: "Noise: t", minimum: 1, maximum: state.T, className,
    text: (value) => `${value} of ${state.T}`,
    onInput: (value) => {
      state.t = value;
      change("t");
    },
  });
  const run = make("button", { type: "button", id: "forward-back-run", className: "primary" }, "Bring it back");
  const invert = make("button", { type: "button", id: "forward-back-invert" }, "There and back (DDIM inversion)");
  const stop = make("button", { type: "button", id: "forward-back-stop", hidden: true }, "Stop");
  const message = make("p", { className: "forward-note", role: "status" });
  const note = make("p", { className: "muted" });
  const walk = new Walk();
  const keep = keepPanel(walk, trigger);
  const errors = errorsPanel();
  let asked = 0; // the latest request; messages of older ones are not looked at
  /** @type {Mode} */
  let mode = "back";
  let bridged = false; // from one class to another: what comes back is meant to differ
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let hearing;
  let wish = ANYTHING; // the class that was chosen last, of whichever denoiser
  let said = ""; // what the picture is, likewise, for the way there
  /** @type {import("./keep.js").Kept | null} */
  let kept = null; // the run, for its files
  let beginnings = 0;
  /** @type {{ picture: Picture, sees: string, seen: Awaited<ReturnType<typeof seenOf>> } | undefined} */
  let cache;
  let shown = ""; // what the pictures and errors on show are of

  const root = make(
    "details",
    { className: "card forward-back", id: "forward-back" },
    make("summary", {}, make("h3", {}, "Bring it back"), make("span", { className: "muted" }, "the denoiser starts from your drowned picture, not from pure noise")),
    make("div", { className: "back-controls" }, denoiser.root, was.root, thing.root, wordsField, t.root, steps.root, sampler.root, guidance.root),
    heard,
    make("div", { className: "back-buttons" }, run, invert, stop, message),
    walk.root,
    keep.root,
    errors.root,
    note,
  );
  root.addEventListener("toggle", () => {
    if (!root.open) return;
    listen();
    if (root.dataset.state !== "running") showBeginning();
  });

  const known = () => state.chosen;
  const small = () => /** @type {Picture} */ (state.picture).small[known().sees];
  const saidNow = () => (was.root.hidden ? "" : was.input.value);
  const wanted = () => (known().speaks ? words.value : thing.input.value);

  denoiser.input.addEventListener("change", () => {
    state.denoiser = denoiser.input.value;
    change("denoiser");
  });
  words.addEventListener("input", () => {
    age();
    clearTimeout(hearing);
    hearing = setTimeout(listen, PAUSE);
  });
  thing.input.addEventListener("change", () => {
    wish = thing.input.value;
    showGuidance();
    age();
  });
  was.input.addEventListener("change", () => {
    said = was.input.value;
    age();
  });
  // For the link.
  root.addEventListener("input", () => change("wish"));
  root.addEventListener("change", () => change("wish"));
  run.addEventListener("click", () => start("back"));
  invert.addEventListener("click", () => start("invert"));
  stop.addEventListener("click", () => {
    halt();
    message.textContent = "Stopped.";
  });

  function showGuidance() {
    guidance.root.hidden = wanted() === ANYTHING;
  }

  async function listen() {
    if (!known().speaks) return;
    const text = words.value;
    const answer = await server.hear({ text, denoiser: state.denoiser }).catch(() => null);
    if (answer && "html" in answer && text === words.value) heard.innerHTML = answer.html; // escaped by the server
    showGuidance();
  }

  function describe() {
    const { name, says, speaks, things, any } = known();
    const { same, shape: [channels, height, width] } = small();
    denoiser.input.value = name;
    wordsField.hidden = heard.hidden = !speaks;
    if (speaks && state.facts.denoisers.some(({ example }) => example === words.value)) words.value = known().example;
    thing.root.hidden = was.root.hidden = speaks || !things.length;
    thing.input.replaceChildren(...[ANYTHING, ...things].map((value) => option(value)));
    thing.input.value = things.includes(wish) ? wish : ANYTHING;
    was.input.replaceChildren(option("", "the same"), ...things.map((value) => option(value)));
    was.input.value = things.includes(said) ? said : "";
    const seen = any || same ? "The very picture above." : `Your picture’s ${height === width ? "square " : ""}centre, brought to what the denoiser knows: ${width} × ${height}, ${channels === 1 ? "grey" : "in colour"}.`;
    note.textContent = `${seen} ${says}`;
    showGuidance();
    if (root.open) listen();
  }

  function forget() {
    if (root.dataset.state === "running") halt();
    root.dataset.state = "new";
    message.textContent = "";
    walk.clear(small().shape);
    keep.show(null);
    errors.clear();
  }

  /** The two pictures that it begins with: as the model sees it, and noised to t as it stands. */
  async function showBeginning() {
    // A slider that is dragged would wait for what nobody sees; and a link may open it before there is a picture.
    if (!root.open || !state.picture) return;
    const turn = ++beginnings;
    if (cache?.picture !== state.picture || cache.sees !== known().sees) {
      const [picture, by] = [state.picture, known()];
      const seen = await seenOf(picture, by, server).catch(() => null);
      if (!seen || turn !== beginnings) return; // what is newer begins by itself
      cache = { picture, sees: by.sees, seen };
    }
    const { x0, eps } = cache.seen;
    const { schedule } = state;
    const divisor = state.asIs ? 1 : state.divisor(schedule);
    const [a, s] = [schedule.alpha[state.t] / divisor, schedule.sigma[state.t] / divisor];
    walk.begin(x0, x0.map((v, i) => a * v + s * eps[i]), state.t);
  }

  const now = () => JSON.stringify([state.t, state.described(), wanted(), saidNow(), sampler.input.value]);

  /** What is on show may be of another t, schedule or wish. */
  function age() {
    const same = now() === shown;
    if (!same) errors.clear();
    if (["done", "stale"].includes(root.dataset.state ?? "")) root.dataset.state = same ? "done" : "stale";
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    t.set(state.t, state.T);
    if (changed.has("picture") || changed.has("denoiser")) {
      forget();
      describe();
    }
    age();
    if (root.dataset.state !== "running") showBeginning();
  }

  /** @param {Mode} newMode */
  async function start(newMode) {
    if (root.dataset.state === "running") halt();
    if (state.t === 0) {
      message.textContent = "At t = 0 there is nothing to bring back. Move the slider first.";
      return;
    }
    mode = newMode;
    bridged = mode === "invert" && saidNow() !== "" && saidNow() !== wanted();
    asked += 1;
    root.dataset.state = "running";
    root.dataset.run = String(asked); // for tools
    root.dataset.mode = mode;
    stop.hidden = false;
    message.textContent = "Waiting for its turn …";
    links.ran("forward");
    walk.clear(small().shape);
    keep.show(null);
    if (mode === "back") errors.clear(); // they are of inversions
    showBeginning();
    age();
    shown = now();
    const picture = /** @type {Picture} */ (state.picture);
    const request = {
      id: asked, mode, denoiser: state.denoiser, what: wanted(),
      t: state.t, steps: Number(steps.input.value), guidance: guidance.value, seed: picture.seed,
      ...(mode === "back" ? { sampler: sampler.input.value } : { was: saidNow() }), // inversion is DDIM's
      ...state.described(),
    };
    const by = known();
    const again = async () => ({ ...request, ...(await shownTo(picture, by, server)) });
    kept = { name: `diffviz-${state.denoiser}-${mode}-t-${state.t}`, note: "", again };
    const pictured = await again().catch(() => null);
    if (request.id !== asked) return;
    if (pictured) return trigger("back", { request: pictured });
    message.textContent = "The server does not take the picture; please try again in a moment.";
    end("failed");
  }

  function halt() {
    trigger("halt");
    asked += 1;
    end("stopped");
  }

  /** @param {string} how */
  function end(how) {
    walk.timeline.end();
    root.dataset.state = how;
    stop.hidden = true;
  }

  /** A message of the server's. @param {BackMessage} message */
  function take({ id, waiting, start: begun, frame, apart = 0, failed }) {
    if (id !== asked) return;
    if (waiting) {
      message.textContent = `diffviz is busy: you are number ${waiting} in line.`;
    } else if (begun) {
      walk.expect(begun.grid, mode);
      if (kept) kept.note = begun.note;
      message.textContent = remark(begun);
    } else if (frame) {
      walk.add(frame);
    } else if (failed) {
      message.textContent = failed;
      if (state.picture) delete state.picture.upload; // it may be gone by now: the next run sends it again
      end("failed");
    } else {
      const same = mode === "invert" && !bridged;
      walk.finish(apart, same);
      keep.show(kept);
      end("done");
      if (same) errors.add(walk.steps, apart);
    }
  }

  /** What its controls say, by the names that links know them by. */
  const values = () => ({ what: wish, was: said, words: words.value, steps: Number(steps.input.value), sampler: sampler.input.value, guidance: guidance.value });

  /** @param {Values} given */
  function set(given) {
    const before = JSON.stringify(values());
    wish = given.what;
    said = given.was;
    words.value = given.words;
    steps.input.value = String(given.steps);
    sampler.input.value = given.sampler;
    guidance.set(given.guidance);
    if (JSON.stringify(values()) !== before) root.open = true; // there it is to be seen
    if (state.picture) describe();
  }

  return { root, update, take, values, set };
}

/** What must be said of a run that has begun. @param {NonNullable<BackMessage["start"]>} begun */
function remark({ steps, grid, outside }) {
  const said = [];
  if (steps === grid[0]) said.push(`From t = ${steps} there ${steps === 1 ? "is" : "are"} ${counted(steps, "step")} and no more.`);
  return [...said, unlearned(outside)].join(" ").trim();
}
