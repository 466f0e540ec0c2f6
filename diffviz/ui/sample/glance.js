// A run at a glance: its first picture at up to nine of its steps, each a way to go there.

import { make } from "../lib/dom.js";
import { paint } from "../lib/pixels.js";

const MOST = 9;

/** go: called with a step's index. */
export function glanceStrip(go) {
  const root = make("div", { className: "player-strip", "aria-label": "The run at a glance" });
  let stops = [];

  function begin({ steps }) {
    const count = Math.min(MOST, steps + 1);
    stops = Array.from({ length: count }, (_, k) => Math.round((k * steps) / Math.max(1, count - 1)));
    root.replaceChildren(...stops.map((index) => {
      const canvas = make("canvas", { className: "picture", role: "img", "aria-label": `Step ${index}` });
      return make("button", { type: "button", title: `Step ${index}`, onclick: () => go(index) }, canvas, make("span", { className: "number muted" }));
    }));
  }

  function draw(run, view, position) {
    const [channels, height, width] = run.shape;
    stops.forEach((index, k) => {
      const button = root.children[k];
      button.lastChild.textContent = `t = ${run.grid[index]}`;
      button.setAttribute("aria-current", index === position);
      const frame = run.lanes[0].frames[index];
      const drawn = frame ? `${run.number} ${view} ${index}` : "";
      if (!frame || button.dataset.drawn === drawn) return;
      button.dataset.drawn = drawn;
      paint(button.firstChild, frame[view].subarray(0, channels * height * width), channels, height, width);
    });
  }
  return { root, begin, draw };
}
