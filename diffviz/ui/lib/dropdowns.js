// Gradio's dropdowns, for the keyboard: who comes by Tab has not asked for the list, which would lie over
// the labels that come next; and who leaves by Tab does not want it either. An arrow, a letter or a click
// opens it, as the combobox pattern has it.

/** @param {EventTarget} page whose dropdowns these are */
export function openWhenAsked(page) {
  let tabbed = false;
  page.addEventListener("keydown", (event) => {
    tabbed = /** @type {KeyboardEvent} */ (event).key === "Tab";
    // Its own listener would open the list when the field has closed it behind itself.
    if (tabbed && isDropdown(event.target)) event.stopPropagation();
  }, true);
  page.addEventListener("pointerdown", () => (tabbed = false), true);
  page.addEventListener("focusin", ({ target }) => {
    if (!tabbed || !isDropdown(target)) return;
    // After its own listener has opened it; Escape is the way that it knows to close.
    setTimeout(() => target?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true })));
  });
}

/** @param {EventTarget | null} target */
const isDropdown = (target) => target instanceof Element && target.matches("input[role=combobox]");
