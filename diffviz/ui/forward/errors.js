// How the error of a way there and back falls with its steps.

import { make } from "../lib/dom.js";
import { counted, digits } from "../lib/text.js";

/** add(steps, error): of one more way, which was walked; clear(): they are of another picture. */
export function errorsPanel() {
  /** @type {Map<number, number>} */
  const found = new Map();
  const list = make("ul", {});
  const root = make("div", { id: "forward-back-errors", className: "back-errors", hidden: true },
    make("h4", {}, "Error of the way there and back, by steps"), list,
    make("p", { className: "muted" }, "No noise is drawn here: the very steps that bring a picture out of noise are walked the other way, which finds the one noise that leads to this picture, and its outline can be seen in it. In steps of no length both ways would be the same; in finite ones the way back looks from the other end of each. Try more steps, and fewer. The error is the root mean square over pixels, black −1 and white 1."));

  function draw() {
    root.hidden = found.size === 0;
    const most = Math.max(...found.values());
    const rows = [...found].sort(([a], [b]) => a - b);
    list.replaceChildren(...rows.map(([steps, error]) => {
      const bar = make("span", { className: "bar" });
      bar.style.width = `${(100 * error) / most}%`;
      const row = make("li", {}, make("span", { className: "number" }, counted(steps, "step")), make("span", { className: "track" }, bar), make("b", { className: "number" }, digits(error)));
      Object.assign(row.dataset, { steps, error });
      return row;
    }));
  }
  return {
    root,
    /** @param {number} steps @param {number} error */
    add: (steps, error) => (found.set(steps, error), draw()),
    clear: () => (found.clear(), draw()),
  };
}
