// Noise that server and browser compute alike: the twin of counter_noise and noising_chain in
// diffviz/forward.py.

/** @import { Schedule } from "./types.d.ts" */

/** A bijection of 32-bit words (the finaliser of MurmurHash3). @param {number} h */
function mix(h) {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * `count` standard normals that depend on (seed, step) and their place alone (Box–Muller).
 * @param {number} seed
 * @param {number} step
 * @param {number} count
 */
export function counterNoise(seed, step, count) {
  const out = new Float64Array(count);
  const key = mix(step ^ mix(seed));
  for (let i = 0; i < count; i++) {
    const first = (mix((2 * i) ^ key) + 0.5) / 2 ** 32;
    const second = (mix((2 * i + 1) ^ key) + 0.5) / 2 ** 32;
    out[i] = Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * second);
  }
  return out;
}

/** Up to `steps` rising indices from close to 0 to t, evenly spaced. @param {number} t @param {number} steps */
export function chainIndices(t, steps) {
  const indices = Array.from({ length: steps }, (_, k) => Math.round((t * (k + 1)) / steps));
  return [...new Set(indices)].filter((index) => index > 0);
}

/**
 * x_t for each of the rising indices, one small noising step after another, and the last exactly
 * α_t·x0 + σ_t·ε. A generator: first it yields null once for each step whose noise it has drawn
 * (so that the page stays alive), then the pictures.
 * @param {Float32Array} x0
 * @param {Float32Array} eps
 * @param {Pick<Schedule, "alpha" | "sigma">} schedule
 * @param {number[]} indices
 * @param {number} seed
 * @returns {Generator<Float32Array | null>}
 */
export function* noisingChain(x0, eps, { alpha, sigma }, indices, seed) {
  const ratios = indices.map((t) => sigma[t] / alpha[t]);
  const free = [];
  let path = new Float32Array(x0.length);
  let before = 0;
  for (const [step, ratio] of ratios.entries()) {
    if (Number.isFinite(ratio)) {
      const z = counterNoise(seed, step, x0.length);
      const scale = Math.sqrt(ratio ** 2 - before ** 2);
      path = path.map((value, i) => value + scale * z[i]);
      before = ratio;
    }
    free.push(path);
    yield null;
  }
  const end = free[free.length - 1];
  const endRatio = ratios[ratios.length - 1];
  for (const [k, t] of indices.slice(0, -1).entries()) {
    const ratio = ratios[k];
    const share = (ratio / endRatio) ** 2;
    const walked = free[k];
    yield x0.map(
      (value, i) => alpha[t] * (value + walked[i] + (ratio ** 2 / endRatio) * eps[i] - share * end[i]),
    );
  }
  const t = indices[indices.length - 1];
  yield x0.map((value, i) => alpha[t] * value + sigma[t] * eps[i]);
}
