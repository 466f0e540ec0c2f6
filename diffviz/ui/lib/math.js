// Equations, from TeX: as MathML, which browsers draw with their own fonts and screen readers read.

import katex from "./vendor/katex.js";

/**
 * An equation. KaTeX escapes what it is given, and a mistake in it stands there in red.
 * @param {string} tex
 * @param {boolean} [display] on lines of its own
 */
export function equation(tex, display = false) {
  const element = document.createElement(display ? "div" : "span");
  element.className = display ? "equation display" : "equation";
  katex.render(tex, element, { output: "mathml", displayMode: display, throwOnError: false });
  return element;
}

/** Make equations of all `$…$` in code, and of blocks of code called math, below an element. @param {HTMLElement} root */
export function typeset(root) {
  for (const code of root.querySelectorAll("code")) {
    const text = code.textContent ?? "";
    if (code.classList.contains("language-math")) code.parentElement?.replaceWith(equation(text, true));
    else if (text.length > 2 && text.startsWith("$") && text.endsWith("$")) code.replaceWith(equation(text.slice(1, -1)));
  }
  return root;
}
