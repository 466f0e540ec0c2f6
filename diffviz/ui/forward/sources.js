// The Forward tab's picture: asked of the server with its noise, wherever it comes from.

import { answered, picturesPanel } from "../lib/pictures.js";
import { upload, uploadFile } from "../lib/upload.js";
import { decodePicture, withNoise } from "./noised.js";

/** @import { Wanted } from "../lib/pictures.js" */
/** @import { ForwardState } from "./state.js" */
/** @import { ForwardServer, Picture } from "./types.d.ts" */

/** onPicture(picture): called with each picture that arrives, unless a newer one was asked for. @param {ForwardState} state @param {ForwardServer} server @param {(picture: Picture) => void} onPicture */
export function sourcesPanel(state, server, onPicture) {
  const panel = picturesPanel("forward", state.facts, get, onPicture);

  /** @param {Wanted} wanted @returns {Promise<Picture>} */
  async function get(wanted) {
    const source = "example" in wanted ? wanted : { path: await ("canvas" in wanted ? upload(wanted.canvas) : uploadFile(wanted.file, "picture")) };
    const answer = await answered(server.load({ ...source, seed: state.seed, denoiser: state.denoiser }));
    return { ...decodePicture(answer), example: "example" in wanted ? wanted.example : undefined };
  }

  /** The same picture with the noise of the seed as it is now. */
  async function renoise() {
    const { picture, seed, denoiser } = state;
    const { sees } = state.chosen;
    if (!picture) return;
    const { channels, height, width } = picture;
    const noise = await panel.ask(() => answered(server.other_noise({ seed, shape: [channels, height, width], denoiser })));
    if (noise) onPicture(withNoise(picture, noise, sees));
  }

  return { root: panel.root, load: panel.load, renoise, acceptDrops: panel.acceptDrops };
}
