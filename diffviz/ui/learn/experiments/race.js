// A short race of generative models, what each makes after each round; and one that was recorded.

import { make } from "../../lib/dom.js";
import { button, cloud, figure } from "../drawn.js";

/** @import { Experiment, Message } from "../types.d.ts" */

/** The clouds of a race's rivals, side by side. */
function rivals() {
  const root = make("div", { className: "learn-figures many" });
  /** @type {Record<string, ReturnType<typeof figure> & { label: string }>} */
  let lanes = {};
  let modes = 0;
  return {
    root,
    /** @param {Partial<Message>} message */
    take({ race: told, cloud: seen }) {
      if (told) {
        modes = told.modes;
        lanes = Object.fromEntries(told.rivals.map((/** @type {{ name: string, label: string }} */ { name, label }) => [name, { ...figure(label, "cloud"), label }]));
        root.replaceChildren(...Object.values(lanes).map((lane) => lane.root));
      }
      if (seen) {
        const lane = lanes[seen.name];
        cloud(lane.canvas, seen.points);
        lane.tell(`${lane.label}: ${seen.covered} of ${modes} modes, ${(100 * seen.astray).toFixed(0)} % astray`);
      }
    },
  };
}

/** @type {Experiment} */
export function race({ run }) {
  const shown = rivals();
  const bar = make("progress", { max: 1, value: 0, hidden: true, "aria-label": "How much of the race is run" });
  return {
    root: make("div", {}, button("Race them now", () => run() && shown.root.replaceChildren()), bar, shown.root),
    take(message) {
      bar.hidden = message.outcome !== undefined;
      if (message.fraction !== undefined) bar.value = message.fraction;
      shown.take(message);
    },
  };
}

/** @type {Experiment} */
export function recorded({ facts, found }) {
  const shown = rivals();
  for (const message of facts.recorded.messages) shown.take(message);
  found(facts.recorded.found);
  return { root: make("div", {}, shown.root, make("p", { className: "muted" }, "It was run by ", make("code", {}, facts.recorded.command))) };
}
