// The controls of a player: play and pause, a step back or on, the scrubber, the speed, a pin that
// keeps it at its step. Space plays and pauses where the scrubber is focused.

import { make } from "./dom.js";
import { slider } from "./slider.js";

/** @import { Timeline } from "./timeline.js" */

/**
 * @param {Timeline} timeline what they move
 * @param {object} options
 * @param {string} options.label of the scrubber
 * @param {string} [options.play] what the button does, for those who do not see it
 * @param {string} [options.inputId] of the scrubber
 * @param {boolean} [options.steps] whether there are buttons for single steps
 * @param {number[]} [options.speeds] steps a second to choose from
 * @param {boolean} [options.pins] whether there is a pin: to stay at this step through runs to come
 */
export function transport(timeline, { label, play: playLabel = "Play", inputId, steps = false, speeds = [], pins = false }) {
  const play = make("button", { type: "button", className: "round", title: "Play or pause", onclick: () => timeline.toggle() });
  const scrubber = slider({ label, minimum: 0, maximum: 0, inputId, bare: true, onInput: (position) => timeline.hold(position) });
  scrubber.input.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    timeline.toggle();
  });
  /** @param {number} by @param {string} sign @param {string} title */
  const step = (by, sign, title) =>
    make("button", { type: "button", className: "step", title, "aria-label": title, onclick: () => timeline.hold(timeline.position + by) }, sign);
  const speed = make(
    "select",
    { "aria-label": "Speed, in steps a second", title: "Steps a second", onchange: () => (timeline.speed = Number(speed.value)) },
    ...speeds.map((fps) => make("option", { value: fps, selected: fps === timeline.fps }, `${fps}/s`)),
  );
  const pin = make(
    "button",
    { type: "button", className: "pin", title: "Stay at this step in runs to come", onclick: () => timeline.pin(!timeline.pinned) },
    "Pin",
  );
  const root = make(
    "div",
    { className: "player-transport" },
    ...(steps ? [step(-1, "‹", "One step back"), play, step(1, "›", "One step on")] : [play]),
    scrubber.root,
    ...(speeds.length ? [speed] : []),
    ...(pins ? [pin] : []),
  );

  function update() {
    scrubber.set(timeline.position, Math.max(0, timeline.length - 1));
    pin.setAttribute("aria-pressed", String(timeline.pinned));
    pin.textContent = timeline.pinned ? "Pinned" : "Pin";
    const sign = timeline.playing ? "❚❚" : "▶";
    if (play.textContent === sign) return;
    play.textContent = sign;
    play.setAttribute("aria-label", timeline.playing ? "Pause" : playLabel);
  }
  update();
  return { root, scrubber, update };
}
