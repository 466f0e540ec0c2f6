// Files that the server makes of what is seen, handed to the browser's downloads: a choice of formats
// and a button.

import { make } from "./dom.js";
import { bytes } from "./pixels.js";

/** @import { Answer } from "./types.d.ts" */
/** @typedef {{ name: string, type: string, content: string }} TakenHome content: in base64 */

const KEPT = 1000; // ms for which the browser may take its time to read it

/** @param {Record<string, string>} formats labels, by name @param {(format: string, theme: string) => Promise<Answer<TakenHome>>} ask */
export function takeAway(formats, ask) {
  const choice = make("select", { "aria-label": "What to take home" }, ...Object.entries(formats).map(([value, text]) => make("option", { value }, text)));
  const button = make("button", { type: "button", "data-action": "take" }, "Save");
  const status = make("span", { className: "muted", role: "status" });
  const root = make("div", { className: "player-files" }, make("span", { className: "muted" }, "Take it home:"), choice, button, status);

  button.addEventListener("click", async () => {
    button.disabled = true;
    status.textContent = `Making the ${formats[choice.value]} …`;
    const theme = document.body.classList.contains("dark") ? "dark" : "light";
    /** @type {Answer<TakenHome>} */
    const answer = await ask(choice.value, theme).catch(() => ({ error: "The server does not answer; please try again." }));
    button.disabled = false;
    status.textContent = answer.error ?? "";
    if (answer.error !== undefined) return;
    const link = make("a", { href: URL.createObjectURL(new Blob([bytes(answer.content)], { type: answer.type })), download: answer.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
  });
  return root;
}

/** A figure's formats, by what they are called after. @param {string} label @param {string} [prefix] */
export function figureFormats(label, prefix = "figure") {
  return Object.fromEntries(["PNG", "SVG", "PDF"].map((kind) => [`${prefix}-${kind.toLowerCase()}`, `${label} (${kind})`]));
}
