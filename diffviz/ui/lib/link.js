// The text of a link: a tab, and its settings as far as they differ from where that tab begins, as
// `sample?steps=30&sampler=heun`. It stands in the address's fragment, which is never sent to a server.
// runs/link.py writes the same text.

/** @import { SettingFacts, Values } from "./types.d.ts" */

const MAX_LENGTH = 4000; // browsers and chats cut longer ones
const HIDE = "hide";
const LINK = "train";
const ID = /^(?:[0-9a-f]{16}|recorded(?:-[a-z-]{1,40})?)$/; // as diffviz/web/names.py has it
/** @type {Record<string, string>} */
const MEANT = { flag: "true or false", whole: "a whole number", number: "a number" };

/**
 * Whether a text has the form of a training's id; an address could be made of another one.
 * @param {string | null | undefined} text
 */
export const isTraining = (text) => ID.test(text ?? "");

/** The training that this page's address is a link to (?train=ID), or null. */
export const linkedTraining = () => new URLSearchParams(location.search).get(LINK);

/** What an address has to end in to be a link to a training. @param {string} id */
export const linkTo = (id) => `?${LINK}=${id}`;

/** A link's text taken apart. hidden: the controls and tabs that it leaves out. @param {string} text with or without its # */
export function parted(text) {
  const whole = text.replace(/^#/, "");
  const [path, query = ""] = whole.split(/\?(.*)/s);
  const [tab] = path.split("/"); // what follows is a place within the tab, as a section of the lesson
  const said = Object.fromEntries(new URLSearchParams(query));
  const { [HIDE]: hide = "", ...named } = said;
  const tooLong = whole.length > MAX_LENGTH ? `this link is longer than ${MAX_LENGTH} characters` : "";
  return { tab, said: tooLong ? {} : named, hidden: listed(hide), told: tooLong };
}

/**
 * All settings of a tab, as a link says them or else as the tab begins. told: a sentence about what in
 * it would not do, which is left at its default, or nothing.
 * @param {SettingFacts[]} settings @param {Record<string, string>} said
 * @returns {{ values: Values, told: string }}
 */
export function follow(settings, said) {
  /** @type {Values} */
  const values = {};
  let told = "";
  for (const [name, text] of Object.entries(said)) {
    const setting = settings.find((one) => one.name === name);
    try {
      if (!setting) throw new RangeError(unknown("setting", name, settings));
      values[name] = read(setting, text);
    } catch (error) {
      told ||= error instanceof Error ? error.message : String(error);
    }
  }
  for (const setting of settings) if (!(setting.name in values)) values[setting.name] = usual(setting, values);
  return { values, told };
}

/** The text that leads to a tab with these settings. @param {string} tab @param {SettingFacts[]} settings @param {Values} values @param {string[]} [hidden] */
export function linkText(tab, settings, values, hidden = []) {
  const differ = settings.filter((one) => one.name in values && written(values[one.name]) !== written(usual(one, values)));
  const said = new URLSearchParams(differ.map(({ name }) => [name, written(values[name])]));
  if (hidden.length) said.set(HIDE, written(hidden));
  return said.size ? `${tab}?${said}` : tab;
}

/** A link that hides these, too. @param {string} text that hides nothing @param {string[]} hidden */
export function withHidden(text, hidden) {
  return hidden.length ? `${text}${text.includes("?") ? "&" : "?"}${new URLSearchParams({ [HIDE]: written(hidden) })}` : text;
}

/** Where a setting begins; some begin as another one says: guidance, as is best for the denoiser. @param {SettingFacts} setting @param {Values} values */
function usual({ default: first, usual: known }, values) {
  if (!known) return first;
  return known.of[String(values[known.by])] ?? first;
}

/** A setting's value of its text; throws a sentence. @param {SettingFacts} setting @param {string} text */
function read(setting, text) {
  const { name, kind, choices, minimum = -Infinity, maximum = Infinity } = setting;
  const words = name.replaceAll("_", " ");
  if (choices) {
    const found = choices.find((choice) => String(choice.name) === text);
    if (!found) throw new RangeError(unknown(words, text, choices));
    return found.name;
  }
  if (kind === "list") return listed(text);
  if (kind === "table") return Object.fromEntries(listed(text).map((part) => entry(words, part)));
  if (kind === "text") return text;
  if (kind === "flag" && ["true", "false"].includes(text)) return text === "true";
  const value = kind === "flag" || !text.trim() ? NaN : Number(text);
  if (value >= minimum && value <= maximum && (kind === "number" || Number.isInteger(value))) return value;
  const within = Number.isFinite(minimum) ? ` from ${minimum} to ${maximum}` : "";
  throw new RangeError(`${words} must be ${MEANT[kind]}${within}, not ${Number.isFinite(value) ? value : `'${text}'`}`);
}

/** @param {string} words @param {string} part @returns {[string, number | string]} */
function entry(words, part) {
  const at = part.indexOf("=");
  if (at < 1 || at === part.length - 1) throw new RangeError(`${words} must look like NAME=VALUE, not '${part}'`);
  const said = part.slice(at + 1).trim();
  return [part.slice(0, at).trim(), Number.isNaN(Number(said)) ? said : Number(said)];
}

/** The parts of a list, between commas that no backslash stands before. @param {string} text */
function listed(text) {
  return text ? text.replaceAll("\\,", "\0").split(",").map((part) => part.replaceAll("\0", ",")) : [];
}

/** A value in one line. @param {any} value @returns {string} */
function written(value) {
  if (Array.isArray(value)) return value.map((part) => written(part).replaceAll(",", "\\,")).join(",");
  if (value && typeof value === "object") return written(Object.entries(value).map(([key, said]) => `${key}=${written(said)}`));
  return String(value);
}

/** The sentence for a name that there is not. @param {string} what @param {string} name @param {{ name: any }[]} known */
function unknown(what, name, known) {
  const names = known.map((one) => String(one.name)).filter((one) => one !== "");
  return `unknown ${what} '${name}'; choose from ${names.join(", ")}`;
}
