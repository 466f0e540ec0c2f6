// Where the keyboard is stays when what it was on is taken away, hidden or switched off: a button that
// gives way to others when it is pressed would leave it nowhere, and lost to Enter, Escape and readers.

const QUIETLY = { preventScroll: true };

/** @param {Document} page whose live views these are */
export function keepFocus(page) {
  /** @type {HTMLElement | null} what has the focus, or had it before it went */
  let on = null;
  /** @type {HTMLElement[]} what it stands in, the innermost first */
  let around = [];
  /** @type {HTMLElement | null} the one of those that has the focus in its stead */
  let holder = null;

  const changes = new MutationObserver(() => {
    const { activeElement: active } = page;
    if (!on || (active !== on && active !== holder && active !== page.body)) return;
    if (able(on)) return void (active === holder && on.focus(QUIETLY));
    const next = around.find(able);
    const again = next && twin(next, on);
    if (again) return again.focus(QUIETLY);
    if (!next || next === active) return;
    holder = next;
    if (!next.hasAttribute("tabindex")) {
      next.tabIndex = -1;
      next.addEventListener("blur", () => next.removeAttribute("tabindex"), { once: true });
    }
    next.focus(QUIETLY);
  });

  page.addEventListener("focusin", ({ target }) => {
    if (target === holder || !(target instanceof HTMLElement)) return;
    changes.disconnect();
    [on, around, holder] = [null, [], null];
    const view = target.closest(".live-view");
    if (!view || target === view) return;
    on = target;
    for (let one = target.parentElement; one && around.at(-1) !== view; one = one.parentElement) around.push(one);
    changes.observe(view, { subtree: true, childList: true, attributes: true, attributeFilter: ["hidden", "disabled"] });
  });
  page.addEventListener("pointerdown", () => (on = null), true); // whoever points knows where
}

/** @param {HTMLElement} element */
const able = (element) => element.isConnected && !element.matches(":disabled") && !element.closest("[hidden]");

/** What stands in the place of one that was made anew. @param {HTMLElement} place @param {HTMLElement} gone */
function twin(place, gone) {
  if (gone.isConnected) return null;
  const alike = /** @type {HTMLElement[]} */ ([...place.querySelectorAll(gone.localName)]);
  return alike.find((one) => gone.textContent && one.textContent === gone.textContent && able(one)) ?? null;
}
