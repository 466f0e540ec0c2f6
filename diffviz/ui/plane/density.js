// p_t as shade or contours, from its values on a grid.

import { context2d } from "../lib/pixels.js";
import { make } from "../lib/dom.js";

const LEVELS = [0.02, 0.08, 0.2, 0.4, 0.7]; // of contours, as shares of the highest
const SOFT = 0.5; // power by which shade falls with density, so that thin parts are seen

export class Shade {
  constructor() {
    this.canvas = make("canvas");
  }

  /** @param {Float32Array} density @param {number} side @param {[number, number, number]} colour */
  update(density, side, colour) {
    const { canvas } = this;
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = context2d(canvas);
    const image = context.createImageData(side, side);
    const highest = most(density) || 1;
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        const to = 4 * ((side - 1 - row) * side + column);
        image.data.set(colour, to);
        image.data[to + 3] = 190 * (density[row * side + column] / highest) ** SOFT;
      }
    context.putImageData(image, 0, 0);
  }
}

/** Contours, as one path. @param {CanvasRenderingContext2D} context @param {Float32Array} density @param {number} side @param {(column: number) => number} x of a cell's middle @param {(row: number) => number} y */
export function contours(context, density, side, x, y) {
  const highest = most(density) || 1;
  context.beginPath();
  for (const share of LEVELS)
    for (const [from, to] of crossings(density, side, share * highest)) {
      context.moveTo(x(from[0]), y(from[1]));
      context.lineTo(x(to[0]), y(to[1]));
    }
  context.stroke();
}

/**
 * Where a value is crossed, as short lines between cells' middles (marching squares).
 * @param {Float32Array} values @param {number} side @param {number} level
 * @returns {Generator<[[number, number], [number, number]]>}
 */
export function* crossings(values, side, level) {
  for (let row = 0; row + 1 < side; row++)
    for (let column = 0; column + 1 < side; column++) {
      const corner = [
        values[row * side + column],
        values[row * side + column + 1],
        values[(row + 1) * side + column + 1],
        values[(row + 1) * side + column],
      ];
      /** @type {[number, number][]} */
      const ends = [];
      for (let edge = 0; edge < 4; edge++) {
        const [one, other] = [corner[edge], corner[(edge + 1) % 4]];
        if (one > level === other > level) continue;
        const share = (level - one) / (other - one);
        ends.push([
          column + [share, 1, 1 - share, 0][edge],
          row + [0, share, 1, 1 - share][edge],
        ]);
      }
      for (let k = 0; k + 1 < ends.length; k += 2) yield [ends[k], ends[k + 1]];
    }
}

/** @param {Float32Array} values */
function most(values) {
  let highest = 0;
  for (const value of values) if (value > highest) highest = value;
  return highest;
}
