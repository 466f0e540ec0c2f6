// The large picture x_t, up to three of them on one ε, with the slider and the film strip.

import { make } from "../lib/dom.js";
import { countPaint } from "../lib/pixels.js";
import { slider } from "../lib/slider.js";
import { Painter } from "./noised.js";
import { digits } from "../lib/text.js";
import { MOST_RIVALS } from "./state.js";

/** @import { ForwardState } from "./state.js" */
/** @import { Change } from "./types.d.ts" */

const STOPS = 10;
const STRIP_SIDE = 64;
const STRIP_EVERY = 4; // frames, while the schedule is being dragged

/** @param {ForwardState} state @param {Change} change */
export function stagePanel(state, change) {
  const main = mainFigure();
  /** @type {ReturnType<typeof rivalFigure>[]} */
  const rivals = [];
  const figures = make("div", { className: "forward-figures" }, main.root);
  const add = make("button", { id: "forward-compare", type: "button" }, "+ Compare a schedule");
  const tSlider = slider({
    id: "forward-t", label: "Noise: t", minimum: 0, maximum: state.T, className: "forward-slider",
    text: (value) => `${value} of ${state.T}`,
    onInput: (value) => {
      state.t = value;
      change("t");
    },
  });
  const clean = make("span", {}, "picture");
  const static_ = make("span", {}, "noise");
  const ends = make("div", { className: "forward-ends muted" }, clean, static_);
  const strip = stripPanel(state, (t) => {
    state.t = t;
    change("t");
  });
  const growsNote = make("span", {});
  const asIs = make("input", { type: "checkbox", id: "forward-as-is" });
  const grows = make("p", { className: "forward-note" }, growsNote, " ", make("label", {}, asIs, " show it as it is"));
  const problem = make("p", { className: "forward-note", role: "status" });
  const said = make("p", { className: "sr-only", "aria-live": "polite" });

  asIs.addEventListener("change", () => {
    state.asIs = asIs.checked;
    change("t", "schedule");
  });
  add.addEventListener("click", () => {
    const taken = [state.kind, ...state.rivals];
    state.rivals.push(state.kinds.filter(({ name }) => !taken.includes(name))[0].name);
    change("rivals", "schedule");
  });

  function syncRivals() {
    while (rivals.length > state.rivals.length) rivals.pop()?.root.remove();
    while (rivals.length < state.rivals.length) {
      const figure = rivalFigure(state, rivals.length, change);
      if (state.picture) figure.painter.setPicture(state.picture);
      rivals.push(figure);
      figures.append(figure.root);
    }
    const whole = /** @type {HTMLElement} */ (root.closest(".forward-main"));
    for (const element of [figures, whole]) element.dataset.count = String(1 + rivals.length);
    add.hidden = rivals.length >= MOST_RIVALS;
    rivals.forEach((figure, k) => (figure.select.value = state.rivals[k]));
    main.caption.hidden = rivals.length === 0;
    main.title.textContent = state.kindNamed(state.kind).label;
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    if (!state.picture) return;
    const kinds = [state.kind, ...state.rivals].join();
    if (kinds !== figures.dataset.kinds) syncRivals();
    figures.dataset.kinds = kinds;
    if (changed.has("picture")) {
      for (const { painter } of [main, ...rivals]) painter.setPicture(state.picture);
      figures.style.setProperty("--aspect", String(state.picture.width / state.picture.height));
    }
    [main, ...rivals].forEach((figure, k) => {
      const { alpha, sigma } = state.schedules[k];
      figure.painter.paint(...state.shown(state.schedules[k]));
      figure.numbers.textContent = `${digits(alpha[state.t])} x0 + ${digits(sigma[state.t])} ε`;
    });
    main.canvas.dataset.t = String(state.t);
    countPaint(main.canvas);
    tSlider.set(state.t, state.T);
    grows.hidden = !state.anyGrows;
    asIs.checked = state.asIs;
    if (state.anyGrows) {
      growsNote.textContent = `On this path xₜ grows; here it is shown divided by √(α² + σ²) = ${largest(state)}.`;
    }
    if (changed.has("schedule")) {
      problem.textContent = state.sound
        ? ""
        : "With these settings some steps add no noise at all; a sampler would refuse this schedule.";
    }
    strip.update(changed);
  }

  /** What a screen reader says, once the slider rests. */
  function rest() {
    const { alpha, sigma } = state.schedule;
    const text = `t = ${state.t} of ${state.T}: ${alpha[state.t].toFixed(3)} of the picture, ${sigma[state.t].toFixed(3)} of the noise`;
    strip.rest();
    said.textContent = text;
    main.canvas.setAttribute("aria-label", `The noised picture, ${text}`);
    tSlider.input.setAttribute("aria-valuetext", text);
  }

  const root = make("div", { className: "forward-stage" }, figures, problem, tSlider.root, ends, strip.root, grows, add, said);
  return { root, update, rest };
}

