// How fast samplers come nearer to where the exact path ends: their distance by how often they ask
// the denoiser, on log axes, drawn as it is measured, and then each one's measured order.

import { make } from "./dom.js";
import { Dots, Line } from "./marks.js";
import { Plot } from "./plot.js";
import { Log } from "./scales.js";
import { thousands } from "./text.js";

/** @import { Distance, OrderCurve } from "./types.d.ts" */

const HEAD = ["Sampler", "Order", "Measured", "Nearest"];

/**
 * @param {object} options
 * @param {string} options.id
 * @param {string} options.label what it shows, for those who do not see it
 * @param {string} options.caption of the table
 * @param {string[]} options.samplers each has its colour by its place here
 */
export function ordersFigure({ id, label, caption, samplers }) {
  const y = new Log([1e-6, 1]);
  const plot = new Plot({ id, label, x: new Log([1, 512]), y, width: 520, height: 260, pad: { left: 60 } });
  const curves = samplers.map((_, i) => ({ line: new Line(plot, `order-curve order-${i}`), dots: new Dots(plot, `order-dot order-${i}`, 3) }));
  const body = make("tbody");
  const table = make("table", { className: "number", id: `${id}-table` }, make("caption", {}, caption),
    make("thead", {}, make("tr", {}, ...HEAD.map((text) => make("th", { scope: "col" }, text)))), body);
  const root = make("div", { className: "orders" }, plot.root, table);

  /** Those that are there so far. @param {Distance[]} runs one at least */
  function draw(runs) {
    const evaluations = runs.map((run) => run.evaluations);
    const least = Math.min(...evaluations);
    plot.x.domain = [least, Math.max(2 * least, ...evaluations)];
    y.fit(runs.map((run) => run.distance));
    plot.yAxis(y.ticks(), (value) => exponent(value, 0));
    plot.xAxis(decades(plot.x).map((value) => ({ at: value, text: thousands(value) })));
    samplers.forEach((name, i) => {
      const points = runs.filter((run) => run.sampler === name && run.distance > 0).map((run) => /** @type {[number, number]} */ ([run.evaluations, run.distance]));
      curves[i].line.draw(points);
      curves[i].dots.draw(points);
    });
  }

  /** All are there. @param {OrderCurve[]} found */
  function conclude(found) {
    plot.label = `${label}, by evaluations of the denoiser. ${sentence(found)}`;
    body.replaceChildren(...found.map(({ sampler, label: name, order, slope, runs }) => {
      const swatch = make("span", { className: `order-swatch order-${samplers.indexOf(sampler)}`, "aria-hidden": "true" });
      const nearest = Math.min(...runs.map(([, , distance]) => distance));
      return make("tr", {}, make("th", { scope: "row" }, swatch, ` ${name}`),
        ...[String(order), slope === null ? "–" : slope.toFixed(2), exponent(nearest, 1)].map((text) => make("td", {}, text)));
    }));
  }
  return { root, draw, conclude };
}

/** What was measured, in words. @param {OrderCurve[]} curves */
export function sentence(curves) {
  const told = curves.filter(({ slope }) => slope !== null).map(({ label, slope }) => `${label} ${/** @type {number} */ (slope).toFixed(2)}`);
  return told.length ? `Measured orders: ${told.join(", ")}.` : "There are too few steps for an order.";
}

/** @param {number} value @param {number} digits */
const exponent = (value, digits) => value.toExponential(digits).replace("-", "−");

/** Powers of four in a scale's domain. @param {import("./scales.js").Linear} scale */
function decades({ domain: [low, high] }) {
  return Array.from({ length: 7 }, (_, k) => 4 ** k).filter((value) => value >= low && value <= high);
}
