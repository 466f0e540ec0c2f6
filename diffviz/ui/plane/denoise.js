// Denoisers that the page evaluates itself, for a whole field at once: the twins of
// denoisers/exact.py (a mixture of Gaussians of one width) and of a dense network with its
// parametrization (networks/dense.py, parametrization.py).
//
// All is in coordinates in which α² + σ² = 1: u = x_t/√(α² + σ²), a = α/√(…), s = σ/√(…). A
// prediction does not depend on that scale.

import { bytes } from "../lib/pixels.js";

/** @import { Denoiser, Level, NetworkSent, Points } from "./types.d.ts" */

const NEGLIGIBLE = 40; // of a logit below the largest: e^−40 is nothing beside 1
const [NOTHING, FAINT] = [1e-100, 1e-80]; // of one coordinate's weights, and a sum that those would change
const WAVES = 4; // of the noise level, as in networks/dense.py

/** The exact denoiser of a mixture of Gaussians N(mean, std²), all as heavy. @implements {Denoiser} */
export class Mixture {
  /** @param {Points} means x, y of each @param {number} std @param {Uint8Array | null} kinds the class of each, from 1 */
  constructor(means, std, kinds) {
    this.std = std;
    /** @type {Points[]} by class; of class 0, which is no class, all */
    this.means = [means];
    this.share = new Float64Array(means.length / 2); // of each component, as it is worked out
    const classes = kinds ? Math.max(...kinds) : 0;
    for (let kind = 1; kind <= classes; kind++) {
      const own = [];
      for (let k = 0; k < means.length / 2; k++) if (kinds?.[k] === kind) own.push(means[2 * k], means[2 * k + 1]);
      this.means.push(Float32Array.from(own));
    }
  }

  /** x̂0 at each point. @param {Points} u @param {Level} level @param {number} kind @param {Points} out @param {Points} [middles] where the points are a grid, its columns and rows */
  guess(u, { a, s }, kind, out, middles) {
    const means = this.means[kind];
    const variance = s * s + a * a * this.std * this.std;
    if (middles) this.guessOnGrid(middles, a, variance, means, out);
    else for (let i = 0; i < u.length; i += 2) this.guessOne(u[i], u[i + 1], a, variance, means, out, i);
  }

  /** @param {number} x @param {number} y @param {number} a @param {number} variance @param {Points} means @param {Points} out @param {number} i */
  guessOne(x, y, a, variance, means, out, i) {
    const count = means.length / 2;
    const { share } = this;
    let least = Infinity;
    for (let k = 0; k < count; k++) {
      const dx = x - a * means[2 * k];
      const dy = y - a * means[2 * k + 1];
      share[k] = dx * dx + dy * dy;
      if (share[k] < least) least = share[k];
    }
    const end = least + 2 * variance * NEGLIGIBLE;
    let [sum, mx, my] = [0, 0, 0];
    for (let k = 0; k < count; k++) {
      if (share[k] > end) continue;
      const weight = Math.exp((least - share[k]) / (2 * variance));
      sum += weight;
      mx += weight * means[2 * k];
      my += weight * means[2 * k + 1];
    }
    this.answer(x, y, a, variance, mx / sum, my / sum, out, i);
  }

  /** Where a point is led by the mean of the components' means, as heavy as they are there. @param {number} x @param {number} y @param {number} a @param {number} variance @param {number} mx @param {number} my @param {Points} out @param {number} i */
  answer(x, y, a, variance, mx, my, out, i) {
    const gain = (a * this.std * this.std) / variance;
    out[i] = mx + gain * (x - a * mx);
    out[i + 1] = my + gain * (y - a * my);
  }

  /**
   * The same at all points of a grid: a weight is the product of one for its column and one for its
   * row, so that few exponentials are needed.
   * @param {Points} middles @param {number} a @param {number} variance @param {Points} means @param {Points} out
   */
  guessOnGrid(middles, a, variance, means, out) {
    const [side, count] = [middles.length, means.length / 2];
    const xs = Float64Array.from({ length: count }, (_, k) => means[2 * k]);
    const ys = Float64Array.from({ length: count }, (_, k) => means[2 * k + 1]);
    const columns = Array.from(middles, (middle) => nearness(middle, a, xs, variance));
    for (let j = 0; j < side; j++) {
      const row = nearness(middles[j], a, ys, variance);
      for (let i = 0; i < side; i++) {
        const column = columns[i];
        let [sum, mx, my] = [0, 0, 0];
        for (let k = 0; k < count; k++) {
          const weight = row[k] * column[k];
          sum += weight;
          mx += weight * xs[k];
          my += weight * ys[k];
        }
        const at = 2 * (j * side + i);
        if (sum > FAINT) this.answer(middles[i], middles[j], a, variance, mx / sum, my / sum, out, at);
        else this.guessOne(middles[i], middles[j], a, variance, means, out, at); // none is near by column and row
      }
    }
  }

