// Noise schedules: the twin of diffviz/schedules.py, formula for formula, so that they can be drawn
// and shaped without asking the server. Their parameters (names, bounds, defaults) come from Python.

/** @import { Schedule } from "./types.d.ts" */
/** @typedef {Record<string, number>} Parameters a kind's own, by name */
/** @typedef {[alpha: Float64Array, sigma: Float64Array]} Tables over t = 1 … T */

const MAX_BETA = 0.999;
export const DRAWN = "drawn";

/** t/T for t = 1 … T. @param {number} T */
function unit(T) {
  const t = new Float64Array(T);
  for (let i = 0; i < T; i++) t[i] = (i + 1) / T;
  return t;
}

/**
 * count numbers from first to last, both included.
 * @param {number} first
 * @param {number} last
 * @param {number} count
 */
function linspace(first, last, count) {
  const step = count > 1 ? (last - first) / (count - 1) : 0;
  // From both ends towards the middle, as PyTorch does.
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    out[i] = i < count / 2 ? first + step * i : last - step * (count - 1 - i);
  }
  return out;
}

/** ᾱ_t = Π(1 − β_s), summed in logarithms. @param {Float64Array} betas @returns {Tables} */
function fromBetas(betas) {
  const alpha = new Float64Array(betas.length);
  const sigma = new Float64Array(betas.length);
  let logAlphaBar = 0;
  for (let i = 0; i < betas.length; i++) {
    logAlphaBar += Math.log1p(-Math.min(betas[i], MAX_BETA));
    alpha[i] = Math.exp(logAlphaBar / 2);
    sigma[i] = Math.sqrt(-Math.expm1(logAlphaBar));
  }
  return [alpha, sigma];
}

/** Ho et al. 2020. @param {number} T @param {Parameters} parameters */
function linear(T, { beta_start, beta_end }) {
  return fromBetas(linspace(beta_start, beta_end, T).map((beta) => (1000 / T) * beta));
}

/** Linear in √β, as in latent diffusion. @param {number} T @param {Parameters} parameters */
function quadratic(T, { beta_start, beta_end }) {
  const roots = linspace(Math.sqrt(beta_start), Math.sqrt(beta_end), T);
  return fromBetas(roots.map((root) => (1000 / T) * root ** 2));
}

/** Nichol & Dhariwal 2021. @param {number} T @param {Parameters} parameters */
function cosine(T, { s }) {
  /** @param {number} t */
  const bar = (t) => Math.cos((((t + s) / (1 + s)) * Math.PI) / 2) ** 2;
  let before = bar(0);
  return fromBetas(
    unit(T).map((t) => {
      const now = bar(t);
      const beta = 1 - now / before;
      before = now;
      return beta;
    }),
  );
}

/** Jabri et al. 2022. @param {number} T @param {Parameters} parameters */
function sigmoid(T, { start, end, tau }) {
  /** @param {number} t */
  const z = (t) => (start + t * (end - start)) / tau;
  /** @param {number} v */
  const squash = (v) => 1 / (1 + Math.exp(-v));
  /**
   * squash(b) − squash(a), without loss of digits where both are close to 0.
   * @param {number} a
   * @param {number} b
   */
  const rise = (a, b) => squash(-a) * squash(b) * -Math.expm1(a - b);
  return fromBetas(unit(T).map((t, i) => rise(z(i / T), z(t)) / rise(z(i / T), z(1))));
}

/** Karras et al. 2022. @param {number} T @param {Parameters} parameters @returns {Tables} */
function karras(T, { sigma_min, sigma_max, rho }) {
  const low = sigma_min ** (1 / rho);
  const high = sigma_max ** (1 / rho);
  const ramp = linspace(0, 1, T);
  return [new Float64Array(T).fill(1), ramp.map((r) => (low + r * (high - low)) ** rho)];
}

/** Esser et al. 2024. @param {number} T @param {Parameters} parameters @returns {Tables} */
function flow(T, { shift }) {
  const t = unit(T);
  return [
    t.map((at) => (1 - at) / (1 + (shift - 1) * at)),
    t.map((at) => (shift * at) / (1 + (shift - 1) * at)),
  ];
}

