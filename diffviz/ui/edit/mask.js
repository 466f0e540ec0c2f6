// What is painted over of a picture: a bit for each pixel, with what can be undone.

const MOST_UNDONE = 50;

export class Mask {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    /** @type {Uint8Array} */
    this.bits = new Uint8Array(width * height);
    /** @type {Uint8Array[]} */
    this.before = [];
    /** @type {Uint8Array[]} */
    this.after = [];
  }

  /** From here on a change can be undone. */
  begin() {
    this.before.push(this.bits.slice());
    if (this.before.length > MOST_UNDONE) this.before.shift();
    this.after = [];
  }

  undo() {
    this.#exchange(this.before, this.after);
  }

  redo() {
    this.#exchange(this.after, this.before);
  }

  /** @param {Uint8Array[]} from @param {Uint8Array[]} to */
  #exchange(from, to) {
    const bits = from.pop();
    if (!bits) return;
    to.push(this.bits);
    this.bits = bits;
  }

  /**
   * All pixels within `radius` of the line from one point to another.
   * @param {[x: number, y: number]} from @param {[x: number, y: number]} to @param {number} radius @param {0 | 1} value
   */
  stroke([x0, y0], [x1, y1], radius, value) {
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = dx * dx + dy * dy;
    this.#fill(Math.min(x0, x1) - radius, Math.min(y0, y1) - radius, Math.max(x0, x1) + radius, Math.max(y0, y1) + radius, (x, y) => {
      const along = length ? Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length)) : 0;
      return Math.hypot(x - x0 - along * dx, y - y0 - along * dy) <= radius;
    }, value);
  }

  /** @param {[x: number, y: number]} from a corner @param {[x: number, y: number]} to the other @param {0 | 1} value */
  rectangle([x0, y0], [x1, y1], value) {
    this.#fill(Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1), () => true, value);
  }

  /** Pixels whose middle lies in a box and within. @param {number} left @param {number} top @param {number} right @param {number} bottom @param {(x: number, y: number) => boolean} within @param {0 | 1} value */
  #fill(left, top, right, bottom, within, value) {
    for (let row = Math.max(0, Math.ceil(top - 0.5)); row <= Math.min(this.height - 1, Math.floor(bottom - 0.5)); row++)
      for (let column = Math.max(0, Math.ceil(left - 0.5)); column <= Math.min(this.width - 1, Math.floor(right - 0.5)); column++)
        if (within(column + 0.5, row + 0.5)) this.bits[row * this.width + column] = value;
  }

  invert() {
    this.bits = this.bits.map((bit) => 1 - bit);
  }

  clear() {
    this.bits = new Uint8Array(this.bits.length);
  }

  /** How much of the picture is painted over, 0 to 1. */
  get share() {
    return this.bits.reduce((sum, bit) => sum + bit, 0) / this.bits.length;
  }

  /** White where it is painted over, black elsewhere; RGBA. */
  get levels() {
    const out = new Uint8ClampedArray(4 * this.bits.length).fill(255);
    this.bits.forEach((bit, i) => bit || out.fill(0, 4 * i, 4 * i + 3));
    return out;
  }

  /** Eight pixels a byte, the first in the highest bit, in base64. */
  get packed() {
    const out = new Uint8Array(Math.ceil(this.bits.length / 8));
    this.bits.forEach((bit, i) => (out[i >> 3] |= bit << (7 - (i & 7))));
    return btoa(out.reduce((text, byte) => text + String.fromCharCode(byte), ""));
  }
}