  /**
   * p_t on a grid of side × side cells over −reach … reach, row after row from the bottom up.
   * @param {Level} level @param {number} side @param {number} reach @param {number} kind
   */
  density({ a, s }, side, reach, kind) {
    const means = this.means[kind];
    const count = means.length / 2;
    const cell = (2 * reach) / side;
    // What is narrower than a cell would fall between cells: it is as wide as one there.
    const variance = Math.max(s * s + a * a * this.std * this.std, (0.4 * cell) ** 2);
    const found = new Float32Array(side * side);
    const across = new Float64Array(side);
    const weight = 1 / (2 * Math.PI * variance * count);
    for (let k = 0; k < count; k++) {
      const [mx, my] = [a * means[2 * k], a * means[2 * k + 1]];
      const wide = Math.sqrt(2 * NEGLIGIBLE * variance);
      const [left, right] = [cellOf(mx - wide, reach, side), cellOf(mx + wide, reach, side)];
      for (let i = left; i <= right; i++) across[i] = weight * Math.exp(-(((i + 0.5) * cell - reach - mx) ** 2) / (2 * variance));
      for (let j = cellOf(my - wide, reach, side); j <= cellOf(my + wide, reach, side); j++) {
        const up = Math.exp(-(((j + 0.5) * cell - reach - my) ** 2) / (2 * variance));
        for (let i = left; i <= right; i++) found[j * side + i] += up * across[i];
      }
    }
    return found;
  }
}

/** e^−d²/2v for the distance d of each mean in one coordinate, the nearest one's being 1. @param {number} at @param {number} a @param {Points} means @param {number} variance */
function nearness(at, a, means, variance) {
  const found = new Float64Array(means.length);
  let least = Infinity;
  for (let k = 0; k < found.length; k++) {
    found[k] = (at - a * means[k]) ** 2;
    if (found[k] < least) least = found[k];
  }
  for (let k = 0; k < found.length; k++) {
    const weight = Math.exp((least - found[k]) / (2 * variance));
    found[k] = weight > NOTHING ? weight : 0;
  }
  return found;
}

/** @param {number} at @param {number} reach @param {number} side */
function cellOf(at, reach, side) {
  return Math.min(side - 1, Math.max(0, Math.floor(((at + reach) / (2 * reach)) * side)));
}

/** p, q of the target F = p·x0 + q·ε, for σ_data = 1. @type {Record<string, (level: Level) => [number, number]>} */
const TARGETS = {
  eps: () => [0, 1],
  x0: () => [1, 0],
  v: ({ a, s }) => [-s, a],
  flow: () => [-1, 1],
  edm: ({ a, s }) => [s, -a],
};

/** A trained network. @implements {Denoiser} */
export class Network {
  /** @param {NetworkSent} sent */
  constructor({ width, depth, slots, parametrization, range, weights }) {
    const raw = bytes(weights);
    const values = new Float32Array(raw.buffer, 0, raw.length / 4);
    this.width = width;
    this.range = range;
    this.target = TARGETS[parametrization];
    this.seen = 2 + 1 + 2 * WAVES + (slots[0] ?? 0);
    /** @type {{ weight: Float32Array, bias: Float32Array }[]} */
    this.layers = [];
    let at = 0;
    for (const [from, to] of [[this.seen, width], ...Array(depth - 1).fill([width, width]), [width, 2]]) {
      this.layers.push({ weight: values.subarray(at, at + from * to), bias: values.subarray(at + from * to, at + from * to + to) });
      at += from * to + to;
    }
    if (at !== values.length) throw new Error("These are another network's weights.");
    this.before = new Float32Array(4 * width);
    this.after = new Float32Array(4 * width);
  }

