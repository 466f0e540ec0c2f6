// The schedule's controls: its kind in sight; its shape, T and the noise's seed folded away.

import { make } from "../lib/dom.js";
import { slider } from "../lib/slider.js";
import { store } from "../lib/store.js";
import { handlesAlong } from "./handles.js";
import { digits } from "../lib/text.js";
import { DRAWN, alphaBar } from "../lib/schedules.js";

/** @import { ForwardState } from "./state.js" */
/** @import { Change } from "./types.d.ts" */

/** curves: what is shown between; renoise(): fetch the picture's noise again, for another seed. @param {ForwardState} state @param {Change} change @param {Node} curves @param {() => void} renoise */
export function controlsPanel(state, change, curves, renoise) {
  const options = state.kinds.map(({ name, label }) => make("option", { value: name }, label));
  const kind = make("select", {}, ...options);
  const draw = make("button", { type: "button", id: "forward-draw" }, "Draw on this curve");
  const source = make("p", { className: "muted" });
  const own = make("div", { className: "forward-parameters" });
  const T = slider({
    id: "forward-T", label: "T, the number of steps", ...state.facts.T, className: "forward-slider",
    onInput: (value) => {
      state.setT(value);
      change("schedule", "t");
    },
  });
  const zero = make("input", { type: "checkbox" });
  const why = make("span", { className: "muted", hidden: true }, " (only for schedules with α² + σ² = 1)");
  const zeroLabel = make("label", { id: "forward-ztsnr" }, zero, " Zero terminal SNR: nothing of the picture is left at T", why);
  const seed = make("input", { type: "number", min: 0, max: state.facts.maxSeed, step: 1 });
  const dice = make("button", { type: "button", id: "forward-dice" }, "Other noise");

  kind.addEventListener("change", () => {
    state.kind = kind.value;
    change("schedule");
  });
  draw.addEventListener("click", () => {
    const { schedule } = state;
    state.handles = handlesAlong((share) => alphaBar(schedule, Math.round(share * schedule.T)));
    store.set("handles", state.handles);
    state.kind = DRAWN;
    change("schedule");
  });
  zero.addEventListener("change", () => {
    state.zeroTerminal = zero.checked;
    change("schedule");
  });
  /** @param {number | string} value */
  const setSeed = (value) => {
    const whole = Math.round(Number(value)) || 0;
    state.seed = Math.min(state.facts.maxSeed, Math.max(0, whole));
    seed.value = String(state.seed);
    renoise();
  };
  seed.addEventListener("change", () => setSeed(seed.value));
  dice.addEventListener("click", () => setSeed(Math.floor(Math.random() * 1e6)));

  /** The sliders of the present kind's own parameters. */
  function showParameters() {
    const { name, parameters } = state.kindNamed(state.kind);
    if (own.dataset.kind === name) return;
    own.dataset.kind = name;
    own.replaceChildren(
      ...parameters.map((parameter) => {
        const { minimum, maximum, step } = parameter;
        const { root } = slider({
          id: `forward-${parameter.name}`, label: parameter.label, minimum, maximum, step, className: "forward-slider",
          value: state.parameters[name][parameter.name],
          text: (value) => (Number.isInteger(value) ? String(value) : digits(value)),
          onInput: (value) => {
            state.parameters[name][parameter.name] = value;
            change("schedule");
          },
        });
        return root;
      }),
    );
    if (name === DRAWN) own.append(make("p", {}, "Drag the handles on the ᾱ curve; or focus one and use the arrow keys."));
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    if (!changed.has("schedule")) return;
    const { source: paper, preserving } = state.kindNamed(state.kind);
    kind.value = state.kind;
    draw.hidden = state.kind === DRAWN;
    source.textContent = paper;
    T.set(state.T);
    zero.checked = state.zeroTerminal && preserving;
    zero.disabled = !preserving;
    why.hidden = preserving;
    showParameters();
    if (document.activeElement !== seed) seed.value = String(state.seed);
  }

  const advanced = make(
    "details",
    { id: "forward-advanced" },
    make("summary", {}, "Shape the schedule"),
    own,
    T.root,
    zeroLabel,
    make("div", { className: "forward-seed" }, make("label", { id: "forward-seed" }, "Seed of the noise ", seed), dice),
    source,
  );
  const top = make("div", { className: "forward-kind" }, make("label", { id: "forward-schedule" }, "Noise schedule", kind), draw);
  return { root: make("div", { className: "card forward-controls" }, top, curves, advanced), update };
}
