// The frame of all plots, in SVG: scales, axes, what a press and a pointer over it do. Colours come
// from the page's CSS variables, so that a change of theme needs no redrawing.

import { set, svg } from "./dom.js";
import { minus } from "./text.js";

/** @import { Linear } from "./scales.js" */

const PAD = { left: 34, right: 10, top: 12, bottom: 26 };

export class Plot {
  /**
   * @param {object} options
   * @param {string} [options.id]
   * @param {string} options.label what it shows, for those who do not see it
   * @param {Linear} options.x its range is the plot's width, within the padding
   * @param {Linear} options.y its range is the plot's height, from the bottom up
   * @param {number} [options.width] in units of its own; CSS says how large it is
   * @param {number} [options.height]
   * @param {Partial<typeof PAD>} [options.pad] room around for the axes
   */
  constructor({ id, label, x, y, width = 340, height = 190, pad = {} }) {
    this.x = x;
    this.y = y;
    this.pad = { ...PAD, ...pad };
    this.width = width;
    this.height = height;
    this.levels = svg("g"); // behind what is drawn
    this.bottom = svg("g");
    this.front = svg("g");
    this.root = svg("svg", { class: "plot", role: "img", ...(id && { id }) }, this.levels, this.bottom, this.front);
    this.label = label;
    this.resize(width, height);
  }

  /** What a screen reader says of it. */
  set label(/** @type {string} */ text) {
    this.root.setAttribute("aria-label", text);
  }

  /** Another size, with the same padding; what is drawn has then to be drawn again. @param {number} width @param {number} height */
  resize(width, height) {
    const { left, right, top, bottom } = this.pad;
    Object.assign(this, { width, height });
    this.root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.x.range = [left, width - right];
    this.y.range = [height - bottom, top];
    this.floor = height - bottom / 2 + 5; // of the texts below
  }

  /** Where there is less room than its width, be as wide as that: then its texts are no smaller. @param {() => void} redraw */
  fit(redraw) {
    const { width, height } = this;
    new ResizeObserver(() => {
      const room = Math.min(width, Math.round(this.root.clientWidth));
      if (!room || room === this.width) return;
      this.resize(room, height);
      redraw();
    }).observe(this.root);
  }

  /** A line across at each of some values of y, and what stands beside it. @param {number[]} ticks @param {(value: number) => string} [text] */
  yAxis(ticks, text = minus) {
    const [left, right] = this.x.range;
    this.levels.replaceChildren(
      ...ticks.flatMap((tick) => {
        const y = this.y.at(tick);
        return [
          svg("line", { class: "grid", x1: left, x2: right, y1: y, y2: y }),
          svg("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, text(tick)),
        ];
      }),
    );
  }

  /**
   * Texts below: at a value of x, or at a share of the width, as "50%".
   * @param {{ at: number | `${number}%`, text: string, anchor?: "start" | "middle" | "end" }[]} texts
   */
  xAxis(texts) {
    const [left, right] = this.x.range;
    this.bottom.replaceChildren(
      ...texts.map(({ at, text, anchor = "middle" }) => {
        const x = typeof at === "number" ? this.x.at(at) : left + (parseFloat(at) / 100) * (right - left);
        return svg("text", { x, y: this.floor ?? 0, "text-anchor": anchor }, text);
      }),
    );
  }

  /** Call back with the x of a press, and while the pointer is then dragged. @param {(x: number) => void} callback */
  onPick(callback) {
    onDrag(this.root, (event) => callback(this.x.invert(placeOf(this.root, event).x)));
  }

  /** Say something of the x that the mouse is over. @param {(x: number) => string} words */
  explain(words) {
    const line = svg("line", { class: "hair" });
    const text = svg("text", { class: "tip" });
    const tip = svg("g", { class: "tooltip", visibility: "hidden", "aria-hidden": "true" }, line, text);
    this.root.append(tip);
    this.root.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch" || event.buttons) return hide();
      const { x: place } = placeOf(this.root, event);
      const [left, right] = this.x.range;
      if (place < left || place > right) return hide();
      set(line, { x1: place, x2: place, y1: this.y.range[1], y2: this.y.range[0] });
      const late = place > (left + right) / 2;
      set(text, { x: late ? place - 6 : place + 6, y: this.y.range[1] + 10, "text-anchor": late ? "end" : "start" });
      text.textContent = words(this.x.invert(place));
      tip.setAttribute("visibility", "visible");
    });
    const hide = () => tip.setAttribute("visibility", "hidden");
    this.root.addEventListener("pointerleave", hide);
    this.root.addEventListener("pointerdown", hide);
  }
}

/** An event's place in the plot's own units. @param {SVGSVGElement} root @param {MouseEvent} event */
export function placeOf(root, event) {
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(root.getScreenCTM()?.inverse());
}

/**
 * Call back on press and while the pointer is then dragged.
 * @param {SVGElement} element
 * @param {(event: PointerEvent) => void} callback
 */
export function onDrag(element, callback) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    callback(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) callback(event);
  });
}
