// The Forward tab: a picture drowns in noise. One state, parts that show it, one paint a frame.

import { make } from "../lib/dom.js";
import { backPanel } from "./back.js";
import { chainPanel } from "./chain.js";
import { controlsPanel } from "./controls.js";
import { guessPanel } from "./guess.js";
import { introduce } from "./intro.js";
import { curvesPanel, histogramPanel, numbersPanel } from "./readouts.js";
import { sourcesPanel } from "./sources.js";
import { stagePanel } from "./stage.js";
import { ForwardState } from "./state.js";

const REST = 150; // ms without a change after which the slider counts as at rest

export function mount(element, { props, server, trigger, watch }) {
  const section = element.querySelector("section.live-view");
  const state = new ForwardState(JSON.parse(props.value));
  const parts = [];
  const changed = new Set();
  let frame = 0;
  let resting = 0;
  let waiting = false;

  /** Say what changed ("picture", "denoiser", "schedule", "rivals" or "t"); it is painted in the next frame. */
  function change(...what) {
    for (const one of what) changed.add(one);
    if (!frame && state.picture) frame = requestAnimationFrame(render);
  }

  function render() {
    frame = 0;
    if (changed.has("schedule") || changed.has("rivals")) state.reschedule();
    for (const part of parts) part.update(changed);
    changed.clear();
    clearTimeout(resting);
    resting = setTimeout(rest, REST);
  }

  /** What asks the server: not before someone looks at this tab. */
  function rest() {
    waiting = !section.offsetParent;
    if (!waiting) parts.forEach((part) => part.rest?.());
  }

  new IntersectionObserver(() => waiting && rest()).observe(section);

  const stage = stagePanel(state, change);
  const numbers = numbersPanel(state);
  const curves = curvesPanel(state, change);
  const histogram = histogramPanel(state);
  const controls = controlsPanel(state, change, curves.root, () => sources.renoise());
  const guess = guessPanel(state, change, server);
  const chain = chainPanel(state);
  const back = backPanel(state, change, server, trigger);
  watch("value", () => back.take(JSON.parse(props.value))); // after the facts, its messages
  const sources = sourcesPanel(state, server, (picture) => {
    state.picture = picture;
    change("picture", "schedule", "t");
  });
  // The canvas first: what is dragged is looked at.
  parts.push(stage, numbers, curves, histogram, controls, guess, chain, back);
  const column = (...roots) => make("div", { className: "forward-column" }, ...roots);
  const main = make(
    "div",
    { className: "forward-main" },
    column(stage.root, histogram.root),
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
  const started = introduce(section, state, change);
  sources.load({ example: state.facts.examples[0].name }).then(started);
}
