// The reason for latents, measured here: what a step costs in them and in pixels.

import { make } from "../lib/dom.js";
import { thousands } from "../lib/text.js";

/** @import { Cost, SampleServer } from "./types.d.ts" */

const STEPS = 20;
const HEADS = ["", "Numbers", "One evaluation", `${STEPS} steps`];

/** @param {SampleServer} server @param {() => { denoiser: string, owner: string }} asked */
export function costsPanel(server, asked) {
  const told = make("p", { className: "muted", role: "status" });
  const button = make("button", { type: "button", id: "apart-costs", onclick: measure }, "Why latents? Measure the same steps in pixels");
  const table = make("table", { className: "number apart-costs", hidden: true });
  const root = make("div", { className: "apart-measured" }, button, table, told);

  async function measure() {
    button.disabled = true;
    told.textContent = "Measuring, some seconds …";
    const answer = (await server.latent_costs(asked()).catch(() => null)) ?? { error: "The server does not answer; please try again." };
    button.disabled = false;
    if (answer.error !== undefined) return void (told.textContent = answer.error);
    const [pixels, latents] = answer.costs;
    table.replaceChildren(
      make("thead", {}, make("tr", {}, ...HEADS.map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, ...answer.costs.map(row)));
    table.hidden = false;
    told.textContent =
      `Measured on this server just now, at batch 1: the same network takes ${(pixels.milliseconds / latents.milliseconds).toFixed(0)} times as long for a step in pixels. ` +
      "There it even goes without its self-attention, whose cost would grow as the square of the pixels. What the decoder adds is spent once, at the end.";
  }

  /** Of another denoiser than the one that is asked about now. */
  function forget() {
    table.hidden = true;
    told.textContent = "";
  }
  return { root, forget };
}

/** @param {Cost} cost */
function row({ space, shape, numbers, milliseconds }) {
  return make("tr", {}, make("th", { scope: "row" }, `${space}, ${shape.join(" × ")}`), make("td", {}, thousands(numbers)),
    make("td", {}, `${milliseconds.toFixed(0)} ms`), make("td", {}, `${((STEPS * milliseconds) / 1000).toFixed(1)} s`));
}
