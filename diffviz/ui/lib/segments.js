// A choice among a few that stand side by side, one of which holds.

import { make } from "./dom.js";

/**
 * @param {object} options
 * @param {string} options.label what is chosen
 * @param {Record<string, string>} options.labels of each, by name
 * @param {Record<string, string>} [options.hints]
 * @param {(name: string) => void} options.onChoose
 */
export function segments({ label, labels, hints = {}, onChoose }) {
  const buttons = Object.entries(labels).map(([name, text]) => {
    const button = make("button", { type: "button", title: hints[name] ?? "", onclick: () => onChoose(name) }, text);
    button.dataset.view = name;
    return button;
  });
  const root = make("div", { className: "segments", role: "group", "aria-label": label }, ...buttons);

  /** Show that this one holds. @param {string} chosen */
  function update(chosen) {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.view === chosen));
  }
  return { root, update };
}
