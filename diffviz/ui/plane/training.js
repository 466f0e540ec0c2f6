// Training a denoiser at a press: what is asked for, and the loss as it learns.

import { make } from "../lib/dom.js";
import { field } from "../lib/field.js";
import { Line } from "../lib/marks.js";
import { Plot } from "../lib/plot.js";
import { Linear, Log } from "../lib/scales.js";
import { digits, thousands } from "../lib/text.js";

/** @import { Field } from "../lib/field.js" */
/** @import { Facts, LearnedSent } from "./types.d.ts" */

const FIRST = ["parametrization", "updates", "width", "depth"];
const HEIGHT = 130;

/** @param {Facts} facts @param {{ start: () => void, stop: () => void }} actions */
export function trainingPanel(facts, { start, stop }) {
  /** @type {Record<string, Field>} */
  const fields = {};
  for (const setting of Object.values(facts.training)) fields[setting.name] = field("plane", setting, update);
  const others = Object.keys(fields).filter((name) => !FIRST.includes(name));
  const begin = make("button", { type: "button", id: "plane-train", className: "primary", onclick: start }, "Train");
  const end = make("button", { type: "button", id: "plane-train-stop", hidden: true, onclick: stop }, "Stop");
  const said = make("p", { id: "plane-train-said", className: "muted number", role: "status" });
  const plot = new Plot({ id: "plane-loss", label: "Loss", x: new Linear([0, 1]), y: new Log([0.1, 1]), height: HEIGHT });
  const curve = new Line(plot, "curve");
  const figure = make("div", { hidden: true }, plot.root);
  const root = make("details", { id: "plane-training", className: "plane-more" }, make("summary", {}, "Train a denoiser of your own"),
    make("div", { className: "plane-fields" }, ...FIRST.map((name) => fields[name].root)),
    make("details", { className: "plane-more" }, make("summary", {}, "More of the training"), make("div", { className: "plane-fields" }, ...others.map((name) => fields[name].root))),
    make("div", { className: "plane-buttons" }, begin, end), said, figure);
  /** @type {[number, number][]} */
  let losses = [];

  function update() {
    const normal = fields.levels.value === "log-normal";
    fields.p_mean.root.hidden = fields.p_std.root.hidden = !normal;
  }

  /** @param {boolean} running */
  function run(running) {
    end.hidden = !running;
    begin.textContent = running ? "Start over" : "Train";
    root.dataset.state = running ? "running" : "ready";
    if (running) losses = [];
  }

  /** @param {string} text */
  function say(text) {
    said.textContent = text;
  }

  /** How it stands. @param {LearnedSent} learned */
  function heed({ updates, of, seconds, losses: [mean] }) {
    losses.push([updates, mean]);
    plot.x.domain = [0, of];
    /** @type {Log} */ (plot.y).fit(losses.map(([, loss]) => loss));
    plot.yAxis(/** @type {Log} */ (plot.y).ticks());
    plot.xAxis([{ at: 0, text: "0", anchor: "start" }, { at: of, text: `${thousands(of)} steps`, anchor: "end" }]);
    curve.draw(losses);
    plot.label = `Loss, ${digits(mean)} after ${thousands(updates)} steps`;
    figure.hidden = false;
    root.dataset.updates = String(updates); // for tools
    say(`${thousands(updates)} of ${thousands(of)} steps in ${seconds.toFixed(1)} s; loss ${digits(mean)}`);
  }

  function values() {
    return Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, one.value]).filter(([, value]) => value !== null));
  }

  update();
  return { root, values, run, heed, say };
}
