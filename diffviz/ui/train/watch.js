// Watching a training: polls its status while the page is seen, and only then.

import { root } from "../lib/root.js";

const OVER = ["finished", "failed", "stopped"];
const RESTING_SECONDS = 5; // between polls of a training that waits or pauses

/** @import { Status } from "./types.d.ts" */

/**
 * Calls onStatus(status) with each new status of the job, its `points` being all so far; onGone()
 * when there is no such job (any more). seen(): whether anybody looks. Returns {stop, now}.
 */
export class Watch {
  /** @param {string} job @param {{ onStatus: (status: Status) => void, onGone: () => void, seen: () => boolean }} options */
  constructor(job, { onStatus, onGone, seen }) {
    this.job = job;
    this.onStatus = onStatus;
    this.onGone = onGone;
    this.seen = seen;
    /** @type {number[][]} */
    this.points = [];
    this.newest = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.busy = false;
    this.over = false;
    this.stopped = false;
    this.look = () => this.seen() && !this.timer && !this.busy && !this.over && this.poll();
    document.addEventListener("visibilitychange", this.look);
    this.poll();
  }

  async poll() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.busy) return;
    this.busy = true;
    let pause = 2;
    try {
      const answer = await fetch(`${root()}/train/${this.job}?since=${this.newest}`);
      if (this.stopped) return;
      if (answer.status === 404) return this.onGone();
      if (answer.ok) pause = this.take(await answer.json());
    } catch {
      pause = RESTING_SECONDS; // the server is away for a moment
    } finally {
      this.busy = false;
    }
    if (this.stopped || this.over) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.look(); // an unseen page asks again when it is seen
    }, 1000 * pause);
  }

  /** A status, from a poll or from an answer to what was asked; returns the pause until the next. @param {Status} status */
  take(status) {
    for (const point of status.points) {
      // After a kill training goes on from its last checkpoint: what came after that is void.
      while (this.points.length && this.points[this.points.length - 1][0] >= point[0]) this.points.pop();
      this.points.push(point);
    }
    this.newest = Math.max(this.newest, status.newest);
    this.over = OVER.includes(status.state);
    this.onStatus({ ...status, points: this.points });
    return status.state === "running" ? status.again : RESTING_SECONDS;
  }

  /** Ask at once, for example after a click. */
  now() {
    this.over = false;
    this.poll();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.look);
  }
}
