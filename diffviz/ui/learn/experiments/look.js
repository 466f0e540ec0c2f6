// What the network is given and what it answers, its errors by t, and one step by hand.

import { make } from "../../lib/dom.js";
import { Line } from "../../lib/marks.js";
import { Plot } from "../../lib/plot.js";
import { Linear } from "../../lib/scales.js";
import { slider } from "../../lib/slider.js";
import { byHand } from "../byhand.js";
import { button, figure, numbers, picture, row } from "../drawn.js";
import { figures as number } from "../progress.js";

/** @import { Experiment } from "../types.d.ts" */

/** @type {Experiment} */
export function look({ settings, run }) {
  const figures = ["xₜ, which the network sees", "ε, the noise in it", "ε̂, the network’s answer", "x̂₀, the picture it sees"].map((label) => figure(label));
  const plot = new Plot({ label: "Errors of ε̂ and x̂₀ by t", x: new Linear([0, 1000]), y: new Linear([0, 1]) });
  const lines = [new Line(plot, "line first"), new Line(plot, "line second")];
  plot.xAxis([{ at: 0, text: "t = 0", anchor: "start" }, { at: 1000, text: "1000", anchor: "end" }]);
  const errors = make("div", { className: "learn-narrow", hidden: true }, plot.root, make("p", { className: "muted" }, "Solid: error of ε̂; dashed: error of x̂₀."));
  const times = slider({ label: "t", minimum: 10, maximum: 990, step: 10, value: Number(settings.t ?? 500) });
  const hand = byHand();

  return {
    root: make("div", {}, times.root, button("Ask the network", () => run({ t: times.value })), row(figures), hand.root, errors),
    take({ look: seen, errors: found }) {
      if (seen) {
        const [, ...shape] = seen.shape.length === 3 ? [0, ...seen.shape] : seen.shape;
        [seen.x, seen.true.eps, seen.eps, seen.x0].forEach((part, i) => picture(figures[i].canvas, numbers(part), shape, i === 1 || i === 2 ? 2 : 1));
        figures[2].tell(`ε̂, the network’s answer: error ${number(seen.errors.eps)}`);
        figures[3].tell(`x̂₀, the picture it sees: error ${number(seen.errors.x0)}`);
        hand.take(seen);
      }
      if (found) {
        errors.hidden = false;
        plot.y.domain = [0, Math.max(...found.x0, ...found.eps)];
        plot.yAxis([0, plot.y.domain[1]], number);
        lines[0].draw(found.t.map((/** @type {number} */ t, /** @type {number} */ i) => [t, found.eps[i]]));
        lines[1].draw(found.t.map((/** @type {number} */ t, /** @type {number} */ i) => [t, found.x0[i]]));
      }
    },
  };
}
