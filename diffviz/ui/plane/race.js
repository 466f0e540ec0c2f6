// The parts of a race: what each rival makes, how the numbers went, and what it came to.

import { make } from "../lib/dom.js";
import { Line } from "../lib/marks.js";
import { context2d, countPaint, halves } from "../lib/pixels.js";
import { Plot } from "../lib/plot.js";
import { rendererOf } from "../lib/renderer.js";
import { Linear, Log } from "../lib/scales.js";
import { segments } from "../lib/segments.js";
import { digits, thousands } from "../lib/text.js";

/** @import { ContestState } from "./contest_state.js" */
/** @import { ContestStatus } from "./contests.d.ts" */

const REACH = 3; // of both axes, as in lib/renderers/points.js
const SIZE = 320; // pixels of a canvas
const COLUMNS = 5; // of pictures

/** @param {ContestState} state */
export function raceParts(state) {
  return [seedPart(state), cloudsPart(state), curvesPart(state), outcomePart(state)];
}

/**
 * What one place has for a field, a number. @param {ContestStatus} status @param {number[]} numbers of a round
 * @param {number} rival @param {number} seed @param {string} field
 */
function valueOf({ contest: { fields, seeds } }, numbers, rival, seed, field) {
  return numbers[fields.length * (rival * seeds.length + seed) + fields.indexOf(field)];
}

/** Which seed's clouds are shown. @param {ContestState} state */
function seedPart(state) {
  const root = make("div", { className: "contest-seeds" });
  /** @type {ReturnType<typeof segments> | null} */
  let choice = null;

  /** @param {Set<string>} changed */
  function update(changed) {
    const { status } = state;
    if (changed.has("job")) {
      const seeds = status?.contest.seeds ?? [];
      const labels = Object.fromEntries(seeds.map((seed, i) => [String(i), `seed ${seed}`]));
      choice = seeds.length > 1 ? segments({ label: "Which seed is shown", labels, onChoose }) : null;
      root.replaceChildren(...(choice ? [choice.root] : []));
    }
    choice?.update(String(state.seed));
  }

  /** @param {string} name */
  function onChoose(name) {
    state.seed = Number(name);
    state.change("round");
  }
  return { root, update };
}

/** A picture of each rival's cloud over the data. @param {ContestState} state */
function cloudsPart(state) {
  const root = make("div", { className: "contest-clouds" });
  /** @type {{ canvas: HTMLCanvasElement, caption: HTMLElement }[]} */
  let shown = [];

  /** @param {Set<string>} changed */
  function update(changed) {
    const { status } = state;
    if (changed.has("job")) {
      shown = (status?.contest.rivals ?? []).map(() => ({
        canvas: make("canvas", { className: "picture contest-cloud", role: "img" }),
        caption: make("span", { className: "muted number" }),
      }));
      root.replaceChildren(...shown.map(({ canvas, caption }, i) => {
        const { label, source } = /** @type {ContestStatus} */ (status).contest.rivals[i];
        const title = make("strong", { title: source, className: `contest-${i}` }, label);
        return make("figure", {}, make("figcaption", {}, title, " ", caption), canvas);
      }));
    }
    const { cloud, numbers } = state;
    if (!status || !cloud || !numbers) return;
    const { contest } = status;
    const [, seeds, count, ...shape] = contest.shape;
    const size = cloud.length / (contest.rivals.length * seeds);
    shown.forEach(({ canvas, caption }, rival) => {
      const from = (rival * seeds + state.seed) * size;
      const own = cloud.subarray(from, from + size);
      /** @param {string} field */
      const value = (field) => valueOf(status, numbers, rival, state.seed, field);
      const words = `${value("covered")} of ${contest.modes} modes, ${Math.round(100 * value("astray"))} % astray`;
      caption.textContent = words;
      canvas.setAttribute("aria-label", `${contest.rivals[rival].label}, round ${state.round}: ${words}`);
      if (contest.medium === "points") scatter(canvas, [{ points: contest.data, alpha: 0.25 }, { points: halves(own), alpha: 0.9, mark: rival }]);
      else rendererOf("picture")?.draw(canvas, own, { count, columns: COLUMNS, shape });
    });
  }
  return { root, update };
}

