// A question with its choices: the choice taken is marked, and told why.

import { make } from "../lib/dom.js";
import { note, progress } from "./progress.js";

/** @import { Question } from "./types.d.ts" */

/** @param {string} key where its answer is kept @param {Question} question @param {string} [link] its address */
export function questionPanel(key, { question, choices, answer, why }, link = "") {
  const said = make("p", { className: "learn-why", role: "status" });
  const inputs = choices.map((_, i) => make("input", { type: "radio", name: `learn ${key}`, value: i, onchange: () => take(i) }));
  const root = make(
    "fieldset",
    { className: "card learn-question" },
    make("legend", { id: link.slice(1), tabIndex: -1 }, question, ...(link ? [" ", make("a", { href: link, className: "learn-link", "aria-label": "Link to this question" }, "#")] : [])),
    ...choices.map((choice, i) => make("label", {}, inputs[i], make("span", {}, choice))),
    said,
  );

  /** @param {number} i */
  function show(i) {
    inputs[i].checked = true;
    root.dataset.right = String(i === answer);
    said.textContent = `${i === answer ? "Right." : "Not so."} ${why[i]}`;
  }

  /** @param {number} i */
  function take(i) {
    note(({ answers }) => (answers[key] = i));
    show(i);
  }

  const kept = progress().answers[key];
  if (kept !== undefined && inputs[kept]) show(kept);
  return root;
}
