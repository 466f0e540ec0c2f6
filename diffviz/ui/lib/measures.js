// How far two samples of numbers are from one distribution.

/** The largest distance between the empirical distribution functions (Kolmogorov and Smirnov). @param {Float64Array} a @param {Float64Array} b */
export function distributionGap(a, b) {
  const [one, other] = [a.slice().sort(), b.slice().sort()];
  let [i, j, gap] = [0, 0, 0];
  while (i < one.length && j < other.length) {
    const value = Math.min(one[i], other[j]);
    while (one[i] <= value) i++;
    while (other[j] <= value) j++;
    gap = Math.max(gap, Math.abs(i / one.length - j / other.length));
  }
  return gap;
}

/** What that gap stays below in 99 of 100 cases where the distribution is one, for `count` numbers each. @param {number} count */
export function gapDue(count) {
  return 1.628 * Math.sqrt(2 / count);
}
