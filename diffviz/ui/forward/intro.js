// Before the first touch: the picture drowns once, slowly, and comes to rest where t begins.

/** @import { ForwardState } from "./state.js" */
/** @import { Change } from "./types.d.ts" */

const SECONDS = 5;
const DELAY = 600; // ms in which the clean picture is seen

/** start: to call once there is a picture; stop: for good, as any touch does. @param {HTMLElement} section @param {ForwardState} state @param {Change} change @param {number} end where t begins */
export function introduce(section, state, change, end) {
  let stopped = false;
  let over = false;
  const stop = () => (stopped = true);
  for (const event of ["pointerdown", "keydown", "input", "change", "click", "dragover"]) {
    section.addEventListener(event, stop, { capture: true, once: true });
  }

  function start() {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (calm && !stopped) return show(1);
    const began = performance.now() + DELAY;
    /** @param {number} now */
    const step = (now) => {
      if (stopped) return;
      const share = Math.min(1, Math.max(0, (now - began) / (1000 * SECONDS)));
      show(share * share * (3 - 2 * share));
      if (share < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  /** @param {number} share */
  function show(share) {
    const t = Math.round(share * end);
    over = share === 1;
    if (t === state.t) return;
    state.t = t;
    change("t");
  }

  return {
    start,
    stop,
    /** Whether t is the film's, not the visitor's. */
    get playing() {
      return !stopped && !over;
    },
  };
}
