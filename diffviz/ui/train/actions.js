// What may be done with the watched training: by its owner, and by whoever sees it.

import { make } from "../lib/dom.js";
import { linkTo } from "../lib/link.js";
import { root as served } from "../lib/root.js";
import { share } from "../lib/share.js";

/** @import { Action, State, Status } from "./types.d.ts" */
/** @import { TrainState } from "./state.js" */

/** @type {Record<State, Action[]>} */
export const ACTIONS = {
  running: ["pause", "stop"],
  queued: ["pause", "stop"],
  paused: ["resume", "stop", "delete"],
  stopped: ["resume", "delete"],
  failed: ["resume", "delete"],
  finished: ["resume", "delete"],
};
export const WORDS = { pause: "Pause", resume: "Go on", stop: "Stop", delete: "Delete" };
export const DOING = { pause: "pausing", stop: "stopping", delete: "being deleted" };

/** @param {TrainState} state @param {(event: string, data?: unknown) => void} trigger */
export function actionsPanel(state, trigger) {
  const root = make("div", { className: "player-files" });
  let shown = "";

  /** @param {Set<string>} changed */
  function update(changed) {
    if (!changed.has("status") && !changed.has("job") && !changed.has("jobs")) return;
    const { status } = state;
    const facts = status && [state.owns, status.id, status.state, status.wish, status.shared, status.sheets.length > 0];
    if (shown === (shown = JSON.stringify(facts))) return; // a button keeps its focus
    root.replaceChildren(...buttons());
  }

  function buttons() {
    const { status } = state;
    if (!status) return [];
    const parts = [];
    if (state.owns && status.wish) parts.push(make("span", { className: "muted", textContent: `${DOING[status.wish]} …` }));
    else if (state.owns)
      for (const action of actionsOf(status)) parts.push(button(WORDS[action], () => ask(action), action));
    if ((state.owns || status.shared) && status.sheets.length) {
      const use = () => trigger("use", { job: status.id, token: state.token });
      parts.push(button("Use in Sample", use, "use"), button("Download", () => download(status.id)));
    }
    if (state.owns)
      parts.push(button("Rename", () => {
        const name = prompt("What to call this training:", status.title);
        if (name !== null) state.rename(name);
      }, "rename"));
    if (!status.recorded)
      parts.push(button("Link to watch", ({ target }) =>
        share(`${location.origin}${served()}/${linkTo(status.id)}`, /** @type {HTMLElement} */ (target), "Who has this link may watch:")));
    return parts;
  }

  /** @param {Action} action */
  function ask(action) {
    if (action !== "delete" || confirm("Delete this training and all that it has learned?")) state.ask(action);
  }

  /** @param {string} job */
  async function download(job) {
    const answer = await fetch(`${served()}/train/${job}/denoiser.zip`, { headers: { "X-Owner": state.token } });
    if (!answer.ok) return state.say("There is nothing to download yet.");
    const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "denoiser.zip";
    const address = URL.createObjectURL(await answer.blob());
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
  return { root, update };
}

/** What its owner may do; an uploaded one has nothing to go on with. @param {Status} status */
const actionsOf = ({ state, ratios }) => ACTIONS[state].filter((action) => action !== "resume" || ratios.length);

/** @param {string} text @param {(event: MouseEvent) => void} onclick @param {string} [action] */
function button(text, onclick, action) {
  const element = make("button", { type: "button", textContent: text, onclick });
  if (action) element.dataset.action = action;
  return element;
}
