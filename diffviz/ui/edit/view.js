// The Edit tab's live view: a picture and what is painted over of it, what is asked for, and the result.

import { make } from "../lib/dom.js";
import { context2d } from "../lib/pixels.js";
import { controlsPanel } from "./controls.js";
import { painterPanel } from "./painter.js";
import { Result } from "./result.js";
import { sent, sourcePanel } from "./source.js";
import { links } from "../lib/links.js";
import { savePng } from "../lib/save.js";
import { store } from "../lib/store.js";
import { unlearned } from "../lib/text.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { EditMessage, EditServer, Facts, Source, Start } from "./types.d.ts" */

const FORMATS = { gif: "GIF", mp4: "MP4", strip: "PNG strip", "figure-png": "Figure PNG", "figure-svg": "SVG", "figure-pdf": "PDF", code: "Python code" };

/** @param {HTMLElement} element @param {LiveView<EditServer, Facts>} view */
export function mount(element, { facts, props, server, trigger, watch }) {
  const section = /** @type {HTMLElement} */ (element.querySelector(".live-view"));
  /** @type {Source | null} */
  let source = null;
  /** @type {{ wanted: object, of: Source, mask: HTMLCanvasElement | null } | null} */
  let last = null; // the request that led to what is shown
  let asked = 0;

  const controls = controlsPanel(facts, changed);
  const painter = painterPanel(changed);
  const sources = sourcePanel(facts, server, (picture) => {
    source = picture;
    painter.begin(picture.canvas, picture.canvas.width, picture.canvas.height);
    controls.pictured([picture.canvas.height, picture.canvas.width]);
    links.changed("edit");
    if (section.dataset.state === "running") {
      halt();
      say("Stopped, for there is another picture.");
    }
    state("ready");
  });
  const result = new Result();
  const run = make("button", { type: "button", id: "edit-run", className: "primary", onclick: start }, "Run");
  const stop = make("button", { type: "button", id: "edit-stop", hidden: true, onclick: () => (halt(), say("Stopped.")) }, "Stop");
  const message = make("p", { id: "edit-message", className: "muted", role: "status" });
  const whole = make("button", { type: "button", id: "edit-whole", hidden: true, onclick: saveWhole }, "PNG at full size");
  const needs = make("p", { id: "edit-needs", className: "player-files", hidden: true });
  const files = make("div", { className: "player-files", hidden: true }, make("span", { className: "muted" }, "Take it home:"),
    make("button", { type: "button", onclick: () => keep(result.after, "restored") }, "PNG"), whole,
    ...Object.entries(FORMATS).map(([format, label]) => make("button", { type: "button", onclick: () => take(format) }, label)));

  section.classList.add("edit");
  section.append(
    sources.root,
    make("div", { className: "edit-bar" }, ...controls.bar, make("div", { className: "edit-buttons" }, run, stop)),
    make("div", { className: "edit-left" }, painter.root),
    make("div", { className: "edit-right" }, message, result.root, files, needs),
    controls.root,
    result.answers,
  );
  sources.acceptDrops(section);
  section.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) start();
  });

  /** @param {string} text */
  function say(text) {
    message.textContent = text;
  }

  /** @param {string} name */
  function state(name) {
    section.dataset.state = name;
    stop.hidden = name !== "running";
    if (name === "running") files.hidden = needs.hidden = true;
  }

  function changed() {
    painter?.show(controls.task().masked);
    if (section.dataset.state === "failed") end("ready", ""); // what was wrong may be so no more
    links.changed("edit");
  }

  async function request() {
    if (!source) throw new Error("Choose a picture first.");
    const { masked } = controls.task();
    const { mask } = painter;
    if (masked && !mask.share) throw new Error("Paint over something of your picture first: what is painted over is made anew.");
    if (masked && mask.share === 1) throw new Error("All is painted over: leave a part of your picture to go by.");
    const picture = await sent(source);
    return { picture, settings: controls.values(), owner: store.get("owner") ?? "", ...(masked && { mask: mask.packed }) };
  }

  async function start() {
    if (section.dataset.state === "running") halt();
    const id = (asked += 1);
    state("running");
    section.dataset.run = String(id); // for tools
    links.ran("edit");
    say("Waiting for its turn …");
    trigger("anew");
    try {
      const [of, mask] = [source, controls.task().masked ? maskPicture() : null];
      const wanted = await request();
      if (id !== asked || !of) return;
      last = { wanted, of, mask };
      trigger("restore", { request: { id, ...wanted } });
    } catch (error) {
      end("failed", error instanceof Error ? error.message : String(error));
    }
  }

  function halt() {
    trigger("halt");
    asked += 1;
    result.timeline.end();
    state("stopped");
  }

  /** @param {string} how @param {string} text */
  function end(how, text) {
    state(how);
    say(text);
  }

  /** A message of the server's. @param {EditMessage} told */
  function heed({ id, waiting, start: begun, frame, end: ended, failed }) {
    if (id !== asked) return;
    if (waiting) say(`diffviz is busy: you are number ${waiting} in line.`);
    else if (begun) {
      result.begin(begun);
      say(remark(begun));
    } else if (frame) result.add(frame);
    else if (failed) end("failed", failed);
    else if (ended) {
      result.finish(ended);
      files.hidden = false;
      whole.hidden = !(last?.mask && (last.of.whole || result.start?.scaled));
      state("done");
    }
    section.dataset.frames = String(result.frames.length);
  }

  /** @param {Start} begun */
  function remark({ scaled, shape: [, height, width], degraded: { shape: [, high, wide] }, noise, outside }) {
    const said = [];
    if (scaled && source && wide < width) said.push(`Your picture was made smaller first, ${wide} × ${high} pixels, for the result to have ${width} × ${height}: no more than “Work at” says.`);
    else if (scaled && source) said.push(`Worked at ${width} × ${height} pixels: of your picture the page has ${source.canvas.width} × ${source.canvas.height}.`);
    if (noise) said.push(`Noise: ${noise.toFixed(1)} of 255 grey levels.`);
    return [...said, unlearned(outside)].join(" ").trim();
  }

  /** @param {string} format */
  async function take(format) {
    if (!last) return;
    say(`Making the ${FORMATS[/** @type {keyof typeof FORMATS} */ (format)]} …`);
    const { wanted, of, mask } = last;
    try {
      trigger("export", { request: { ...wanted, picture: await sent(of) }, format, view: result.view });
      needs.hidden = format !== "code";
      needs.replaceChildren(make("span", { className: "muted" }, "The code reads:"),
        make("button", { type: "button", onclick: () => savePng(of.canvas, "picture.png", "") }, "picture.png"),
        ...(mask ? [make("button", { type: "button", onclick: () => savePng(mask, "mask.png", "") }, "mask.png")] : []));
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }

  /** What is painted over, as programs take it. */
  function maskPicture() {
    const { width, height, levels } = painter.mask;
    const canvas = make("canvas", { width, height });
    const image = context2d(canvas).createImageData(width, height);
    image.data.set(levels);
    context2d(canvas).putImageData(image, 0, 0);
    return canvas;
  }

  /** The whole picture, with the result where it was painted over alone. */
  async function saveWhole() {
    const { of, mask } = last ?? {}; // the run's: another picture may be there by now
    if (!of || !mask) return;
    const from = (await of.whole?.()) ?? of.canvas;
    const { width, height } = from;
    const canvas = make("canvas", { width, height });
    context2d(canvas).drawImage(from, 0, 0);
    const hole = make("canvas", { width: mask.width, height: mask.height });
    const image = context2d(mask).getImageData(0, 0, mask.width, mask.height);
    for (let i = 0; i < image.data.length; i += 4) image.data[i + 3] = image.data[i];
    context2d(hole).putImageData(image, 0, 0);
    const patch = make("canvas", { width, height });
    const over = context2d(patch);
    over.drawImage(hole, 0, 0, width, height);
    over.globalCompositeOperation = "source-in";
    over.drawImage(result.after, 0, 0, width, height);
    context2d(canvas).drawImage(patch, 0, 0);
    keep(canvas, "edited");
  }

  /** The chosen result, with its note. @param {HTMLCanvasElement} canvas @param {string} name */
  function keep(canvas, name) {
    const { start: begun, chosen } = result;
    if (begun) savePng(canvas, `${name}-seed-${begun.seeds[chosen]}.png`, begun.notes[chosen]);
  }

  /** One's own trainings, of which there may be others since. */
  async function refresh() {
    const owner = store.get("owner");
    const answer = owner ? await server.own_denoisers({ owner }).catch(() => null) : null;
    if (answer && answer.error === undefined) controls.offer(answer.denoisers);
  }
  refresh();
  section.querySelector("#edit-denoiser")?.addEventListener("focus", refresh);

  store.watch("restored", () => message.textContent?.startsWith("Making the ") && say(""));
  let followed = 0; // links
  watch("value", () => props.value && heed(JSON.parse(props.value)));
  changed();
  state("ready");
  say("Run it, and watch the hole being filled; or paint over something else first.");

  const { settings } = facts;
  /** @param {string} example */
  const open = (example) => sources.load(example).then(() => painter.paintMiddle());
  open(settings.example_name.default); // unless a link, which is followed next, wants another
  links.join("edit", {
    settings: Object.values(settings).filter(({ name }) => name in controls.linked() || name === "example_name"),
    values: () => ({ ...controls.linked(), ...(sources.asked && { example_name: sources.asked }) }),
    show: async (wanted) => {
      const link = (followed += 1);
      if (!controls.knows(wanted.denoiser)) await refresh();
      if (link !== followed) return;
      if (!controls.knows(wanted.denoiser)) say(`There is no denoiser ${wanted.denoiser} here, or it is another visitor's; choose from the list.`);
      controls.set(wanted);
      if (wanted.example_name !== sources.asked) open(wanted.example_name);
    },
    controls: { example_name: ".edit-sources", what: "label:has(> #edit-words), label:has(> #edit-thing)", negative: "label:has(> #edit-negative)" },
  });
}