/**
 * ᾱ_t on the line through the handles, which stand evenly over t = 0 … T.
 * @param {number} T
 * @param {{ handles: number[] }} parameters
 * @returns {Tables}
 */
function drawn(T, { handles }) {
  const bars = unit(T).map((t) => {
    const position = t * (handles.length - 1);
    const left = Math.min(Math.floor(position), handles.length - 2);
    const share = position - left;
    return handles[left] * (1 - share) + handles[left + 1] * share;
  });
  return [bars.map(Math.sqrt), bars.map((bar) => Math.sqrt(1 - bar))];
}

/** @type {Record<string, (T: number, parameters: any) => Tables>} */
const FORMULAS = { linear, cosine, sigmoid, "scaled-linear": quadratic, quadratic, karras, flow, [DRAWN]: drawn };

/**
 * The tables over t = 0 … T.
 * @param {string} kind
 * @param {number} T
 * @param {Parameters | { handles: number[] }} parameters
 * @param {boolean} [zeroTerminal] stretch until nothing is left at T
 * @returns {Schedule}
 */
export function makeSchedule(kind, T, parameters, zeroTerminal = false) {
  const [a, s] = FORMULAS[kind](T, parameters);
  const alpha = new Float64Array(T + 1);
  const sigma = new Float64Array(T + 1);
  alpha[0] = 1;
  alpha.set(a, 1);
  sigma.set(s, 1);
  if (zeroTerminal && alpha[T] !== 0) stretch(alpha, sigma);
  return { T, alpha, sigma };
}

/** Lin et al. 2024, algorithm 1, in place. @param {Float64Array} alpha @param {Float64Array} sigma */
function stretch(alpha, sigma) {
  const T = alpha.length - 1;
  const first = alpha[1];
  const last = alpha[T];
  const missing = sigma.map((s, t) => s ** 2 / (1 + alpha[t])); // 1 − α, to all its digits
  const missingFirst = missing[1];
  for (let t = 1; t <= T; t++) {
    alpha[t] = ((alpha[t] - last) * first) / (first - last);
    const rest = t === T ? 1 : (first * missing[t] - last * missingFirst) / (first - last);
    sigma[t] = Math.sqrt(rest * (1 + alpha[t]));
  }
}

/** Whether noise is added at every step, as Python demands of a schedule. @param {Schedule} schedule */
export function addsNoiseEverywhere({ T, alpha, sigma }) {
  for (let t = 1; t <= T; t++) {
    if (!(sigma[t] * alpha[t - 1] > sigma[t - 1] * alpha[t])) return false;
  }
  return true;
}

/** ᾱ_t = α²/(α² + σ²). @param {Schedule} schedule @param {number} t */
export function alphaBar({ alpha, sigma }, t) {
  return alpha[t] ** 2 / (alpha[t] ** 2 + sigma[t] ** 2);
}

/** λ_t = log(α²/σ²), ±∞ at the ends. @param {Schedule} schedule @param {number} t */
export function logSnr({ alpha, sigma }, t) {
  return 2 * (Math.log(alpha[t]) - Math.log(sigma[t]));
}

/** What x_t is divided by for display, 1 where variance is preserved. @param {Schedule} schedule @param {number} t */
export function norm({ alpha, sigma }, t) {
  return Math.hypot(alpha[t], sigma[t]);
}

/**
 * (α_{t|s}, σ_{t|s}) of one step x_t = α_{t|s}·x_s + σ_{t|s}·z, for s < t.
 * @param {Schedule} schedule
 * @param {number} s
 * @param {number} t
 * @returns {[number, number]}
 */
export function transition({ alpha, sigma }, s, t) {
  const ratio = alpha[t] / alpha[s];
  return [ratio, Math.sqrt(Math.max(sigma[t] ** 2 - (ratio * sigma[s]) ** 2, 0))];
}
