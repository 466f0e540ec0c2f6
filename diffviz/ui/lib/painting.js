// Parts that show one state. All changes of a frame are painted together, once; and when nothing has
// changed for a moment, what takes longer is done.

const REST = 150; // ms without a change after which all is at rest

/** @typedef {{ update: (changed: Set<string>) => void, rest?: () => void }} Part update: show what has changed; rest: at rest */

/**
 * @param {HTMLElement} section what they are in; at rest nothing is done before someone looks at it
 * @param {{ ready?: () => boolean, before?: (changed: Set<string>) => void }} [options]
 *   ready: whether there is anything to paint; before: what comes first of all
 */
export function painting(section, { ready = () => true, before = () => {} } = {}) {
  /** @type {Part[]} */
  const parts = [];
  /** @type {Set<string>} */
  const changed = new Set();
  let frame = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let resting;
  let waiting = false;
  let since = 0; // the last change

  /** Say what changed; it is painted in the next frame. @param {string[]} what */
  function change(...what) {
    since = performance.now();
    clearTimeout(resting); // what is not painted yet is not at rest: parts would be of two minds
    for (const one of what) changed.add(one);
    if (!frame && ready()) frame = requestAnimationFrame(now);
  }

  /** Paint what changed at once. */
  function now() {
    cancelAnimationFrame(frame);
    frame = 0;
    if (!ready()) return;
    before(changed);
    for (const part of parts) part.update(changed);
    changed.clear();
    clearTimeout(resting);
    resting = setTimeout(rest, REST - (performance.now() - since));
  }

  function rest() {
    waiting = !section.offsetParent;
    if (!waiting) parts.forEach((part) => part.rest?.());
  }

  new IntersectionObserver(() => waiting && !frame && rest()).observe(section);
  return { parts, change, now };
}
