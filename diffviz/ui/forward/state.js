// What the Forward tab shows: the picture, the schedules, and where t stands.

import { storedHandles } from "./handles.js";
import { DRAWN, addsNoiseEverywhere, makeSchedule, norm } from "../lib/schedules.js";

export const MOST_RIVALS = 2;
const FIRST_KIND = "cosine";
const FIRST_T = 1000;

export class ForwardState {
  /** facts: what Python says of schedules, examples and denoisers. */
  constructor(facts) {
    this.facts = facts;
    this.picture = null; // see decodePicture
    this.seed = 0;
    this.kind = FIRST_KIND;
    this.T = FIRST_T;
    this.t = 0;
    this.zeroTerminal = false;
    this.asIs = false;
    this.denoiser = facts.denoisers[0].name; // that guesses, and brings back
    this.handles = storedHandles();
    this.rivals = []; // kinds shown beside the main one, with their default parameters
    this.parameters = {};
    for (const kind of facts.kinds) {
      this.parameters[kind.name] = defaults(kind);
    }
    this.reschedule();
  }

  /** All kinds, the drawn one too, as {name, label, source, preserving, parameters}. */
  get kinds() {
    return [...this.facts.kinds, DRAWN_KIND];
  }

  kindNamed(name) {
    return this.kinds.find((kind) => kind.name === name);
  }

  /** Work the tables out again, after anything that they depend on. */
  reschedule() {
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

  /** (a, s) with which a schedule's x_t is drawn at t: (α, σ), divided by the norm unless as it is. */
  shown(schedule, t = this.t) {
    const divisor = this.asIs ? 1 : this.divisor(schedule, t);
    return [schedule.alpha[t] / divisor, schedule.sigma[t] / divisor];
  }

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

  /** Set T, and keep the place on the way to it. */
  setT(T) {
    this.t = Math.round((this.t / this.T) * T);
    this.T = T;
  }
}

const DRAWN_KIND = { name: DRAWN, label: "Drawn by you", source: "", preserving: true, parameters: [] };

function defaults(kind) {
  return Object.fromEntries(kind.parameters.map(({ name, default: value }) => [name, value]));
}
