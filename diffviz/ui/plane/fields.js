// Vector fields at t: worked out on a grid from x̂0, and drawn as arrows or streamlines.

/** @import { Denoiser, Level, Points } from "./types.d.ts" */

export const FIELDS = {
  x0: "to x̂0",
  eps: "ε̂",
  score: "score",
  velocity: "velocity",
  difference: "learned − exact",
};
const LONGEST = 0.95; // the share of arrows that are at most a cell long

/** Vectors on a grid of side × side cells over −reach … reach, row after row from the bottom up. */
export class Field {
  /** @param {number} side @param {number} reach */
  constructor(side, reach) {
    this.side = side;
    this.reach = reach;
    this.middles = Float64Array.from({ length: side }, (_, cell) => this.middle(cell));
    this.places = new Float64Array(2 * side * side);
    for (let i = 0; i < side * side; i++) {
      this.places[2 * i] = this.middles[i % side];
      this.places[2 * i + 1] = this.middles[Math.floor(i / side)];
    }
    this.vectors = new Float64Array(this.places.length);
    this.other = new Float64Array(this.places.length);
    this.size = 1; // of a vector that is drawn a cell long
  }

  /** @param {number} cell */
  middle(cell) {
    return ((cell + 0.5) / this.side) * 2 * this.reach - this.reach;
  }

  /**
   * @param {keyof typeof FIELDS} name
   * @param {Denoiser} denoiser
   * @param {Denoiser} exact
   * @param {Level} level with its change over t, where t runs from 0 to 1
   * @param {number} kind
   */
  update(name, denoiser, exact, level, kind) {
    const { a, s, da = 0, ds = 0 } = level;
    const { middles, places, vectors, other } = this;
    denoiser.guess(places, level, kind, vectors, middles);
    if (name === "difference") exact.guess(places, level, kind, other, middles);
    for (let i = 0; i < vectors.length; i++) {
      const x0 = vectors[i];
      const eps = (places[i] - a * x0) / s;
      if (name === "x0") vectors[i] = x0 - places[i];
      else if (name === "eps") vectors[i] = eps;
      else if (name === "score") vectors[i] = -eps / s;
      else if (name === "velocity") vectors[i] = -(da * x0 + ds * eps); // the way that sampling goes
      else vectors[i] = x0 - other[i];
    }
    const lengths = Float64Array.from({ length: vectors.length / 2 }, (_, i) => Math.hypot(vectors[2 * i], vectors[2 * i + 1]));
    lengths.sort();
    this.size = lengths[Math.floor(LONGEST * (lengths.length - 1))] || 1;
  }

  /** The vector anywhere, between those of the grid. @param {number} x @param {number} y @returns {[number, number]} */
  at(x, y) {
    const { side, reach, vectors } = this;
    /** @param {number} value */
    const place = (value) => Math.min(side - 1.001, Math.max(0, ((value + reach) / (2 * reach)) * side - 0.5));
    const [column, row] = [place(x), place(y)];
    const [i, j] = [Math.floor(column), Math.floor(row)];
    const [u, v] = [column - i, row - j];
    /** @param {number} axis */
    const mixed = (axis) => {
      /** @param {number} di @param {number} dj */
      const one = (di, dj) => vectors[2 * ((j + dj) * side + i + di) + axis];
      return (1 - v) * ((1 - u) * one(0, 0) + u * one(1, 0)) + v * ((1 - u) * one(0, 1) + u * one(1, 1));
    };
    return [mixed(0), mixed(1)];
  }

  /** An arrow for each cell, as one path. @param {CanvasRenderingContext2D} context @param {(value: number) => number} x @param {(value: number) => number} y */
  arrows(context, x, y) {
    const { places, vectors, size, side, reach } = this;
    const cell = (2 * reach) / side;
    const scale = (0.95 * cell) / size;
    context.beginPath();
    for (let i = 0; i < places.length; i += 2) {
      const long = Math.hypot(vectors[i], vectors[i + 1]) * scale;
      const shorten = Math.min(1, (1.4 * cell) / (long || 1)) * scale;
      const [dx, dy] = [vectors[i] * shorten, vectors[i + 1] * shorten];
      const [fromX, fromY] = [x(places[i] - dx / 2), y(places[i + 1] - dy / 2)];
      const [toX, toY] = [x(places[i] + dx / 2), y(places[i + 1] + dy / 2)];
      context.moveTo(fromX, fromY);
      context.lineTo(toX, toY);
      const [backX, backY] = [0.3 * (fromX - toX), 0.3 * (fromY - toY)];
      context.moveTo(toX + backX - 0.6 * backY, toY + backY + 0.6 * backX);
      context.lineTo(toX, toY);
      context.lineTo(toX + backX + 0.6 * backY, toY + backY - 0.6 * backX);
    }
    context.stroke();
  }

  /** Lines along the field, through every other cell. @param {CanvasRenderingContext2D} context @param {(value: number) => number} x @param {(value: number) => number} y */
  streamlines(context, x, y) {
    const step = this.reach / this.side;
    context.beginPath();
    for (let row = 0; row < this.side; row += 2)
      for (let column = 0; column < this.side; column += 2)
        for (const way of [-1, 1]) {
          let [px, py] = [this.middle(column), this.middle(row)];
          context.moveTo(x(px), y(py));
          for (let k = 0; k < 12; k++) {
            const [dx, dy] = this.at(px, py);
            const long = Math.hypot(dx, dy);
            if (long < 1e-3 * this.size) break;
            px += (way * step * dx) / long;
            py += (way * step * dy) / long;
            if (Math.abs(px) > this.reach || Math.abs(py) > this.reach) break;
            context.lineTo(x(px), y(py));
          }
          if (way > 0) {
            const [dx, dy] = this.at(px, py);
            const long = Math.hypot(dx, dy) || 1;
            const [ux, uy] = [(5 * dx) / long, (-5 * dy) / long]; // a head of five pixels
            context.moveTo(x(px) - ux - 0.6 * uy, y(py) - uy + 0.6 * ux);
            context.lineTo(x(px), y(py));
            context.lineTo(x(px) - ux + 0.6 * uy, y(py) - uy - 0.6 * ux);
          }
        }
    context.stroke();
  }
}
