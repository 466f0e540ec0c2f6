// Gradio's dropdowns, for the keyboard: who comes by Tab has not asked for the list, which would lie over
// the labels that come next; and who leaves by Tab does not want it either. An arrow, a letter or a click
// opens it, as the combobox pattern has it.

const BLURRED = 50; // ms after Enter, by which it has

/** @param {EventTarget} page whose dropdowns these are */
export function openWhenAsked(page) {
  let tabbed = false;
  page.addEventListener("keydown", (event) => {
    const { key, target } = /** @type {KeyboardEvent} */ (event);
    tabbed = key === "Tab";
    // Its own listener would open the list when the field has closed it behind itself.
    if (tabbed && isDropdown(target)) event.stopPropagation();
    else if (key === "Enter" && isDropdown(target)) setTimeout(() => back(/** @type {HTMLElement} */ (target)), BLURRED);
  }, true);

  /** Who has chosen is still there: Gradio lets go of the field. @param {HTMLElement} field */
  function back(field) {
    if (document.activeElement !== document.body) return;
    tabbed = true; // to find it closed
    field.focus();
  }

  page.addEventListener("pointerdown", () => (tabbed = false), true);
  page.addEventListener("focusin", ({ target }) => {
    if (!tabbed || !isDropdown(target)) return;
    // After its own listener has opened it; Escape is the way that it knows to close.
    setTimeout(() => target?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true })));
  });
}

/** @param {EventTarget | null} target */
const isDropdown = (target) => target instanceof Element && target.matches("input[role=combobox]");
