// The settings that Gradio's components of a tab hold, for its link: taken as they change, and given
// back where a link sets them. ui/links.py says which component holds what.

/** @import { Values } from "./types.d.ts" */

/**
 * What a component holds: a setting, or with a key an entry of a table, which counts where the setting
 * `by` is `of`. settles: the server answers its change with values for other components.
 * @typedef {{ name: string, key?: string, by?: string, of?: string, default: any, settles?: boolean }} Place
 */

const PATIENCE = 10_000; // ms after which an answer of the server's is not waited for any more
const SKIP = { __type__: "update" };

export class Components {
  constructor() {
    /** @type {Place[]} */
    this.places = []; // in the order of the components
    /** @type {any[] | null} */
    this.taken = null; // the components' values, once they have changed
    /** @type {Values | null} */
    this.wanted = null; // what a link sets, until it is there
    this.awaited = 0; // answers of the server's
    this.onChange = () => {};
    this.onSettled = () => {};
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.patience = undefined;
  }

  /** @private */
  get settings() {
    return this.settingsOf(this.taken ?? this.places.map((place) => place.default));
  }

  /** As they are, or as they are about to be. @returns {Values} */
  get values() {
    return this.wanted ?? this.settings;
  }

  /** The components' values have changed. @param {any[]} values */
  take(values) {
    this.taken = values;
    this.onChange();
  }

  /** A link sets them; `given` is asked for next. @param {Values} wanted */
  want(wanted) {
    this.wanted = wanted;
    this.awaited = this.places.filter(({ name, settles }) => settles && wanted[name] !== this.settings[name]).length;
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.settle(), PATIENCE);
  }

  /** What the components are set to. answered: after an answer of the server's. @param {boolean} answered */
  given(answered) {
    const { wanted } = this;
    if (!wanted) return this.places.map(() => SKIP);
    if (answered) this.awaited -= 1;
    if (this.awaited <= 0) setTimeout(() => this.settle());
    return this.places.map((place) => this.valueOf(place, wanted));
  }

  /** @private */
  settle() {
    if (!this.wanted) return;
    clearTimeout(this.patience);
    this.taken = this.places.map((place) => this.valueOf(place, /** @type {Values} */ (this.wanted)));
    this.wanted = null;
    this.onSettled();
  }

  /** @private @param {Place} place @param {Values} settings */
  valueOf({ name, key, by, of, default: first }, settings) {
    if (!key) return settings[name];
    return (settings[by ?? ""] === of ? settings[name]?.[key] : undefined) ?? first;
  }

  /** @private @param {any[]} values @returns {Values} */
  settingsOf(values) {
    /** @type {Values} */
    const found = {};
    this.places.forEach(({ name, key }, i) => (found[name] = key ? {} : values[i]));
    this.places.forEach(({ name, key, by, of, default: first }, i) => {
      if (key && found[by ?? ""] === of && values[i] !== first) found[name][key] = values[i];
    });
    return found;
  }
}

/** @type {Map<string, Components>} */
const known = new Map();

/** The components of a tab. @param {string} tab */
export function componentsOf(tab) {
  const found = known.get(tab) ?? new Components();
  known.set(tab, found);
  return found;
}
