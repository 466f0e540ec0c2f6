// What a denoiser makes of this x_t, asked for when the slider rests.

import { make } from "../lib/dom.js";
import { float16, grey, paint } from "../lib/pixels.js";
import { explained } from "../lib/glossary.js";
import { digits } from "../lib/text.js";
import { shownTo } from "./noised.js";

/** @import { Answer } from "../lib/types.d.ts" */
/** @import { ForwardState } from "./state.js" */
/** @import { Change, ForwardServer, GuessAnswer, Picture } from "./types.d.ts" */

/** server.denoise answers; older answers never take the place of newer ones. @param {ForwardState} state @param {Change} change @param {ForwardServer} server */
export function guessPanel(state, change, server) {
  const figures = {
    xt: figure("forward-guess-xt", "xₜ, as the denoiser sees it"),
    x0: figure("forward-guess-x0", "x̂0, the picture it guesses", explained("error", "error")),
    eps: figure("forward-guess-eps", "ε̂, the noise it guesses", explained("error", "error")),
  };
  const options = state.facts.denoisers.map(({ name, label }) => make("option", { value: name }, label));
  const select = make("select", {}, ...options);
  const note = make("p", { className: "muted" });
  const message = make("p", { className: "forward-note", role: "status" });
  const trio = make("div", { className: "forward-trio" }, ...Object.values(figures).map(({ root }) => root));
  const root = make(
    "div",
    { className: "card forward-guess", id: "forward-guess" },
    make("div", { className: "card-head" }, make("h3", {}, "What a denoiser sees in it"), make("label", { id: "forward-denoiser" }, make("span", { className: "sr-only" }, "Denoiser"), select)),
    trio,
    message,
    note,
  );
  let latest = 0;
  select.addEventListener("change", () => {
    state.denoiser = select.value;
    change("denoiser");
  });
  const known = () => state.chosen;

  /** @param {Set<string>} changed */
  function update(changed) {
    latest += 1; // whatever is under way is about another x_t
    if (state.t > 0 && root.dataset.state === "nothing") message.textContent = "";
    root.dataset.state = state.t === 0 ? "nothing" : "waiting";
    if (changed.has("picture") || changed.has("denoiser")) describe();
  }

  function describe() {
    const { name, knows, exact, says, any, sees } = known();
    select.value = name;
    const { same, shape: [channels, height, width] } = /** @type {Picture} */ (state.picture).small[sees];
    root.dataset.any = String(any);
    if (any) {
      note.textContent = says;
      return;
    }
    const what = same
      ? "The very picture and noise above."
      : `The picture’s centre, ${width} × ${height}, ${channels === 1 ? "grey" : "in colour"}, with noise of its own from the same seed; this denoiser only knows ${knows}.`;
    note.textContent = exact ? `${what} ${exact}` : what;
  }

  async function ask() {
    const { schedule, t } = state;
    const [alpha, sigma] = [schedule.alpha[t], schedule.sigma[t]];
    describe();
    if (sigma === 0) {
      message.textContent = "At t = 0 there is no noise to find. Move the slider.";
      root.dataset.state = "nothing";
      return;
    }
    const id = ++latest;
    const picture = /** @type {Picture} */ (state.picture);
    const { name, sees } = known();
    const { shape } = picture.small[sees];
    /** @type {Answer<GuessAnswer>} */
    const answer = (await asked(id, picture, alpha, sigma, name).catch(() => null)) ?? { error: "The server does not answer." };
    if (id !== latest) return;
    if (answer.error !== undefined) {
      message.textContent = answer.error;
      return;
    }
    message.textContent = beyond(alpha, sigma);
    const divisor = state.asIs ? 1 : state.divisor(schedule, t);
    /** @param {"xt" | "x0" | "eps"} part @param {number} scale @param {string} text */
    const show = (part, scale, text) => {
      paint(figures[part].canvas, float16(answer[part]), ...shape, (v) => grey(v * scale));
      figures[part].error.textContent = text;
    };
    show("xt", 1 / divisor, `t = ${t}`);
    show("x0", 1, digits(answer.x0Error));
    show("eps", 1, digits(answer.epsError));
    root.dataset.t = String(t);
    root.dataset.state = "answered";
  }

  /** @param {number} id @param {Picture} picture @param {number} alpha @param {number} sigma @param {string} denoiser */
  async function asked(id, picture, alpha, sigma, denoiser) {
    const shown = await shownTo(picture, known(), server);
    const answer = await server.denoise({ id, ...shown, seed: picture.seed, alpha, sigma, denoiser });
    if (answer.error !== undefined) delete picture.upload; // it may be gone by now: the next request sends it again
    return answer;
  }

  /** A sentence, where this noise level is outside of what the network was trained on. @param {number} alpha @param {number} sigma */
  function beyond(alpha, sigma) {
    const { range } = known(); // or null, for what knows every level
    const ratio = sigma / alpha;
    if (!range || (ratio >= range[0] && ratio <= range[1])) return "";
    const [least, most] = range;
    const side = ratio < least ? "less" : "more";
    return `σ/α = ${digits(ratio)} is ${side} noise than the network was trained on (${digits(least)} to ${digits(most)}).`;
  }

  return { root, update, rest: ask };
}

/** @param {string} id @param {string} label @param {Node[]} before its number */
function figure(id, label, ...before) {
  const canvas = make("canvas", { id, className: "picture", role: "img", "aria-label": label, width: 28, height: 28 });
  const error = make("span", { className: "number muted" });
  return { root: make("figure", {}, canvas, make("figcaption", {}, make("span", {}, label), make("span", {}, ...before, " ", error))), canvas, error };
}
