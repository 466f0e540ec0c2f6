// What the Forward tab shows: the picture, the schedules, and where t stands.

import { storedHandles } from "./handles.js";
import { DRAWN, addsNoiseEverywhere, makeSchedule, norm } from "../lib/schedules.js";

export const MOST_RIVALS = 2;
const FIRST_KIND = "cosine";
const FIRST_T = 1000;

/** @import { Facts, Kind, NamedSchedule, Picture } from "./types.d.ts" */

export class ForwardState {
  /** What Python says of schedules, examples and denoisers. @param {Facts} facts */
  constructor(facts) {
    this.facts = facts;
    /** @type {Picture | null} */
    this.picture = null; // see decodePicture
    this.seed = 0;
    this.kind = FIRST_KIND;
    this.T = FIRST_T;
    this.t = 0;
    this.zeroTerminal = false;
    this.asIs = false;
    this.denoiser = facts.denoisers[0].name; // that guesses, and brings back
    this.handles = storedHandles();
    /** @type {string[]} */
    this.rivals = []; // kinds shown beside the main one, with their default parameters
    /** @type {Record<string, Record<string, number>>} */
    this.parameters = {};
    for (const kind of facts.kinds) {
      this.parameters[kind.name] = defaults(kind);
    }
    /** @type {NamedSchedule[]} */
    this.schedules = [];
    this.sound = true;
    this.reschedule();
  }

  /** The denoiser that is chosen. */
  get chosen() {
    return /** @type {Facts["denoisers"][number]} */ (this.facts.denoisers.find(({ name }) => name === this.denoiser));
  }

  /** All kinds, the drawn one too, as {name, label, source, preserving, parameters}. */
  get kinds() {
    return [...this.facts.kinds, DRAWN_KIND];
  }

  /** @param {string} name */
  kindNamed(name) {
    return /** @type {Kind} */ (this.kinds.find((kind) => kind.name === name));
  }

  /** Work the tables out again, after anything that they depend on. */
  reschedule() {
    /** @param {string} name @param {Record<string, number>} parameters @returns {NamedSchedule} */
    const tables = (name, parameters) => {
      const { preserving } = this.kindNamed(name);
      const own = name === DRAWN ? { handles: this.handles } : parameters;
      return { ...makeSchedule(name, this.T, own, this.zeroTerminal && preserving), kind: name };
    };
    const rivals = this.rivals.map((name) => tables(name, defaults(this.kindNamed(name))));
    this.schedules = [tables(this.kind, this.parameters[this.kind]), ...rivals];
    this.sound = addsNoiseEverywhere(this.schedule);
  }

  /** The main schedule. */
  get schedule() {
    return this.schedules[0];
  }

  /** Whether some schedule shown is divided by its norm for display. */
  get anyGrows() {
    return this.schedules.some(({ kind }) => !this.kindNamed(kind).preserving);
  }

  /** (a, s) with which a schedule's x_t is drawn at t: (α, σ), divided by the norm unless as it is. @param {NamedSchedule} schedule @returns {[number, number]} */
  shown(schedule, t = this.t) {
    const divisor = this.asIs ? 1 : this.divisor(schedule, t);
    return [schedule.alpha[t] / divisor, schedule.sigma[t] / divisor];
  }

  /** @param {NamedSchedule} schedule */
  divisor(schedule, t = this.t) {
    return this.kindNamed(schedule.kind).preserving ? 1 : norm(schedule, t);
  }

  /** What the server needs to make the main schedule itself. */
  described() {
    const drawn = this.kind === DRAWN;
    return {
      schedule: this.kind,
      T: this.T,
      zeroTerminal: this.zeroTerminal && this.kindNamed(this.kind).preserving,
      parameters: drawn ? {} : this.parameters[this.kind],
      handles: drawn ? this.handles : [],
    };
  }

  /** Set T, and keep the place on the way to it. @param {number} T */
  setT(T) {
    this.t = Math.round((this.t / this.T) * T);
    this.T = T;
  }
}

/** @type {Kind} */
const DRAWN_KIND = { name: DRAWN, label: "Drawn by you", source: "", preserving: true, parameters: [] };

/** @param {Kind} kind @returns {Record<string, number>} */
function defaults(kind) {
  return Object.fromEntries(kind.parameters.map(({ name, default: value }) => [name, value]));
}
