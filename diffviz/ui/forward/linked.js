// The Forward tab's settings in the page's link.

import { links } from "../lib/links.js";
import { DRAWN } from "../lib/schedules.js";
import { store } from "../lib/store.js";
import { isCurve } from "./handles.js";
import { MOST_RIVALS } from "./state.js";

/** @import { Values } from "../lib/types.d.ts" */
/** @import { ForwardState } from "./state.js" */
/** @import { Change } from "./types.d.ts" */

const CONTROLS = {
  zero_terminal_snr: "#forward-ztsnr", example_name: ".forward-sources", rivals: "#forward-compare", as_is: ".forward-note:has(#forward-as-is)",
  denoiser: "#forward-denoiser, #forward-back-denoiser", what: "#forward-back-class", was: "#forward-back-was", words: "#forward-back-words",
  steps: "#forward-back-steps", sampler: "#forward-back-sampler", guidance: "#forward-back-guidance", t: "#forward-t, #forward-back-t",
};

/**
 * @param {ForwardState} state
 * @param {Change} change
 * @param {{ values: () => Values, set: (wanted: Values) => void }} back
 * @param {{ load: (example: string) => Promise<void>, renoise: () => Promise<void> }} sources
 * @param {() => void} still ends the opening film
 * @returns whether the link has set anything
 */
export function linkForward(state, change, back, sources, still) {
  const { settings } = state.facts;
  let shown = false;

  /** @returns {Values} */
  function values() {
    const { kind, T, t, zeroTerminal, asIs, seed, rivals, denoiser, picture, handles } = state;
    const own = state.kindNamed(kind).parameters.filter(({ name, default: usual }) => state.parameters[kind][name] !== usual);
    return {
      ...back.values(), schedule: kind, T, t, seed, rivals, denoiser, zero_terminal_snr: zeroTerminal, as_is: asIs,
      schedule_parameters: Object.fromEntries(own.map(({ name }) => [name, state.parameters[kind][name]])),
      handles: kind === DRAWN ? handles : null,
      ...(picture?.upload || picture?.example === undefined ? {} : { example_name: picture.example }),
    };
  }

  /** @param {Values} wanted */
  function show(wanted) {
    still();
    shown = true;
    const { kinds } = state;
    const handles = wanted.handles?.map(Number);
    const drawn = wanted.schedule === DRAWN && isCurve(handles);
    if (drawn) store.set("handles", (state.handles = handles));
    state.kind = wanted.schedule === DRAWN && !drawn ? kinds[0].name : wanted.schedule;
    for (const { name, default: usual, minimum, maximum } of state.kindNamed(state.kind).parameters) {
      const said = Number(wanted.schedule_parameters[name] ?? usual);
      state.parameters[state.kind][name] = Math.min(maximum, Math.max(minimum, said));
    }
    state.T = wanted.T;
    state.t = Math.min(wanted.t, wanted.T);
    state.zeroTerminal = wanted.zero_terminal_snr;
    state.asIs = wanted.as_is;
    state.denoiser = wanted.denoiser;
    state.rivals = wanted.rivals.filter((/** @type {string} */ name) => kinds.some((kind) => kind.name === name)).slice(0, MOST_RIVALS);
    const noise = state.seed !== wanted.seed;
    state.seed = wanted.seed;
    back.set(wanted);
    const { picture } = state;
    const own = picture && picture.example === undefined; // an upload is in no link
    if (!picture || (own ? noise : noise || picture.example !== wanted.example_name)) {
      if (own) sources.renoise();
      else sources.load(wanted.example_name);
    }
    change("denoiser", "schedule", "rivals", "t");
  }

  links.join("forward", { settings, values, show, controls: CONTROLS });
  return shown;
}
