// How long sixteen samples take here, now.

import { make } from "../../lib/dom.js";
import { thousands } from "../../lib/text.js";
import { button } from "../drawn.js";
import { figures as number } from "../progress.js";

/** @import { Experiment } from "../types.d.ts" */

/** @type {Experiment} */
export function speed({ run }) {
  const list = make("ul", {});
  return {
    root: make("div", {}, button("Time both", () => run() && list.replaceChildren()), list),
    take({ timed }) {
      if (timed) list.append(make("li", { className: "number" }, `${timed.label}: ${number(1000 * timed.seconds)} ms for ${timed.samples} digits, ${thousands(timed.weights)} weights`));
    },
  };
}
