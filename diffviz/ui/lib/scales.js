// Scales: from what a plot shows to where on it that lies, and back.

/** A straight scale; a domain may fall, as t does in sampling. What lies beyond is put on the edge. */
export class Linear {
  /** @param {[number, number]} domain @param {[number, number]} [range] in the plot's units */
  constructor(domain, range = [0, 1]) {
    this.domain = domain;
    this.range = range;
  }

  /** The place of a value. @param {number} value */
  at(value) {
    const low = this.measure(this.domain[0]);
    const share = clip((this.measure(value) - low) / (this.measure(this.domain[1]) - low));
    return this.range[0] + share * (this.range[1] - this.range[0]);
  }

  /** The value at a place. @param {number} place */
  invert(place) {
    const low = this.measure(this.domain[0]);
    const share = clip((place - this.range[0]) / (this.range[1] - this.range[0]));
    return this.unmeasure(low + share * (this.measure(this.domain[1]) - low));
  }

  /** @param {number} value @protected */
  measure(value) {
    return value;
  }

  /** @param {number} value @protected */
  unmeasure(value) {
    return value;
  }
}

/** A logarithmic scale, for values above 0. */
export class Log extends Linear {
  /** @override @param {number} value */
  measure(value) {
    return Math.log(value);
  }

  /** @override @param {number} value */
  unmeasure(value) {
    return Math.exp(value);
  }

  /** Take in all values above 0, with a little room. @param {number[]} values */
  fit(values) {
    const known = values.filter((value) => value > 0 && Number.isFinite(value));
    this.domain = /** @type {[number, number]} */ ([Math.min(...known) * 0.9, Math.max(...known) * 1.1]);
  }

  /** Some of 1, 2, 5 × powers of ten in the domain. */
  ticks() {
    const [low, high] = this.domain;
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (const digit of [1, 2, 5]) {
        const tick = Number(`${digit}e${power}`);
        if (tick >= low && tick <= high) found.push(tick);
      }
    return found.length > 5 ? found.filter((tick) => tick.toExponential().startsWith("1e")) : found;
  }
}

/** @param {number} share */
function clip(share) {
  return Math.min(1, Math.max(0, share));
}
