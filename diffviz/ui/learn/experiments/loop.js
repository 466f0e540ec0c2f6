// The whole pipeline in four boxes, which light up as it runs through them; and its code.

import { make } from "../../lib/dom.js";
import { Line } from "../../lib/marks.js";
import { Plot } from "../../lib/plot.js";
import { Linear, Log } from "../../lib/scales.js";
import { button, cloud, figure } from "../drawn.js";
import { figures as number } from "../progress.js";

/** @import { Experiment } from "../types.d.ts" */

const BOXES = { data: "1 · Clean data", noise: "2 · Noise, step by step", train: "3 · A network learns to predict it", generate: "4 · Backwards from noise" };

/** @type {Experiment} */
export function loop({ run, facts, settings }) {
  const plot = new Plot({ label: "The loss, by updates", x: new Linear([0, 1]), y: new Log([0.1, 1]) });
  const line = new Line(plot, "line first");
  /** @type {[number, number][]} */
  let losses = [];
  const shown = { data: figure("", "cloud"), noise: figure("", "cloud"), generate: figure("", "cloud") };
  const said = make("p", { className: "number muted" }, "loss");
  const boxes = Object.entries(BOXES).map(([name, label]) => {
    const inside = name === "train" ? make("figure", {}, plot.root, said) : shown[/** @type {keyof typeof shown} */ (name)].root;
    return make("section", { className: "card learn-box", "data-box": name, "aria-label": label }, make("h4", {}, label), inside);
  });
  const code = make("pre", { tabindex: "0", "aria-label": "The training loop" }, make("code", {}, facts.code.loop));
  const details = make("details", { open: settings.code === true }, make("summary", {}, "The training loop that runs here"), code);

  /** @param {string} name */
  function light(name) {
    for (const box of boxes) {
      if (box.dataset.box === name) box.setAttribute("aria-current", "step");
      else box.removeAttribute("aria-current");
    }
  }
  return {
    root: make("div", {}, button("Run it all", () => run() && (losses = [])), make("div", { className: "learn-boxes" }, ...boxes), details),
    take(message) {
      if (message.outcome) return light("");
      light(message.box);
      if (message.box === "train") {
        losses.push([message.update, message.loss]);
        plot.x.domain = [0, message.updates];
        /** @type {Log} */ (plot.y).fit(losses.map(([, loss]) => loss));
        line.draw(losses);
        said.textContent = `update ${message.update} of ${message.updates}: loss ${number(message.loss)}`;
      } else if (message.box) {
        const target = shown[/** @type {keyof typeof shown} */ (message.box)];
        cloud(target.canvas, message.points);
        target.tell(message.t === undefined ? "Points in the plane" : `x at t = ${message.t}`);
      }
    },
  };
}