/** What x_t is divided by for display, of all schedules. @param {ForwardState} state */
function largest(state) {
  return Math.max(...state.schedules.map((schedule) => state.divisor(schedule))).toFixed(2);
}

function mainFigure() {
  const canvas = make("canvas", { id: "forward-canvas", className: "picture", role: "img", "aria-label": "The noised picture" });
  const numbers = make("span", { className: "number muted" });
  const title = make("span", {});
  const caption = make("figcaption", { hidden: true }, title, numbers);
  return { root: make("figure", {}, canvas, caption), canvas, caption, title, numbers, painter: new Painter(canvas) };
}

/** @param {ForwardState} state @param {number} k @param {Change} change */
function rivalFigure(state, k, change) {
  const canvas = make("canvas", { className: "picture", role: "img", id: `forward-rival-${k + 1}` });
  canvas.setAttribute("aria-label", "The same picture and noise on another schedule");
  const options = state.kinds.map(({ name, label }) => make("option", { value: name }, label));
  const select = make("select", { "aria-label": "Schedule to compare" }, ...options);
  const remove = make("button", { type: "button", "aria-label": "Remove this schedule" }, "×");
  select.addEventListener("change", () => {
    state.rivals[k] = select.value;
    change("rivals", "schedule");
  });
  remove.addEventListener("click", () => {
    state.rivals.splice(k, 1);
    change("rivals", "schedule");
  });
  const numbers = make("span", { className: "number muted" });
  const root = make("figure", {}, canvas, make("figcaption", {}, select, numbers, remove));
  return { root, select, numbers, painter: new Painter(canvas) };
}

/** Ten stops from 0 to T; a click goes there. @param {ForwardState} state @param {(t: number) => void} go */
function stripPanel(state, go) {
  const stops = Array.from({ length: STOPS }, (_, k) => {
    const canvas = make("canvas", { className: "picture" });
    const text = make("span", { className: "number" });
    const button = make("button", { type: "button" }, canvas, text);
    button.addEventListener("click", () => go(at(k)));
    return { text, button, painter: new Painter(canvas) };
  });
  /** @param {number} k */
  const at = (k) => Math.round((state.T * k) / (STOPS - 1));
  /** @type {HTMLElement | null} */
  let here = null;
  let stale = 0; // frames since the strip was true to the schedule

  /** @param {Set<string>} changed */
  function update(changed) {
    if (changed.has("picture") && state.picture) {
      const stride = Math.ceil(Math.max(state.picture.width, state.picture.height) / STRIP_SIDE);
      for (const { painter } of stops) painter.setPicture(state.picture, stride);
      redraw();
    }
    if (changed.has("schedule") && ++stale >= STRIP_EVERY) redraw();
    const { button } = stops[Math.round((state.t / state.T) * (STOPS - 1))];
    if (button === here) return;
    here?.classList.remove("here");
    button.classList.add("here");
    here = button;
  }

  function redraw() {
    stale = 0;
    stops.forEach(({ text, button, painter }, k) => {
      painter.paint(...state.shown(state.schedule, at(k)));
      text.textContent = String(at(k));
      button.hidden = k > 0 && at(k) === at(k - 1); // a short T has fewer stops
      button.setAttribute("aria-label", `Go to t = ${at(k)}`);
    });
  }

  function rest() {
    if (stale) redraw();
  }
  const root = make("div", { id: "forward-strip", className: "forward-strip" }, ...stops.map(({ button }) => button));
  return { root, update, rest };
}
