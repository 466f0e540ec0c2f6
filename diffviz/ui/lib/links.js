// The address bar follows what is chosen; and what the address says is shown: when the page opens, when
// its visitor goes back or on, and when another link is followed.

import { make } from "./dom.js";
import { follow, linkedTraining, linkText, parted, withHidden } from "./link.js";

/** @import { SettingFacts, Values } from "./types.d.ts" */

/**
 * A tab whose settings are in the address.
 * @typedef {object} Linked
 * @property {SettingFacts[]} settings of runs/link.py
 * @property {() => Values} values as they are now
 * @property {(values: Values) => void} show sets all of them
 * @property {Record<string, string>} [controls] selectors of the controls whose id is not TAB-NAME, and of
 *   what else a link can leave out there
 */

const PAUSE = 200; // ms without a change after which the address is written: browsers bound how often it may be
const TRIES = "tries"; // the lines of ui/tries.py
const PATIENCE = 3000; // ms in which the page has shown the tab that the address names

export class Links {
  /** @param {Window} page */
  constructor(page) {
    this.page = page;
    /** @type {Map<string, Linked>} */
    this.joined = new Map();
    /** @type {string[]} */
    this.tabs = []; // that there are, the first being shown at first
    this.tab = "";
    /** @type {string[]} */
    this.awaited = []; // tabs that the page tells of because the address does, not its visitor
    /** @type {string[]} */
    this.hidden = [];
    this.told = ""; // what in the link would not do
    this.style = make("style");
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.writing = undefined;
    this.onFollow = () => {}; // another tab, or another sentence, is to be shown
    /** @type {(note: string) => Promise<{ link?: string, error?: string }>} */
    this.linkIn = async () => ({ error: "the page is not ready yet" }); // of a file's note
  }

  /** The page is there, with these tabs. Returns the one to show, or nothing where the address names none. @param {string[]} tabs */
  open(tabs) {
    const chosen = this.tab; // its visitor was there before
    this.tabs = tabs;
    this.page.document.head.append(this.style);
    this.page.addEventListener("popstate", () => {
      this.arrive();
      this.onFollow();
    });
    this.arrive();
    if (this.page.location.hash || linkedTraining()) return this.tab;
    this.awaited = [];
    if (chosen) this.went(chosen);
    return undefined;
  }

  /** A tab is there; what the address says of it is shown. @param {string} tab @param {Linked} linked */
  join(tab, linked) {
    this.joined.set(tab, linked);
    // A tab begins with what is usual; what another tab has just chosen there is not undone by a link that says nothing.
    const { said, told } = parted(this.page.location.hash);
    if (tab === this.tab && (told || Object.keys(said).length)) this.present();
    this.hide();
  }

  /** Something else is chosen there: this entry of the history is written anew. @param {string} tab */
  changed(tab) {
    if (tab !== this.tab) return;
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.write(), PAUSE);
  }

  /** A run with what is chosen there begins: one can come back to it, and to what was before. @param {string} tab */
  ran(tab) {
    if (tab !== this.tab) return;
    clearTimeout(this.writing);
    const before = this.begun;
    if (this.text === (before || this.tabs[0])) return;
    this.enter("replaceState", before, before);
    this.enter("pushState", this.text, this.text);
  }

  /** The visitor went to another tab. @param {string} tab */
  went(tab) {
    if (!this.tabs.length) this.tab = tab;
    const awaited = this.awaited.includes(tab);
    if (tab === this.tab) this.awaited = [];
    if (!this.tabs.length || tab === this.tab || awaited) return;
    if (this.writing) this.write();
    this.tab = tab;
    this.tell("");
    this.enter("pushState", this.text, this.text);
  }

  /** Show what a file's note tells of. @param {string} note */
  async restore(note) {
    const { link, error } = await this.linkIn(note).catch(() => ({ link: "", error: "the server does not answer; please try again" }));
    if (!link) this.tell(error ?? "");
    else if (link !== this.text) this.page.location.hash = link;
    return true;
  }

  /** The present tab's link, as it is shown. */
  get text() {
    const linked = this.joined.get(this.tab);
    return linkText(this.tab, linked?.settings ?? [], linked?.values() ?? {}, this.hidden);
  }

  /** The present address, in full. */
  get address() {
    const { origin, pathname, search } = this.page.location;
    return `${origin}${pathname}${search}#${this.text}`;
  }

  /** The text with which this entry of the history began. @returns {string} */
  get begun() {
    return this.page.history.state?.begun ?? "";
  }

  /** @private */
  arrive() {
    clearTimeout(this.writing);
    const { hash } = this.page.location;
    const { tab, hidden, told } = parted(hash);
    // A link that says nothing of it, as those within the page, leaves hidden what is.
    const kept = this.page.history.state || hidden.length ? hidden : this.hidden;
    const first = linkedTraining() ? "train" : this.tabs[0];
    const before = this.tab || this.tabs[0];
    this.tab = hash && this.tabs.includes(tab) ? tab : first;
    this.awaited = before === this.tab ? [] : [before, this.tab];
    setTimeout(() => (this.awaited = []), PATIENCE);
    this.hidden = kept;
    this.tell(!hash || tab === this.tab ? told : `this link leads nowhere; there is ${this.tabs.join(", ")}`);
    const text = kept === hidden ? hash.slice(1) : withHidden(hash.slice(1), kept);
    if (!this.page.history.state?.begun) this.enter("replaceState", text, text);
    this.present();
    this.hide();
    return this.tab;
  }

  /** @private */
  present() {
    const linked = this.joined.get(this.tab);
    const { tab, said } = parted(this.page.location.hash);
    if (!linked || (tab && tab !== this.tab)) return;
    const { values, told } = follow(linked.settings, said);
    this.tell(this.told || told);
    if (linkText(this.tab, linked.settings, values, this.hidden) !== this.text) linked.show(values);
  }

  /** @private */
  write() {
    this.writing = undefined;
    const { text } = this;
    const bare = !this.page.location.hash && text === this.tabs[0];
    if (!bare && text !== this.page.location.hash.slice(1)) this.enter("replaceState", this.begun, text);
  }

  /** @private @param {"pushState" | "replaceState"} how @param {string} begun @param {string} text */
  enter(how, begun, text) {
    const { pathname, search } = this.page.location;
    try {
      this.page.history[how]({ begun }, "", `${pathname}${search}${text && `#${text}`}`);
    } catch {
      // a browser that bounds how often: the next change is written
    }
  }

  /** Leave out what the link does not want to be seen. @private */
  hide() {
    const places = this.hidden.flatMap((name) => [
      ...(this.tabs.includes(name) ? [`#tab-${name}-button`] : []),
      ...(name === TRIES ? [`.${TRIES}`] : []),
      ...[...this.joined].flatMap(([tab, { settings, controls = {} }]) => {
        if (name in controls) return [controls[name]];
        const known = settings.some((one) => one.name === name);
        return known ? [`#${tab}-${name.replaceAll("_", "-")}`, `[data-setting="${tab}-${name}"]`] : [];
      }),
    ]);
    this.style.textContent = places.length ? `${places.join(", ")} { display: none !important; }` : "";
  }

  /** @private @param {string} sentence */
  tell(sentence) {
    if (sentence === this.told) return;
    this.told = sentence;
    this.onFollow();
  }
}

export const links = new Links(window);
