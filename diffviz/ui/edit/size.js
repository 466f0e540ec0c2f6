// How large a result will be (runs/posing.py says so too), by which the host bounds how many there can be.

/** @import { Values } from "../lib/types.d.ts" */
/** @import { DenoiserFacts, TaskFacts } from "./types.d.ts" */
/** @typedef {[height: number, width: number]} Sides */

const ENDS = [["top", "bottom"], ["left", "right"]];

/**
 * (height, width) of what becomes of a picture. Halves are rounded up: never fewer pixels than the server has.
 * @param {Sides} picture @param {Pick<TaskFacts, "parameters" | "degrades">} task @param {Pick<DenoiserFacts, "any" | "shape">} denoiser
 * @param {Values} settings size, and what else the task has of factor, grow, sides, degrade
 * @returns {Sides}
 */
export function resultSides(picture, { parameters, degrades }, { any, shape: [, ...only] }, { size, factor, grow, sides, degrade }) {
  if (!any) return /** @type {Sides} */ (only);
  const factors = parameters.includes("factor") ? [factor, factor] : [1, 1];
  const ends = ENDS.map((pair) => (parameters.includes("grow") ? pair.filter((end) => sides === "all" || sides.includes(end)).length : 0));
  const [enlarges, unit] = degrades && degrade ? [[1, 1], factors[0]] : [factors.map((by, axis) => by + ends[axis] * (grow ?? 0)), 1];
  const scale = Math.min(1, ...picture.map((side, axis) => size / (side * enlarges[axis])));
  const worked = picture.map((side) => (scale === 1 ? side : Math.max(unit, unit * Math.round((side * scale) / unit))));
  const grown = worked.map((side, axis) => (unit > 1 ? side : side * factors[axis]) + ends[axis] * Math.round((grow ?? 0) * side));
  return /** @type {Sides} */ (grown);
}
