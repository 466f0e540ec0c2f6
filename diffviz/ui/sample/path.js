// The path of a run: ᾱ over t, a dot where each step falls, a larger one on the present step.

import { Dots, Line } from "../lib/marks.js";
import { Plot } from "../lib/plot.js";
import { Linear } from "../lib/scales.js";
import { digits } from "../lib/text.js";

const HEIGHT = 120;

/** @typedef {{ curve: [t: number, alphaBar: number][], grid: number[], T: number }} Path */

/** draw(run, t): t is where the cursor is. */
export function pathPlot() {
  const plot = new Plot({
    label: "The schedule’s ᾱ over t",
    x: new Linear([1, 0]), // sampling walks from T on the left to 0 on the right
    y: new Linear([0, 1]),
    height: HEIGHT,
    pad: { left: 26, right: 8, top: 8, bottom: 18 },
  });
  const line = new Line(plot, "curve");
  const steps = new Dots(plot, "step", 2.5);
  const here = new Dots(plot, "here", 5);
  plot.root.classList.add("player-path");
  /** @type {[Path, number] | undefined} */
  let shown;
  plot.explain((t) => (shown ? `t = ${Math.round(t)}: ${digits(along(shown[0].curve, t))}` : ""));

  /** @param {Path} run @param {number} t */
  function draw(run, t) {
    if (!run.curve.length) return;
    const again = shown && shown[0] === run;
    shown = [run, t];
    if (!again) drawRun(run);
    plot.label = `The schedule’s ᾱ over t, with the run’s steps; now t = ${t}`;
    here.draw([[t, along(run.curve, t)]]);
  }

  /** @param {Path} run */
  function drawRun({ curve, grid, T }) {
    plot.x.domain = [T, 0];
    plot.yAxis([0, 0.5, 1], (bar) => (bar === 0.5 ? "ᾱ" : String(bar)));
    plot.xAxis([{ at: T, text: `t = ${T}`, anchor: "start" }, { at: 0, text: "0", anchor: "end" }]);
    line.draw(curve);
    steps.draw(grid.map((t) => [t, along(curve, t)]));
  }

  // Its text is as large as the page's, so its units are the screen's.
  new ResizeObserver(([{ contentRect: { width } }]) => {
    if (!width) return;
    plot.resize(width, HEIGHT);
    if (!shown) return;
    drawRun(shown[0]);
    draw(...shown);
  }).observe(plot.root);
  return { root: plot.root, draw };
}

/** The curve at t, on the line between its points. @param {[number, number][]} curve @param {number} t */
function along(curve, t) {
  const found = curve.findIndex(([at]) => at >= t);
  const right = found < 0 ? curve.length - 1 : Math.max(1, found);
  const [[t0, v0], [t1, v1]] = [curve[right - 1], curve[right]];
  return v0 + ((v1 - v0) * (t - t0)) / (t1 - t0);
}
