// A tour of six stops for a first visit: what to look at, and a line that sets the controls. It can be
// left at any time, and does not come back.

import { make } from "./dom.js";
import { store } from "./store.js";

/** at: what is looked at, in the tab; tries: links that set its controls, by what they say. */
export const STOPS = [
  {
    tab: "forward", at: "#forward-t", title: "A picture drowns in noise",
    text: "Drag t from 0 to T. Each picture is xₜ = αₜ x0 + σₜ ε, worked out as you drag: less of the picture, more of the noise, by a known formula.",
    tries: { "t = 700, where little is left": "forward?t=700", "t = 150, where you would hardly see it": "forward?t=150" },
  },
  {
    tab: "forward", at: "#forward-schedule", title: "The schedule says how fast",
    text: "It sets αₜ and σₜ. Two schedules with the same noise show what differs: how much is left of the picture on the way.",
    tries: { "linear beside cosine": "forward?t=400&schedule=linear&rivals=cosine" },
  },
  {
    tab: "forward", at: "#forward-guess", title: "A network guesses the noise",
    text: "That is all it has learned. What remains without the guessed noise is its guess of the picture: a blur where much is lost, as many pictures would fit.",
    tries: { "one look at little noise": "forward?t=200", "one look at much": "forward?t=800" },
  },
  {
    tab: "sample", at: "#sample-run", title: "Pictures come out of noise",
    text: "From noise alone, back along the schedule: many small refinements, never one jump. Watch them, or drag the slider below the pictures.",
    tries: { "only 3 steps": "sample?steps=3", "50 steps": "sample?steps=50", "what was asked for, insisted on": "sample?guidance=4" },
  },
  {
    tab: "plane", at: "#plane-view", title: "Nothing is hidden in the plane",
    text: "Of points in two dimensions all can be seen at once: the paths, the field that they follow, where the data are likely.",
    tries: {},
  },
  {
    tab: "train", at: "#train-start", title: "Train one of your own",
    text: "A small denoiser of digits takes minutes, in the background. Then go on in Learn, where each sentence of the lesson is an experiment.",
    tries: { "the lesson": "learn" },
  },
];
const PATIENCE = 3000; // ms in which a tab that is opened for the first time is there

/** A button that begins the tour, until it was taken or declined; nothing after that. */
export function tourButton() {
  const button = make("button", { type: "button", id: "tour-start" }, "Take a tour");
  if (store.get("toured")) return null;
  button.addEventListener("click", () => {
    button.remove();
    store.set("toured", "yes");
    begin();
  });
  return button;
}

/** Show the stops, one after another. */
function begin() {
  let place = 0;
  /** @type {Element | null} */
  let lit = null;
  const count = make("span", { className: "muted number" });
  const title = make("strong", { id: "tour-title" });
  const text = make("p");
  const tries = make("p", { className: "tour-tries" });
  const back = make("button", { type: "button", onclick: () => go(place - 1) }, "Back");
  const next = make("button", { type: "button", className: "primary", onclick: () => (place < STOPS.length - 1 ? go(place + 1) : leave()) });
  const root = make("section", { id: "tour", className: "live-view tour", role: "dialog", "aria-labelledby": "tour-title", tabIndex: -1 },
    make("div", { className: "tour-head" }, title, count), text, tries,
    make("div", { className: "tour-buttons" }, back, next, make("button", { type: "button", onclick: leave }, "Leave the tour")));
  document.addEventListener("keydown", escape);
  document.body.append(root);
  go(0);
  root.focus();

  /** @param {number} wanted */
  function go(wanted) {
    place = wanted;
    const stop = STOPS[place];
    title.textContent = stop.title;
    count.textContent = `${place + 1} of ${STOPS.length}`;
    text.textContent = stop.text;
    const links = Object.entries(stop.tries).map(([say, link]) => make("a", { href: `#${link}` }, say));
    tries.replaceChildren(...(links.length ? ["Try this: ", ...links.flatMap((link, i) => (i ? [" · ", link] : [link]))] : []));
    back.disabled = place === 0;
    next.textContent = place < STOPS.length - 1 ? "Next" : "Done";
    const tab = /** @type {HTMLElement | null} */ (document.querySelector(`#tab-${stop.tab}-button`));
    if (tab?.getAttribute("aria-selected") !== "true") tab?.click();
    look(stop.at, performance.now() + PATIENCE);
  }

  /** Put what is looked at in sight, as soon as it is there. @param {string} at @param {number} end */
  function look(at, end) {
    light(null);
    const found = document.querySelector(at);
    if (found instanceof HTMLElement && found.offsetParent) light(found);
    else if (performance.now() < end && STOPS[place].at === at && root.isConnected) setTimeout(() => look(at, end), 100);
  }

  /** @param {Element | null} element */
  function light(element) {
    lit?.classList.remove("tour-lit");
    lit = element;
    lit?.classList.add("tour-lit");
    lit?.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }

  /** @param {KeyboardEvent} event */
  function escape(event) {
    const open = event.target instanceof Element && event.target.closest("[aria-expanded=true]"); // which it closes
    if (event.key === "Escape" && !open) leave();
  }

  function leave() {
    light(null);
    document.removeEventListener("keydown", escape);
    root.remove();
    document.getElementById("share-link")?.focus();
  }
}
