// One denoising step written out for one pixel, with its numbers.

import { make } from "../lib/dom.js";
import { equation } from "../lib/math.js";
import { slider } from "../lib/slider.js";
import { numbers } from "./drawn.js";

/** @typedef {{ t: number, s: number, alpha: number[], sigma: number[], shape: number[], x: string, x0: string, eps: string }} Written */

/** A number of either sign, as it stands in a product. @param {number} value */
const inBrackets = (value) => (value < 0 ? `(${value.toFixed(3)})` : value.toFixed(3));

/** The step of one pixel, in TeX: what the network's answers are worth, and where they lead. @param {Written} step @param {number} i @param {number} [factor] of ε̂ */
export function stepTex({ t, s, alpha, sigma, ...sent }, i, factor = 1) {
  const [x, x0, eps] = [sent.x, sent.x0, sent.eps].map((part) => numbers(part)[i]);
  const noise = factor === 1 ? inBrackets(eps) : `${factor.toFixed(1)} \\cdot ${inBrackets(eps)}`;
  const value = alpha[1] * x0 + sigma[1] * factor * eps;
  return {
    guess: `\\hat x_0 = \\frac{x_{${t}} - \\sigma_{${t}}\\,\\hat\\varepsilon}{\\alpha_{${t}}} = \\frac{${x.toFixed(3)} - ${alphaText(sigma[0])} \\cdot ${inBrackets(eps)}}{${alphaText(alpha[0])}} = ${x0.toFixed(3)}`,
    step: `x_{${s}} = \\alpha_{${s}}\\,\\hat x_0 + \\sigma_{${s}}\\,\\hat\\varepsilon = ${alphaText(alpha[1])} \\cdot ${inBrackets(x0)} + ${alphaText(sigma[1])} \\cdot ${noise} = ${value.toFixed(3)}`,
    value,
  };
}

/** @param {number} value */
const alphaText = (value) => value.toPrecision(3);

/** Its equations, and sliders for the pixel. @param {(at: { row: number, column: number }) => void} [onMove] */
export function byHand(onMove = () => {}) {
  /** @type {Written | null} */
  let step = null;
  let factor = 1;
  const lines = make("div", { className: "learn-equations", role: "status" });
  const rows = slider({ label: "Row of the pixel", minimum: 0, maximum: 27, value: 16, onInput: show });
  const columns = slider({ label: "Column", minimum: 0, maximum: 27, value: 14, onInput: show });
  const root = make("div", { className: "learn-byhand", hidden: true }, lines, make("div", { className: "learn-controls" }, rows.root, columns.root));

  function show() {
    onMove({ row: rows.value, column: columns.value });
    if (!step) return;
    const { guess, step: next } = stepTex(step, rows.value * step.shape[2] + columns.value, factor);
    lines.replaceChildren(equation(guess, true), equation(next, true));
  }

  return {
    root,
    /** @param {Written} written @param {number} [times] of ε̂ */
    take(written, times = 1) {
      [step, factor] = [written, times];
      root.hidden = false;
      show();
    },
  };
}