  /** What the first layer adds for the noise level and the class, which all points share. @param {Level} level @param {number} kind */
  shared({ a, s }, kind) {
    const [low, high] = this.range;
    const level = Math.log(Math.min(high, Math.max(low, s / a))) / 4;
    const waves = Array.from({ length: WAVES }, (_, k) => level * Math.PI * (k + 1));
    const seen = [level, ...waves.map(Math.cos), ...waves.map(Math.sin)];
    const { weight, bias } = this.layers[0];
    return Float32Array.from(bias, (value, unit) => {
      const row = unit * this.seen + 2;
      const told = kind ? weight[row + seen.length + kind - 1] : 0;
      return seen.reduce((sum, one, k) => sum + one * weight[row + k], value + told);
    });
  }

  /** x̂0 at each point. @param {Points} u @param {Level} level @param {number} kind @param {Points} out */
  guess(u, level, kind, out) {
    const { width, layers, seen } = this;
    const { a, s } = level;
    const first = this.shared(level, kind);
    const [{ weight: entry }, ...rest] = layers;
    const last = /** @type {{ weight: Float32Array, bias: Float32Array }} */ (rest.pop());
    const [p, q] = this.target(level);
    const [ofU, ofF] = [q / (a * q - s * p), s / (a * q - s * p)]; // x̂0 = (q·u − σ·F)/(α·q − σ·p)
    // Four points at a time: each weight is then fetched once for all of them.
    for (let start = 0; start < u.length; start += 8) {
      const many = Math.min(4, (u.length - start) / 2);
      let { before, after } = this;
      for (let point = 0; point < many; point++) {
        const x = u[start + 2 * point];
        const y = u[start + 2 * point + 1];
        for (let unit = 0; unit < width; unit++)
          before[point * width + unit] = silu(first[unit] + x * entry[unit * seen] + y * entry[unit * seen + 1]);
      }
      for (const layer of rest) {
        through(layer, width, width, before, after);
        for (let i = 0; i < many * width; i++) after[i] = silu(after[i]);
        [before, after] = [after, before];
      }
      through(last, width, 2, before, after);
      for (let point = 0; point < many; point++)
        for (let axis = 0; axis < 2; axis++) {
          const i = start + 2 * point + axis;
          out[i] = ofU * u[i] - ofF * after[2 * point + axis];
        }
    }
  }
}

/** A linear layer for four points. @param {{ weight: Float32Array, bias: Float32Array }} layer @param {number} from @param {number} to @param {Float32Array} before @param {Float32Array} after */
function through({ weight, bias }, from, to, before, after) {
  for (let unit = 0; unit < to; unit++) {
    const row = unit * from;
    let w0 = bias[unit];
    let [w1, w2, w3] = [w0, w0, w0];
    for (let i = 0; i < from; i++) {
      const weigh = weight[row + i];
      w0 += weigh * before[i];
      w1 += weigh * before[from + i];
      w2 += weigh * before[2 * from + i];
      w3 += weigh * before[3 * from + i];
    }
    after[unit] = w0;
    after[to + unit] = w1;
    after[2 * to + unit] = w2;
    after[3 * to + unit] = w3;
  }
}

/** @param {number} value */
function silu(value) {
  return value / (1 + Math.exp(-value));
}

/**
 * Classifier-free guidance, as guidance/classifier_free.py has it. @implements {Denoiser}
 */
export class Guided {
  /** @param {Denoiser} denoiser @param {number} scale @param {[number, number]} interval of σ/α in which it acts */
  constructor(denoiser, scale, interval) {
    this.denoiser = denoiser;
    this.scale = scale;
    this.interval = interval;
    this.plain = new Float64Array(0);
  }

  /** @param {Points} u @param {Level} level @param {number} kind @param {Points} out @param {Points} [middles] */
  guess(u, level, kind, out, middles) {
    this.denoiser.guess(u, level, kind, out, middles);
    const ratio = level.s / level.a;
    if (!kind || this.scale === 1 || ratio < this.interval[0] || ratio > this.interval[1]) return;
    if (this.plain.length !== u.length) this.plain = new Float64Array(u.length);
    this.denoiser.guess(u, level, 0, this.plain, middles);
    for (let i = 0; i < u.length; i++) out[i] = this.plain[i] + this.scale * (out[i] - this.plain[i]);
  }
}
