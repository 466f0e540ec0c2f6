// Marks: what is drawn on a plot. Each draws itself anew from values, in the plot's scales.

import { set, svg } from "./dom.js";

/** @import { Plot } from "./plot.js" */

/** What all marks are: an element in front of a plot's axes. */
export class Mark {
  /** @param {Plot} plot @param {SVGElement} root */
  constructor(plot, root) {
    this.plot = plot;
    this.root = root;
    plot.front.append(root);
  }
}

/** A line through points. */
export class Line extends Mark {
  /** @param {Plot} plot @param {string} className */
  constructor(plot, className) {
    super(plot, svg("path", { class: className }));
  }

  /** @param {Iterable<readonly [x: number, y: number]>} points none: no line */
  draw(points) {
    const { x, y } = this.plot;
    let path = "";
    for (const [u, v] of points) path += `${path ? "L" : "M"}${x.at(u).toFixed(1)} ${y.at(v).toFixed(1)}`;
    this.root.setAttribute("d", path);
  }
}

/** A dot at each point. */
export class Dots extends Mark {
  /** @param {Plot} plot @param {string} className @param {number} radius */
  constructor(plot, className, radius) {
    super(plot, svg("g"));
    this.attributes = { class: className, r: radius };
  }

  /** @param {(readonly [x: number, y: number])[]} points */
  draw(points) {
    const { x, y } = this.plot;
    const dots = points.map(([u, v]) => svg("circle", { ...this.attributes, cx: x.at(u).toFixed(1), cy: y.at(v).toFixed(1) }));
    this.root.replaceChildren(...dots);
  }
}

/** A histogram over the whole width: as many bars as heights, side by side. */
export class Bars extends Mark {
  /** @param {Plot} plot @param {string} className */
  constructor(plot, className) {
    super(plot, svg("path", { class: className }));
  }

  /** @param {ArrayLike<number>} heights */
  draw(heights) {
    const { x: { range: [left, right] }, y } = this.plot;
    const bottom = y.range[0];
    let path = `M${left} ${bottom}`;
    for (let i = 0; i < heights.length; i++)
      path += `V${y.at(heights[i]).toFixed(1)}H${(left + ((i + 1) / heights.length) * (right - left)).toFixed(1)}`;
    this.root.setAttribute("d", `${path}V${bottom}Z`);
  }
}

/** An upright line at each x. */
export class Rules extends Mark {
  /** @param {Plot} plot */
  constructor(plot) {
    super(plot, svg("g"));
  }

  /** @param {{ x: number, className: string }[]} rules */
  draw(rules) {
    const [bottom, top] = this.plot.y.range;
    this.root.replaceChildren(
      ...rules.map(({ x, className }) => svg("line", { class: className, x1: this.plot.x.at(x), x2: this.plot.x.at(x), y1: top, y2: bottom })),
    );
  }
}

/** Where we are: an upright line, with a dot where it meets the curve. */
export class Cursor extends Mark {
  /** @param {Plot} plot */
  constructor(plot) {
    super(plot, svg("g"));
    this.line = svg("line", { class: "cursor" });
    this.dot = svg("circle", { class: "dot", r: 5 });
    this.root.append(this.line);
  }

  /** @param {number} x @param {number} [y] without one there is no dot */
  move(x, y) {
    const { x: across, y: up } = this.plot;
    const at = across.at(x);
    set(this.line, { x1: at, x2: at, y1: up.range[1], y2: up.range[0] });
    if (y === undefined) return this.dot.remove();
    set(this.dot, { cx: at, cy: up.at(y) });
    if (!this.dot.parentNode) this.root.append(this.dot);
  }
}
