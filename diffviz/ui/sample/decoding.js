// Latents at whose step the player rests, decoded: until then a linear preview stands for them.

import { bytes, inBase64 } from "../lib/pixels.js";
import { undecoded } from "../lib/renderers/latent.js";
import { store } from "../lib/store.js";

/** @import { SampleState } from "./state.js" */
/** @import { SampleServer } from "./types.d.ts" */

/** server.decode_latents answers. @param {SampleState} state @param {SampleServer} server */
export function decodingAtRest(state, server) {
  let asking = false;

  async function rest() {
    const { run, view } = state;
    if (!run?.start.facts?.preview || asking || state.timeline.playing || !(run.complete || run.stopped)) return;
    for (const lane of run.lanes) {
      const frame = state.frame(lane);
      if (!frame || !undecoded(frame[view], run.start)) continue;
      asking = true;
      const answer = await server.decode_latents({ denoiser: run.start.denoiser, owner: store.get("owner") ?? "", latents: inBase64(frame[view]) }).catch(() => null);
      asking = false;
      if (!answer || answer.error !== undefined) return; // the preview stays
      frame[view] = bytes(answer.pictures);
      state.change("view"); // and at rest again, what is shown by then
    }
  }
  return { update() {}, rest };
}