/**
 * Clouds on one canvas, each in the colour of a rival, or of the text.
 * @param {HTMLCanvasElement} canvas
 * @param {{ points: ArrayLike<number>, alpha: number, mark?: number }[]} clouds
 */
export function scatter(canvas, clouds) {
  if (canvas.width !== SIZE) canvas.width = canvas.height = SIZE;
  const context = context2d(canvas);
  const style = getComputedStyle(canvas);
  context.clearRect(0, 0, SIZE, SIZE);
  for (const { points, alpha, mark } of clouds) {
    context.globalAlpha = alpha;
    context.fillStyle = mark === undefined ? style.color : style.getPropertyValue(`--contest-${mark}`);
    for (let i = 0; i < points.length; i += 2) {
      context.beginPath();
      context.arc(place(points[i]), SIZE - place(points[i + 1]), 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }
  countPaint(canvas);
}

/** Where a number of the plane lies on a canvas, from the left. @param {number} value */
export const place = (value) => ((value / REACH + 1) / 2) * SIZE;

const CURVES = [
  { field: "covered", title: "Modes covered", note: "a line for each seed" },
  { field: "astray", title: "Share astray", note: "farther than 3σ from every mode, or than data is from data" },
  { field: "energy", title: "Energy distance", note: "to held-out data; dashed: fresh data's own" },
];

/** The numbers over the updates. @param {ContestState} state */
function curvesPart(state) {
  const plots = CURVES.map(({ field, title }) => {
    const y = field === "energy" ? new Log([0.01, 1]) : new Linear([0, 1]);
    const plot = new Plot({ label: title, x: new Linear([0, 1]), y, width: 360, height: 190, pad: { left: 44 } });
    plot.onPick((x) => pick(x));
    plot.fit(() => state.status?.points.length && draw(plot, field, state.status, state));
    return plot;
  });
  const root = make("div", { className: "contest-plots" },
    ...CURVES.map(({ title, note }, i) =>
      make("figure", {}, make("figcaption", {}, make("strong", {}, title), make("span", { className: "muted" }, ` ${note}`)), plots[i].root)));

  /** @param {number} x */
  function pick(x) {
    const { status } = state;
    if (!status) return;
    const off = status.points.map((point) => Math.abs(across(status, point.slice(2), 0, 0) - x));
    state.timeline.hold(off.indexOf(Math.min(...off)));
  }

  /** @param {Set<string>} changed */
  function update(changed) {
    const { status } = state;
    root.hidden = !status?.points.length;
    if (!status?.points.length || !["status", "round", "job"].some((what) => changed.has(what))) return;
    plots.forEach((plot, i) => draw(plot, CURVES[i].field, status, state));
  }
  return { root, update };
}

/** How far a place is: in updates, or in seconds where these are the budget. @param {ContestStatus} status @param {number[]} numbers @param {number} rival @param {number} seed */
const across = (status, numbers, rival, seed) => valueOf(status, numbers, rival, seed, status.contest.seconds ? "seconds" : "updates");

/** @param {Plot} plot @param {string} field @param {ContestStatus} status @param {ContestState} state */
function draw(plot, field, status, state) {
  const { contest, points } = status;
  const rounds = points.map((point) => point.slice(2));
  const last = contest.seconds || contest.updates;
  plot.x.domain = [0, last];
  const lanes = contest.rivals.flatMap((_, rival) => contest.seeds.map((__, seed) => ({ rival, seed })));
  const own = lanes.flatMap(({ rival, seed }) => rounds.map((round) => valueOf(status, round, rival, seed, field)));
  const fresh = contest.fresh[/** @type {keyof typeof contest.fresh} */ (field)];
  if (plot.y instanceof Log) {
    plot.y.fit([...own, fresh]);
    plot.yAxis(plot.y.ticks());
  } else {
    const top = field === "covered" ? contest.modes : 1;
    plot.y.domain = [0, top];
    plot.yAxis([0, top / 2, top], digitsOf);
  }
  plot.xAxis([{ at: 0, text: "0" }, { at: "50%", text: contest.seconds ? "seconds" : "updates" }, { at: last, text: thousands(last), anchor: "end" }]);
  plot.front.replaceChildren();
  new Line(plot, "contest-fresh").draw([[0, fresh], [last, fresh]]);
  for (const { rival, seed } of lanes) {
    const line = new Line(plot, `contest-line contest-${rival}${seed === state.seed ? " contest-shown" : ""}`);
    line.draw(rounds.map((round) => [across(status, round, rival, seed), valueOf(status, round, rival, seed, field)]));
  }
  const at = state.numbers && across(status, state.numbers, 0, 0);
  if (at !== undefined) new Line(plot, "cursor").draw([[at, plot.y.domain[0]], [at, plot.y.domain[1]]]);
}

/** @param {number} value */
const digitsOf = (value) => String(Math.round(10 * value) / 10);

/** What the rivals came to at the end of what there is. @param {ContestState} state */
function outcomePart(state) {
  const body = make("tbody");
  const heads = ["", "collapsed", "modes covered", "astray", "energy distance", "updates", "CPU seconds"];
  const table = make("table", { className: "contest-outcome number" },
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), body);
  const words = make("p", { className: "contest-words" });
  const rule = make("p", { className: "muted small-print" });
  const root = make("div", {}, words, make("div", { className: "contest-scroll" }, table), rule);

  /** @param {Set<string>} changed */
  function update(changed) {
    const { status } = state;
    root.hidden = !status?.points.length;
    if (!status?.points.length || (!changed.has("status") && !changed.has("job"))) return;
    const { contest } = status;
    const found = outcome(status);
    words.textContent = inWords(status, found);
    body.replaceChildren(
      ...found.map((own, rival) => row([
        make("span", { className: `contest-${rival}`, title: contest.rivals[rival].source }, contest.rivals[rival].label),
        `${own.collapsed} of ${contest.seeds.length}`, `${digitsOf(own.covered)} of ${contest.modes}`, percent(own.astray),
        digits(own.energy), thousands(Math.round(own.updates)), digitsOf(own.seconds),
      ])),
      row(["fresh data", "", `${contest.fresh.covered} of ${contest.modes}`, percent(contest.fresh.astray), digits(contest.fresh.energy), "", ""]),
    );
    rule.textContent = [contest.rule, `Each has ${thousands(contest.weights)} weights, within 5 %.`, contest.credit && `Pictures: ${contest.credit}.`].filter(Boolean).join(" ");
  }
  return { root, update };
}

/** @param {(Node | string)[]} cells */
const row = ([head, ...cells]) => make("tr", {}, make("th", { scope: "row" }, head), ...cells.map((cell) => make("td", {}, cell)));

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** @typedef {{ collapsed: number, covered: number, astray: number, energy: number, updates: number, seconds: number }} Outcome means over the seeds */

/** Of the last round, for each rival; rivals/outcome.py does the same. @param {ContestStatus} status @returns {Outcome[]} */
export function outcome(status) {
  const { contest, points } = status;
  const last = points[points.length - 1].slice(2);
  return contest.rivals.map((_, rival) => {
    /** @param {string} field */
    const all = (field) => contest.seeds.map((__, seed) => valueOf(status, last, rival, seed, field));
    /** @param {string} field */
    const mean = (field) => all(field).reduce((sum, value) => sum + value, 0) / contest.seeds.length;
    return {
      collapsed: all("visited").filter((visited) => visited < contest.modes / 2).length,
      covered: mean("covered"),
      astray: mean("astray"),
      energy: mean("energy"),
      updates: mean("updates"),
      seconds: mean("seconds"),
    };
  });
}

/** What was measured, in sentences. @param {ContestStatus} status @param {Outcome[]} found */
export function inWords({ state, contest }, found) {
  /** @param {number} i */
  const name = (i) => contest.rivals[i].label;
  const order = found.map((_, i) => i).sort((a, b) => found[a].energy - found[b].energy);
  const when = state === "finished" ? "At the end" : "So far";
  const best = order.map((i) => `${name(i)} ${digits(found[i].energy)}`).join(", ");
  const lost = order.filter((i) => found[i].collapsed).map((i) => `${name(i)} in ${found[i].collapsed} of ${contest.seeds.length} runs`);
  return `${when}, from nearest to farthest from the data: ${best}; fresh data itself is at ${digits(contest.fresh.energy)}. Collapsed: ${lost.join(", ") || "none"}.`;
}
