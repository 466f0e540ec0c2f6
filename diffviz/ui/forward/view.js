// The Forward tab: a picture drowns in noise. One state, parts that show it, one paint a frame.

import { make } from "../lib/dom.js";
import { links } from "../lib/links.js";
import { painting } from "../lib/painting.js";
import { backPanel } from "./back.js";
import { chainPanel } from "./chain.js";
import { controlsPanel } from "./controls.js";
import { guessPanel } from "./guess.js";
import { introduce } from "./intro.js";
import { linkForward } from "./linked.js";
import { curvesPanel, histogramPanel, numbersPanel } from "./readouts.js";
import { sourcesPanel } from "./sources.js";
import { stagePanel } from "./stage.js";
import { ForwardState } from "./state.js";
import { takePanel } from "./take.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { Facts, ForwardServer } from "./types.d.ts" */

/** @param {HTMLElement} element @param {LiveView<ForwardServer, Facts>} view */
export function mount(element, { facts, props, server, trigger, watch }) {
  const section = /** @type {HTMLElement} */ (element.querySelector("section.live-view"));
  const state = new ForwardState(facts);
  // What changes: "picture", "denoiser", "schedule", "rivals" or "t".
  const { parts, change } = painting(section, {
    ready: () => state.picture !== null,
    before: (changed) => (changed.has("schedule") || changed.has("rivals")) && state.reschedule(),
  });

  const stage = stagePanel(state, change);
  const numbers = numbersPanel(state);
  const curves = curvesPanel(state, change);
  const histogram = histogramPanel(state);
  const controls = controlsPanel(state, change, curves.root, () => sources.renoise());
  const guess = guessPanel(state, change, server);
  const chain = chainPanel(state);
  const back = backPanel(state, change, server, trigger);
  watch("value", () => back.take(JSON.parse(props.value ?? "null")));
  const sources = sourcesPanel(state, server, (picture) => {
    state.picture = picture;
    change("picture", "schedule", "t");
  });
  // The canvas first: what is dragged is looked at.
  parts.push(stage, numbers, curves, histogram, controls, guess, chain, back);
  /** @param {...Node} roots */
  const column = (...roots) => make("div", { className: "forward-column" }, ...roots);
  const main = make(
    "div",
    { className: "forward-main" },
    column(stage.root, takePanel(state, server), histogram.root),
    column(numbers.root, guess.root, controls.root),
  );
  section.append(
    make(
      "div",
      { className: "forward" },
      sources.root,
      main,
      back.root,
      chain.root,
    ),
  );
  sources.acceptDrops(section);
  const film = introduce(section, state, change, state.facts.settings.find(({ name }) => name === "t")?.default);
  const shown = linkForward(state, change, back, sources, film.stop);
  parts.push({ update: () => film.playing || links.changed("forward") });
  if (!shown) sources.load(state.facts.examples[0].name).then(film.start);
}
