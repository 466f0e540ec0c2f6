// What a live view of contests shows: which one is watched, what is known of it, at which round.

import { root as served } from "../lib/root.js";
import { Watch } from "../train/watch.js";

/** @import { Timeline } from "../lib/timeline.js" */
/** @import { Action, Job } from "../train/types.d.ts" */
/** @import { ContestServer, ContestStatus } from "./contests.d.ts" */

export class ContestState {
  /**
   * @param {object} options
   * @param {ContestServer} options.server
   * @param {string} options.token its owner's, a secret
   * @param {string} options.kind
   * @param {{ id: string, title: string }[]} options.recorded
   * @param {Timeline} options.timeline of the rounds
   * @param {(...what: string[]) => void} options.change says that "jobs", "job" (another is watched), "status", "round", "cloud" or "sentence" changed
   */
  constructor({ server, token, kind, recorded, timeline, change }) {
    Object.assign(this, { server, token, kind, recorded, timeline, change });
    this.server = server;
    this.token = token;
    this.kind = kind;
    this.recorded = recorded;
    this.timeline = timeline;
    this.change = change;
    /** @type {Job[]} */
    this.jobs = [];
    this.job = "";
    /** @type {ContestStatus | null} */
    this.status = null;
    this.sentence = "";
    /** @type {Watch | null} */
    this.watching = null;
    this.visible = false;
    this.seed = 0; // which of a race's seeds is shown
    /** @type {Map<number, Uint8Array>} */
    this.clouds = new Map(); // by round
  }

  /** One's newest, or the first recorded one. */
  async open() {
    this.job = "…"; // once
    await this.refresh();
    this.watch(this.newest);
  }

  get newest() {
    return this.jobs[0]?.id ?? this.recorded[0]?.id ?? "";
  }

  get owns() {
    return this.jobs.some(({ id }) => id === this.status?.id);
  }

  /** The number of the round that is shown. @returns {number | undefined} */
  get round() {
    return this.status?.sheets[this.timeline.position];
  }

  /** The numbers after that round. @returns {number[] | undefined} */
  get numbers() {
    return this.status?.points.find(([round]) => round === this.round)?.slice(2);
  }

  /** The clouds after that round, as they were sent; null while they are on their way. */
  get cloud() {
    const { round } = this;
    if (round === undefined) return null;
    return this.clouds.get(round) ?? (this.fetch(round), null);
  }

  async refresh() {
    const { token, kind } = this;
    const answer = await this.server.contests_owned({ token, kind }).catch(() => null);
    this.jobs = answer?.jobs ?? [];
    this.change("jobs");
  }

  /** @param {string} job */
  watch(job) {
    this.watching?.stop();
    Object.assign(this, { watching: null, status: null, job, seed: 0, sentence: "" });
    this.clouds.clear();
    this.timeline.begin(0);
    this.change("job", "sentence");
    if (!job) return;
    if (![...this.recorded, ...this.jobs].some(({ id }) => id === job)) this.refresh();
    this.watching = new Watch(job, {
      onStatus: (status) => this.take(/** @type {ContestStatus} */ (status)),
      onGone: () => this.gone(job),
      seen: () => this.visible && document.visibilityState === "visible",
    });
  }

  /** @param {ContestStatus} status */
  take(status) {
    const first = !this.status;
    this.status = status;
    const own = this.jobs.find(({ id }) => id === status.id);
    if (own) own.state = status.state;
    if (status.state === "failed") this.say(`It failed: ${status.message}.`);
    if (first) this.change("job");
    this.timeline.arrive(status.sheets.length);
    if (status.state === "finished" && !this.timeline.ended) this.timeline.end();
    if (first) this.timeline.seek(status.sheets.length - 1);
    this.change("status");
  }

  /** @param {string} job */
  gone(job) {
    this.jobs = this.jobs.filter(({ id }) => id !== job);
    this.watch(this.newest);
    this.change("jobs");
  }

  /** @param {number} round */
  async fetch(round) {
    const { job } = this;
    const answer = await fetch(`${served()}/train/${job}/sheets/${round}`).catch(() => null);
    if (!answer?.ok || job !== this.job) return;
    this.clouds.set(round, new Uint8Array(await answer.arrayBuffer()));
    this.change("cloud");
  }

  /** @param {Action} action */
  async ask(action) {
    if (!this.status) return;
    const { id } = this.status;
    const answer = await this.server.contests_ask({ job: id, token: this.token, action }).catch(() => null);
    if (!answer || answer.error) return this.say(answer?.error ?? "The server does not answer.");
    if (answer.gone) this.gone(id);
    else this.watching?.now();
  }

  /** @param {string} sentence */
  say(sentence) {
    this.sentence = sentence;
    this.change("sentence");
  }
}
