// What a visitor believed, saw and answered: kept by the browser, sent nowhere.

import { store } from "../lib/store.js";

/** @import { Found, Progress, Question, Section, Shown } from "./types.d.ts" */

/** @returns {Progress} */
export function progress() {
  const { predictions = {}, answers = {}, met = [] } = store.get("learn") ?? {};
  return { predictions, answers, met };
}

/** @param {(progress: Progress) => void} change */
export function note(change) {
  const now = progress();
  change(now);
  store.set("learn", now);
}

/** A sentence with {names} filled by numbers. @param {string} sentence @param {Record<string, number>} measured */
export function filled(sentence, measured) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in measured ? figures(measured[name]) : whole));
}

/** Three figures of a number; a whole one whole. @param {number} value */
export function figures(value) {
  if (!Number.isFinite(value)) return "∞";
  const text = Number.isInteger(value) ? String(value) : Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return (/e/.test(text) ? value.toFixed(5) : text).replace("-", "−");
}

/** What is said of what was found: the claim of its outcome. @param {Shown} shown @param {Found} found */
export function claim(shown, { outcome, measured }) {
  return filled(shown.claims[outcome] ?? "", measured);
}

/** @typedef {{ section: Section, question: string, expected: string, said: string, right: boolean }} Recalled */

/** All predictions whose experiment was run, in the lesson's order. @param {Section[]} sections @param {Progress} kept @returns {Recalled[]} */
export function recalled(sections, { predictions }) {
  return sections.flatMap((section) =>
    section.experiments.flatMap((shown) => {
      const kept = predictions[keyOf(section, shown)];
      if (!shown.predict || !kept?.found) return [];
      return [{
        section,
        question: shown.predict.question,
        expected: shown.predict.choices[kept.expected] ?? "",
        said: kept.said ?? "",
        right: kept.expected === kept.found,
      }];
    }),
  );
}

/** Right answers, and how many questions there are. @param {Section[]} sections @param {Progress} kept */
export function score(sections, { answers }) {
  const all = sections.flatMap((section) => section.questions.map((question, i) => answers[`${section.name}/${i}`] === question.answer));
  return { right: all.filter(Boolean).length, questions: all.length };
}

/** @param {Section} section @param {Shown} shown */
export function keyOf(section, shown) {
  return `${section.name}/${shown.name}`;
}
