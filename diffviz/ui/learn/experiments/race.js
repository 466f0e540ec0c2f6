// A short race of generative models: what each makes after each round.

import { make } from "../../lib/dom.js";
import { button, cloud, figure } from "../drawn.js";

/** @import { Experiment } from "../types.d.ts" */

/** @type {Experiment} */
export function race({ run }) {
  const list = make("div", { className: "learn-figures many" });
  const bar = make("progress", { max: 1, value: 0, hidden: true, "aria-label": "How much of the race is run" });
  /** @type {Record<string, ReturnType<typeof figure> & { label: string }>} */
  let lanes = {};
  let modes = 0;

  return {
    root: make("div", {}, button("Race them now", () => run() && list.replaceChildren()), bar, list),
    take({ race: told, fraction, cloud: seen, outcome }) {
      bar.hidden = outcome !== undefined;
      if (fraction !== undefined) bar.value = fraction;
      if (told) {
        modes = told.modes;
        lanes = Object.fromEntries(told.rivals.map((/** @type {{ name: string, label: string }} */ { name, label }) => [name, { ...figure(label, "cloud"), label }]));
        list.replaceChildren(...Object.values(lanes).map(({ root }) => root));
      }
      if (seen) {
        const lane = lanes[seen.name];
        cloud(lane.canvas, seen.points);
        lane.tell(`${lane.label}: ${seen.covered} of ${modes} modes, ${(100 * seen.astray).toFixed(0)} % astray`);
      }
    },
  };
}
