// A term with its explanation: a button that opens it, by mouse, touch or keyboard; Escape closes it.

import { make } from "./dom.js";

const GAP = 6; // pixels between a term and what is said of it

/** What serving/glossary.py says, by name. @returns {Record<string, string>} */
function terms() {
  return JSON.parse(document.getElementById("glossary")?.textContent ?? "{}");
}

/**
 * A term as it stands in a text. @param {string} name of it in serving/glossary.py
 * @param {...(Node | string)} label
 */
export function explained(name, ...label) {
  const text = make("div", { className: "explanation", popover: "auto", role: "note" }, terms()[name] ?? "");
  const button = make("button", { type: "button", className: "explained", "aria-expanded": "false" }, ...label);
  button.addEventListener("click", (event) => {
    event.preventDefault(); // within a label, which would pass the click on
    text.togglePopover();
  });
  text.addEventListener("toggle", (event) => {
    const open = /** @type {ToggleEvent} */ (event).newState === "open";
    button.setAttribute("aria-expanded", String(open));
    if (open) place(text, button.getBoundingClientRect());
  });
  return make("span", { className: "explained-term" }, button, text);
}

/** Below the term, or above it where there is no room; within the window. @param {HTMLElement} text @param {DOMRect} term */
function place(text, term) {
  const { width, height } = text.getBoundingClientRect();
  const below = term.bottom + GAP + height < window.innerHeight;
  text.style.left = `${Math.max(GAP, Math.min(term.left, window.innerWidth - width - GAP))}px`;
  text.style.top = `${Math.max(GAP, below ? term.bottom + GAP : term.top - height - GAP)}px`;
}
