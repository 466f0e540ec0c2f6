// The parts of a translation: where each point went, what came back, and the numbers of both ways.

import { make } from "../lib/dom.js";
import { context2d, halves } from "../lib/pixels.js";
import { segments } from "../lib/segments.js";
import { digits } from "../lib/text.js";
import { place, scatter } from "./race.js";

/** @import { ContestState } from "./contest_state.js" */
/** @import { ContestStatus } from "./contests.d.ts" */

const VIEWS = { there: "there", paths: "where each went", back: "there and back" };
const PATHS = 60; // lines that are drawn

/** @param {ContestState} state */
export function translationParts(state) {
  return [cloudsPart(state), tablePart(state)];
}

/** A picture of each translator. @param {ContestState} state */
function cloudsPart(state) {
  let view = "there";
  const choice = segments({ label: "What is shown", labels: VIEWS, onChoose: (name) => { view = name; state.change("round"); } });
  const figures = make("div", { className: "contest-clouds contest-pair" });
  const root = make("div", {}, choice.root, figures);
  /** @type {HTMLCanvasElement[]} */
  let canvases = [];

  /** @param {Set<string>} changed */
  function update(changed) {
    const { status } = state;
    choice.update(view);
    if (changed.has("job")) {
      const translators = status?.contest.translators ?? [];
      canvases = translators.map(() => make("canvas", { className: "picture contest-cloud", role: "img" }));
      figures.replaceChildren(...translators.map(({ label, source }, i) =>
        make("figure", {}, make("figcaption", {}, make("strong", { className: `contest-${i + 2}`, title: source }, label)), canvases[i])));
    }
    const { cloud } = state;
    if (!status || !cloud) return;
    const { begin, data, translators, source, target } = status.contest;
    const points = halves(cloud);
    const size = points.length / (2 * translators.length);
    canvases.forEach((canvas, i) => {
      const [there, back] = [0, 1].map((way) => points.subarray((2 * i + way) * size, (2 * i + way + 1) * size));
      const shown = view === "back" ? back : there;
      scatter(canvas, [{ points: view === "back" ? begin : data, alpha: 0.25 }, { points: shown, alpha: 0.9, mark: i + 2 }]);
      if (view === "paths") lines(canvas, begin, there, i + 2);
      const words = view === "back" ? `what came back to ${source}` : `${source} as ${target}`;
      canvas.setAttribute("aria-label", `${translators[i].label}: ${words}`);
    });
  }
  return { root, update };
}

/** @param {HTMLCanvasElement} canvas @param {ArrayLike<number>} from @param {ArrayLike<number>} to @param {number} mark */
function lines(canvas, from, to, mark) {
  const context = context2d(canvas);
  context.globalAlpha = 0.5;
  context.strokeStyle = getComputedStyle(canvas).getPropertyValue(`--contest-${mark}`);
  context.beginPath();
  for (let i = 0; i < 2 * PATHS; i += 2) {
    context.moveTo(place(from[i]), canvas.height - place(from[i + 1]));
    context.lineTo(place(to[i]), canvas.height - place(to[i + 1]));
  }
  context.stroke();
}

const ROWS = [
  { field: "cycle", label: "cycle error", help: "root mean square of there and back, less where it began" },
  { field: "energy", label: "energy distance to the target", help: "of what arrived" },
  { field: "astray", label: "share astray", help: "farther from the target's data than its own is" },
  { field: "moved", label: "moved", help: "root mean square of how far a point went" },
  { field: "seconds", label: "CPU seconds", help: "of learning" },
];

/** The numbers, at the round that is shown. @param {ContestState} state */
function tablePart(state) {
  const table = make("table", { className: "contest-outcome number" });
  const words = make("p", { className: "contest-words" });
  const root = make("div", {}, make("div", { className: "contest-scroll" }, table), words);

  /** @param {Set<string>} changed */
  function update(changed) {
    const { status, numbers } = state;
    root.hidden = !numbers;
    if (!status || !numbers || !["round", "status", "job"].some((what) => changed.has(what))) return;
    const { contest } = status;
    /** @param {number} lane @param {string} field */
    const value = (lane, field) => numbers[lane * contest.fields.length + contest.fields.indexOf(field)];
    table.replaceChildren(
      make("tr", {}, ...["", ...contest.translators.map(({ label }) => label), "fresh data"].map((text) => make("th", { scope: "col" }, text))),
      ...ROWS.map(({ field, label, help }) => make("tr", { title: help }, make("th", { scope: "row" }, label),
        ...contest.translators.map((_, lane) => make("td", {}, digits(value(lane, field)))),
        make("td", {}, field in contest.fresh ? digits(contest.fresh[/** @type {"energy"} */ (field)]) : ""))),
    );
    words.textContent = inWords(status, (lane, field) => value(lane, field));
  }
  return { root, update };
}

/** What was measured, in a sentence. @param {ContestStatus} status @param {(lane: number, field: string) => number} value */
function inWords({ contest: { translators, source, target } }, value) {
  const [first, second] = [0, 1].sort((a, b) => value(a, "cycle") - value(b, "cycle"));
  const [near, far] = [0, 1].sort((a, b) => value(a, "energy") - value(b, "energy"));
  /** @param {number} i */
  const name = (i) => translators[i].label;
  return `From ${source} to ${target} and back, ${name(first)} errs by ${digits(value(first, "cycle"))}, ${name(second)} by ${digits(value(second, "cycle"))}; nearer to the target's data comes ${name(near)}, at ${digits(value(near, "energy"))} against ${digits(value(far, "energy"))}.`;
}
