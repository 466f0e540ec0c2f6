// The Learn tab: a table of contents, the sections with their experiments and questions, and a recap.

import { make } from "../lib/dom.js";
import { links } from "../lib/links.js";
import { typeset } from "../lib/math.js";
import { store } from "../lib/store.js";
import { counted } from "../lib/text.js";
import { experimentPanel } from "./experiment.js";
import { progress, recalled, score } from "./progress.js";
import { questionPanel } from "./quiz.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { Facts, LearnServer, Message, Section } from "./types.d.ts" */

/** What a link can leave out: `hide=questions,teacher`. */
const PARTS = { contents: ".learn-contents", experiments: ".learn-experiment", questions: ".learn-question", recap: "#learn-recap", teacher: ".learn-teacher", notebook: "#learn-notebook" };

/** Settings of what was tried, by SECTION/NAME. @param {ReturnType<typeof experimentPanel>[]} panels */
const triedOf = (panels) => Object.fromEntries(panels.flatMap(({ key, tried }) => {
  const settings = tried();
  return settings ? [[key, settings]] : [];
}));

/** The address of a section. @param {string} name */
const link = (name) => `#learn/${name}`;

/** @param {HTMLElement} element @param {LiveView<LearnServer, Facts>} view */
export function mount(element, { facts, props, server, trigger, watch }) {
  const view = /** @type {HTMLElement} */ (element.querySelector(".live-view"));
  /** @type {Map<number, (message: Message) => void>} */
  const runs = new Map();
  let asked = 0;

  /** @param {string} experiment @param {object} settings @param {(message: Message) => void} take @param {{ format: string, theme: string }} [figure] */
  function ask(experiment, settings, take, figure) {
    runs.set((asked += 1), take);
    trigger("experiment", { request: { id: asked, experiment, settings, figure } });
  }
  watch("value", () => {
    /** @type {Message} */
    const message = JSON.parse(props.value ?? "{}");
    runs.get(message.id)?.(message);
    if (message.failed || message.outcome !== undefined || message.end || message.file) runs.delete(message.id);
  });

  /** @type {ReturnType<typeof experimentPanel>[]} */
  const panels = [];
  /** @type {Map<Element, () => void>} */
  const mounts = new Map();
  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        mounts.get(target)?.();
        near.unobserve(target);
      }
    },
    { rootMargin: "200px" },
  );

  /** @param {Section} section @param {number} number */
  function sectionPanel(section, number) {
    const text = make("div", { className: "learn-text" });
    text.innerHTML = section.html; // of our own files, in which Markdown allows no HTML
    typeset(text);
    const experiments = section.experiments.map((shown) => {
      const panel = experimentPanel(section, shown, facts, ask);
      panels.push(panel);
      mounts.set(panel.root, panel.mount);
      near.observe(panel.root);
      return panel.root;
    });
    const heading = make("h2", { id: link(section.name).slice(1), tabIndex: -1 }, `${number}. ${section.title} `, make("a", { href: link(section.name), className: "learn-link", "aria-label": `Link to “${section.title}”` }, "#"));
    return make(
      "article",
      { className: "learn-section", "data-section": section.name },
      heading,
      text,
      ...experiments,
      ...section.questions.map((question, i) => questionPanel(`${section.name}/${i}`, question, `${link(section.name)}/${i + 1}`)),
      make("footer", { className: "muted" },
        make("p", {}, "In the code: ", ...section.code.flatMap((reference, i) => [i ? ", " : "", make("code", {}, reference)])),
        make("p", {}, "Papers: ", section.papers.map(({ title, authors, year }) => `${authors}, “${title}”, ${year}`).join("; "), ".")),
    );
  }

  const contents = make("ol", {}, ...facts.sections.map(({ name, title }) => make("li", {}, make("a", { href: link(name) }, title))));
  const recap = make("section", { id: "learn-recap", className: "card", "aria-label": "What you believed, and what you saw" });
  const done = make("p", { className: "muted", id: "learn-score", role: "status" });

  const told = make("p", { className: "muted", role: "status" });
  const teacher = make("details", { className: "card learn-teacher" }, make("summary", { id: link("teacher").slice(1), tabIndex: 0 }, "For teachers"));
  const plan = make("div", { className: "learn-text" });
  plan.innerHTML = facts.teacher; // likewise
  teacher.append(plan);

  /** The lesson as a file that Jupyter opens. */
  async function takeNotebook() {
    const answer = await server.notebook_told({ tried: triedOf(panels) }).catch(() => null);
    if (!answer || answer.error !== undefined) return void (told.textContent = answer?.error ?? "The server does not answer; please try again.");
    const href = URL.createObjectURL(new Blob([answer.notebook], { type: "application/x-ipynb+json" }));
    make("a", { href, download: "diffviz-lesson.ipynb" }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
    told.textContent = "The notebook runs where diffviz is installed.";
  }

  function recall() {
    const kept = progress();
    const all = recalled(facts.sections, kept);
    const changed = all.filter(({ right }) => !right);
    const { right, questions } = score(facts.sections, kept);
    done.textContent = `${right} of ${questions} questions right · ${counted(all.length, "prediction")} tried`;
    recap.replaceChildren(
      make("h2", {}, "What you believed, and what you saw"),
      make("p", {}, all.length ? `Of ${counted(all.length, "prediction")}, ${changed.length} came out otherwise.` : "Make a prediction at an experiment and run it: it is kept here, in this browser alone."),
      make("ul", {}, ...changed.map(({ question, expected, said }) => make("li", {}, make("strong", {}, question), ` You expected: “${expected}” What was measured: ${said}`))),
    );
  }
  store.watch("learn", recall);

  view.classList.add("learn");
  view.append(
    make("nav", { "aria-label": "Contents", className: "card learn-contents" }, make("h2", {}, "How diffusion works"), contents, done, make("button", { type: "button", onclick: () => window.print() }, "Print"), make("button", { type: "button", id: "learn-notebook", onclick: takeNotebook }, "Notebook"), told),
    make("div", { className: "learn-sections" }, ...facts.sections.map((section, i) => sectionPanel(section, i + 1)), recap, teacher),
  );
  recall();
  view.dataset.ready = "true";

  /** Go to the section that the address names. */
  function arrive() {
    const [place] = location.hash.slice(1).split("?");
    const heading = place.startsWith("learn/") && document.getElementById(place);
    if (!heading) return;
    heading.closest("details")?.setAttribute("open", "");
    heading.scrollIntoView();
    heading.focus({ preventScroll: true });
  }
  window.addEventListener("hashchange", arrive);
  arrive();
  links.join("learn", { settings: [], values: () => ({}), show() {}, controls: PARTS });
}
