// Where a player stands among frames that come one after another: it follows the newest, plays, or
// stays where its visitor put it. Nothing here draws.

const SLOWEST = 1000; // milliseconds a frame, where several that came together are walked through

export class Timeline {
  /**
   * @param {object} options
   * @param {(chosen: boolean) => void} options.onChange position, length or playing is another; chosen: by the visitor
   * @param {number} [options.fps] frames a second as it plays
   * @param {() => number} [options.now] milliseconds
   */
  constructor({ onChange, fps = 10, now = () => performance.now() }) {
    this.onChange = onChange;
    this.fps = fps;
    this.now = now;
    this.length = 0; // frames that there will be
    this.arrived = 0; // frames that there are
    this.ended = false; // no more will come
    this.position = 0;
    this.held = false; // the visitor chose a position: frames to come do not move it
    this.pinned = false; // nor do runs to come
    this.playing = false;
    this.loop = 0; // milliseconds of rest after which playing starts over; 0: it ends
    this.heard = 0; // when frames last came
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
  }

  /** The newest frame's position. */
  get last() {
    return Math.max(0, this.arrived - 1);
  }

  /** A new run of so many frames: it is followed, unless the position is pinned. @param {number} length */
  begin(length) {
    this.halt();
    Object.assign(this, { length, arrived: 0, ended: false, loop: 0, held: this.pinned });
    this.position = this.pinned ? Math.max(0, Math.min(this.position, length - 1)) : 0;
    this.onChange(false);
  }

  /** So many frames are there now. @param {number} count */
  arrive(count) {
    const more = count > this.arrived;
    this.arrived = count;
    this.length = Math.max(this.length, count);
    if (more && !this.held && !this.playing) this.follow();
    this.onChange(false);
  }

  /** No more frames will come. */
  end() {
    this.ended = true;
    this.onChange(false);
  }

  /**
   * On to the newest frame. Where the server is busy, several come together: these one by one, in as
   * long as they were awaited.
   */
  follow() {
    this.halt();
    const behind = this.last - this.position;
    const pace = Math.min(SLOWEST, (this.now() - this.heard) / Math.max(1, behind));
    this.heard = this.now();
    if (behind <= 1) return this.seek(this.last);
    this.timer = setInterval(() => {
      if (this.position < this.last) this.seek(this.position + 1);
      else this.halt();
    }, pace);
  }

  /** @param {number} position @param {boolean} [chosen] */
  seek(position, chosen = false) {
    this.position = Math.min(Math.max(0, position), Math.max(0, this.length - 1));
    this.onChange(chosen);
  }

  /** Stay at a position through frames to come; at the very end, where the newest is, go on with them. @param {number} position */
  hold(position) {
    this.halt();
    this.seek(position, true);
    this.held = this.pinned || this.position < this.length - 1;
  }

  /** Stay where it stands, also through runs to come; or go on with them again. @param {boolean} pinned */
  pin(pinned) {
    this.pinned = pinned;
    if (pinned) return this.hold(this.position);
    this.held = false;
    if (this.ended) this.onChange(false);
    else this.follow();
  }

  /** Play from a position, or from where it stands; from the beginning, where that is the end. @param {number} [from] */
  play(from = this.position >= this.last ? 0 : this.position) {
    this.halt();
    this.held = this.pinned = false;
    this.playing = true;
    this.seek(from);
    this.timer = setInterval(() => this.tick(), 1000 / this.fps);
  }

  /** @private */
  tick() {
    if (this.position < this.last) this.seek(this.position + 1);
    else if (this.ended && this.loop) {
      clearInterval(this.timer);
      this.timer = setTimeout(() => this.play(0), this.loop);
    } else if (this.ended) this.pause();
  }

  pause() {
    this.halt();
    this.onChange(false);
  }

  toggle() {
    if (this.playing) this.hold(this.position);
    else this.play();
  }

  /** Another speed, also of what is playing. @param {number} fps */
  set speed(fps) {
    this.fps = fps;
    if (this.playing) this.play(this.position);
  }

  /** @private */
  halt() {
    clearInterval(this.timer);
    this.playing = false;
  }
}
