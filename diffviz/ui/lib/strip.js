// A player's frames at a glance: up to nine of them, each a way to go there.

import { make } from "./dom.js";

const MOST = 9;

/** The positions shown of so many frames, the first and last among them. @param {number} length */
export function stopsOf(length) {
  const count = Math.min(MOST, length);
  return Array.from({ length: count }, (_, k) => Math.round((k * (length - 1)) / Math.max(1, count - 1)));
}

/**
 * begin(texts): another run, with what stands below each frame. update(position, drawn, paint): where
 * it stands; `drawn` names what the frames are of, and paint(position, canvas) draws one, or tells
 * that it is not there yet by false.
 * @param {{ label: string, title: (position: number) => string, go: (position: number) => void }} options
 */
export function strip({ label, title, go }) {
  const root = make("div", { className: "player-strip", role: "group", "aria-label": label });
  /** @type {{ position: number, button: HTMLButtonElement, canvas: HTMLCanvasElement }[]} */
  let stops = [];

  /** @param {string[]} texts */
  function begin(texts) {
    stops = stopsOf(texts.length).map((position) => {
      const canvas = make("canvas", { className: "picture", role: "img", "aria-label": title(position) });
      const text = make("span", { className: "number muted" }, texts[position]);
      const button = make("button", { type: "button", title: title(position), onclick: () => go(position) }, canvas, text);
      return { position, button, canvas };
    });
    root.replaceChildren(...stops.map(({ button }) => button));
  }

  /** @param {number} here @param {string} drawn @param {(position: number, canvas: HTMLCanvasElement) => boolean} paint */
  function update(here, drawn, paint) {
    for (const { position, button, canvas } of stops) {
      button.setAttribute("aria-current", String(position === here));
      if (button.dataset.drawn !== drawn && paint(position, canvas)) button.dataset.drawn = drawn;
    }
  }
  return { root, begin, update };
}
