// The picture that is edited, and what a request says of it.

import { make } from "../lib/dom.js";
import { answered, picturesPanel } from "../lib/pictures.js";
import { bytes, paint } from "../lib/pixels.js";
import { upload, uploadFile } from "../lib/upload.js";

/** @import { Wanted } from "../lib/pictures.js" */
/** @import { EditServer, Facts, Source } from "./types.d.ts" */

/** onPicture(source): another picture is there. @param {Facts} facts @param {EditServer} server @param {(source: Source) => void} onPicture */
export function sourcePanel(facts, server, onPicture) {
  return picturesPanel("edit", facts, get, onPicture);

  /** @param {Wanted} wanted @returns {Promise<Source>} */
  async function get(wanted) {
    if ("canvas" in wanted) {
      const { canvas, whole } = wanted;
      return { canvas, example: null, whole: Math.max(canvas.width, canvas.height) === facts.side ? whole : null };
    }
    const answer = await answered(server.picture("example" in wanted ? wanted : { upload: await uploadFile(wanted.file, "picture") }));
    const [channels, height, width] = answer.shape;
    const canvas = make("canvas", {});
    paint(canvas, bytes(answer.levels), channels, height, width);
    return { canvas, example: "example" in wanted ? wanted.example : null, whole: null };
  }
}

/**
 * What a request says of a picture: its example's name, or where it was uploaded just now.
 * @param {Source} source
 * @returns {Promise<{ example: string } | { upload: string }>}
 */
export async function sent({ canvas, example }) {
  if (example) return { example };
  return { upload: await upload(canvas) };
}
