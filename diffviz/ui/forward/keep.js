// What can be taken home of a picture that was brought back: the result, and the way as a film or a strip.

import { make } from "../lib/dom.js";
import { savePng } from "../lib/save.js";
import { store } from "../lib/store.js";

/** @import { Walk } from "./walk.js" */

const FORMATS = { gif: "GIF", mp4: "MP4", strip: "PNG strip" };

/**
 * A run that is done: the file's name without its ending, the note that its files carry, and what asks
 * the server for the same again.
 * @typedef {{ name: string, note: string, again: () => Promise<object> }} Kept
 */

/** show(kept): of which run, or of none. @param {Walk} walk @param {(event: string, data?: object) => void} trigger */
export function keepPanel(walk, trigger) {
  /** @type {Kept | null} */
  let shown = null;
  const status = make("span", { className: "muted", role: "status" });
  const png = make("button", { type: "button", "data-format": "png", onclick: () => shown && savePng(walk.result.canvas, `${shown.name}.png`, shown.note) }, "PNG");
  const films = Object.entries(FORMATS).map(([format, label]) =>
    make("button", { type: "button", "data-format": format, onclick: () => take(format) }, label));
  const root = make("div", { className: "player-files", id: "forward-back-files", hidden: true }, make("span", { className: "muted" }, "Take it home:"), png, ...films, status);
  store.watch("keeping", (format) => {
    for (const button of films) button.disabled = format !== "";
    status.textContent = format ? `Making the ${FORMATS[/** @type {keyof typeof FORMATS} */ (format)]} …` : "";
  });

  /** @param {string} format */
  async function take(format) {
    const of = shown;
    if (!of) return;
    store.set("keeping", format);
    const request = await of.again().catch(() => null);
    if (!request) {
      store.set("keeping", "");
      status.textContent = "The server does not take the picture; please try again in a moment.";
    } else if (of === shown) trigger("keep", { request, format, view: walk.view });
  }

  /** @param {Kept | null} kept */
  function show(kept) {
    shown = kept;
    root.hidden = !kept;
    store.set("keeping", "");
  }
  return { root, show };
}
