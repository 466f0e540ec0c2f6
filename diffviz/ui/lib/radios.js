// Gradio's radio buttons, each of which is a group of its own for the browser: the arrows go from one to the
// next, as they do in a group.

/** @type {Record<string, number>} */
const ARROWS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** @param {EventTarget} page whose radio buttons these are */
export function arrowsChoose(page) {
  page.addEventListener("keydown", (event) => {
    const { key, target } = /** @type {KeyboardEvent} */ (event);
    if (!(key in ARROWS) || !(target instanceof Element) || !target.matches("input[type=radio]")) return;
    const group = /** @type {HTMLInputElement[]} */ ([...(target.closest("fieldset")?.querySelectorAll("input[type=radio]:enabled") ?? [])]);
    if (group.length < 2 || group[0].name === group[1].name) return; // the browser does it
    event.preventDefault(); // of scrolling
    const next = group[(group.indexOf(/** @type {HTMLInputElement} */ (target)) + ARROWS[key] + group.length) % group.length];
    next.focus();
    next.click();
  });
}
