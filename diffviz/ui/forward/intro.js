// Before the first touch: the picture drowns once, slowly, and comes to rest half-way.

/** @import { ForwardState } from "./state.js" */
/** @import { Change } from "./types.d.ts" */

const SECONDS = 5;
const DELAY = 600; // ms in which the clean picture is seen
const END = 0.42; // of T

/** Returns a function to call once there is a picture. Any touch stops it for good. @param {HTMLElement} section @param {ForwardState} state @param {Change} change */
export function introduce(section, state, change) {
  let stopped = false;
  const stop = () => (stopped = true);
  for (const event of ["pointerdown", "keydown", "input", "change", "click", "dragover"]) {
    section.addEventListener(event, stop, { capture: true, once: true });
  }

  return function start() {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (calm && !stopped) return show(END);
    const began = performance.now() + DELAY;
    /** @param {number} now */
    const step = (now) => {
      if (stopped) return;
      const share = Math.min(1, Math.max(0, (now - began) / (1000 * SECONDS)));
      show(END * share * share * (3 - 2 * share));
      if (share < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  };

  /** @param {number} share */
  function show(share) {
    const t = Math.round(share * state.T);
    if (t === state.t) return;
    state.t = t;
    change("t");
  }
}
