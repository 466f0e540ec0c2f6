// What the Train tab shows: one's trainings, and the one of them, or another's, that is watched.

import { isTraining } from "../lib/link.js";
import { uploadFile } from "../lib/upload.js";
import { Watch } from "./watch.js";

/** @import { Action, Job, Status, TrainServer } from "./types.d.ts" */

export const NOT_THERE = "This training is gone: it was deleted, or the link is wrong.";

export class TrainState {
  /**
   * @param {TrainServer} server
   * @param {string} token its owner's, a secret
   * @param {string} recorded the id of the training that everybody may see
   * @param {(...what: string[]) => void} change says that "jobs", "job" (another is watched), "status" or "sentence" changed
   */
  constructor(server, token, recorded, change) {
    this.server = server;
    this.token = token;
    this.recorded = recorded;
    this.change = change;
    /** @type {Job[]} */
    this.jobs = [];
    this.job = ""; // the watched one's id
    /** @type {Status | null} */
    this.status = null;
    this.sentence = "";
    /** @type {Watch | null} */
    this.watching = null;
    this.visible = true;
    this.other = ""; // the id of the one beside it
    /** @type {Status | null} */
    this.compared = null; // and its status
    /** @type {Watch | null} */
    this.beside = null;
  }

  /** What is seen at first: the linked training, one's newest, or the recorded one. @param {string | null} linked */
  async open(linked) {
    await this.refresh();
    this.watch(linked ?? this.newest);
  }

  /** One's newest training, or the recorded one. */
  get newest() {
    return this.jobs[0]?.id ?? this.recorded;
  }

  /** Whether the watched one is one's own. */
  get owns() {
    return this.jobs.some(({ id }) => id === this.status?.id);
  }

  async refresh() {
    const answer = await this.server.owned({ token: this.token }).catch(() => null);
    this.jobs = answer?.jobs ?? [];
    this.change("jobs");
  }

  /** @param {string} job */
  watch(job) {
    this.watching?.stop();
    this.watching = null;
    this.status = null;
    this.job = isTraining(job) ? job : "";
    this.say("");
    this.change("job");
    if (job === this.other) this.compare("");
    if (!job) return;
    if (!this.job) return this.say(NOT_THERE);
    if (job !== this.recorded && !this.jobs.some(({ id }) => id === job)) this.refresh();
    this.watching = new Watch(job, {
      onStatus: (status) => this.take(status),
      onGone: () => this.lose(job),
      seen: () => this.visible && document.visibilityState === "visible",
    });
  }

  /** Another training beside the watched one, or none. @param {string} job */
  compare(job) {
    this.beside?.stop();
    this.beside = this.compared = null;
    this.other = isTraining(job) ? job : "";
    this.change("compared");
    if (!this.other) return;
    this.beside = new Watch(job, {
      onStatus: (status) => {
        this.compared = status;
        this.change("compared");
      },
      onGone: () => this.compare(""),
      seen: () => this.visible && document.visibilityState === "visible",
    });
  }

  /** @param {Status} status */
  take(status) {
    if (status.kind && status.kind !== "training") return this.lose(status.id);
    const before = this.status;
    this.status = status;
    const own = this.jobs.find(({ id }) => id === status.id);
    if (own) Object.assign(own, { title: status.title, state: status.state, fraction: status.fraction, position: status.position });
    if (status.state !== before?.state) {
      if (status.state === "failed") this.say(`Training failed: ${status.message}.`);
      else if (before) this.say(""); // what was said of it is over
    }
    this.change("status");
  }

  /** The watched one is gone, and nobody here has asked for it. @param {string} job */
  lose(job) {
    this.forget(job);
    this.watch("");
    this.say(NOT_THERE);
  }

  /** @param {string} job */
  forget(job) {
    this.jobs = this.jobs.filter(({ id }) => id !== job);
    this.change("jobs");
  }

  /** @param {Action} action */
  async ask(action) {
    if (!this.status) return;
    const { id, title } = this.status;
    const answer = await this.server.ask({ job: id, token: this.token, action }).catch(() => null);
    if (!answer || answer.error) return this.say(answer?.error ?? "The server does not answer.");
    if (!answer.gone) return this.watching?.now();
    this.forget(id);
    this.watch(this.newest);
    this.say(`“${title}” is deleted.`);
  }

  /** Call the watched one something else. @param {string} name */
  async rename(name) {
    if (!this.status) return;
    const answer = await this.server.rename({ job: this.status.id, token: this.token, name }).catch(() => null);
    if (!answer || answer.error) return this.say(answer?.error ?? "The server does not answer.");
    this.watching?.now();
  }

  /** Watch a denoiser that was downloaded once. @param {Blob} file */
  async bring(file) {
    this.say("Sending the denoiser …");
    try {
      const path = await uploadFile(file, "denoiser.zip");
      const answer = await this.server.take_uploaded({ path, token: this.token });
      if (answer.error !== undefined) return this.say(answer.error);
      await this.refresh();
      this.watch(answer.id);
    } catch (error) {
      this.say(error instanceof Error ? error.message : "The server does not answer.");
    }
  }

  /** @param {string} sentence */
  say(sentence) {
    this.sentence = sentence;
    this.change("sentence");
  }
}
