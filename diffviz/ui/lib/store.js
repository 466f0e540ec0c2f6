// What the tabs tell each other, and what this browser keeps from one visit to the next.

/**
 * @typedef {object} Entries
 * @property {number[]} handles of the curve drawn in the Forward tab, which the Sample tab offers too
 * @property {string} owner a secret by which this browser's trainings know it again
 * @property {{ data: string, network: object, training?: object }} plane the denoiser that was last trained in the 2-D tab, and on what
 * @property {"asked" | "stopped"} sampling what was last wanted of the Sample tab
 * @property {string} exporting the format of the file that is being made of its run, or ""
 * @property {string} keeping likewise, of what the Forward tab brought back
 * @property {string} restored likewise, of what the Edit tab made
 * @property {string} toured whether the tour was taken
 * @property {import("../learn/types.d.ts").Progress} learn what was predicted, found and answered in the Learn tab
 */

/** @typedef {{ read: (text: string) => any, write: (value: any) => string }} Form of what is kept */

/** Kept in localStorage as "diffviz.NAME", each in the form that it always had there. */
const KEPT = {
  handles: { read: JSON.parse, write: JSON.stringify },
  owner: { read: String, write: String },
  toured: { read: String, write: String },
  plane: { read: JSON.parse, write: JSON.stringify },
  learn: { read: JSON.parse, write: JSON.stringify },
};

/** Values by name, and who wants to know of new ones. */
export class Store {
  /** @param {() => Storage} storage where to keep things; asking may throw @param {Record<string, Form>} kept */
  constructor(storage, kept = KEPT) {
    this.storage = storage;
    this.kept = kept;
    /** @type {Map<string, unknown>} */
    this.values = new Map();
    /** @type {Map<string, Set<(value: any) => void>>} */
    this.watchers = new Map();
  }

  /**
   * The value, or undefined. What is kept is read anew: another window may have written it.
   * @template {keyof Entries} Name
   * @param {Name} name
   * @returns {Entries[Name] | undefined}
   */
  get(name) {
    const form = this.kept[name];
    try {
      const text = form ? this.storage().getItem(`diffviz.${name}`) : null;
      if (text) return form.read(text);
    } catch {
      // no storage, or what no version of this page has written there
    }
    return /** @type {Entries[Name] | undefined} */ (this.values.get(name));
  }

  /**
   * Set a value and tell all who watch it, also where it is the same again.
   * @template {keyof Entries} Name
   * @param {Name} name
   * @param {Entries[Name]} value
   */
  set(name, value) {
    this.values.set(name, value);
    try {
      if (this.kept[name]) {
        this.storage().setItem(`diffviz.${name}`, this.kept[name].write(value));
        this.values.delete(name);
      }
    } catch {
      // it then lasts as long as the page
    }
    for (const watcher of this.watchers.get(name) ?? []) watcher(value);
  }

  /**
   * Call back with each new value; returns a function that ends this.
   * @template {keyof Entries} Name
   * @param {Name} name
   * @param {(value: Entries[Name]) => void} watcher
   */
  watch(name, watcher) {
    const watchers = this.watchers.get(name) ?? new Set();
    this.watchers.set(name, watchers.add(watcher));
    return () => watchers.delete(watcher);
  }
}

export const store = new Store(() => localStorage);
