// One's own pictures before they are learned: the square crops, as small as the network sees them, with
// their labels; and a folder of them, whose pictures this browser scales down and sends as one zip.

import { decode } from "../lib/decode.js";
import { make } from "../lib/dom.js";
import { bytes, paint } from "../lib/pixels.js";
import { counted } from "../lib/text.js";
import { pngOf, uploadFile } from "../lib/upload.js";
import { zipped } from "../lib/zip.js";

/** @import { LiveView } from "../lib/types.d.ts" */

const SIDE = 128; // of a picture in the zip: enough for the largest that is learned
const SMALL = 32 * 1024; // bytes of a file that is sent as it is
const HIDDEN = /(^|\/)(\.|__MACOSX\/)/;
const TABLE = /(^|\/)metadata\.(csv|jsonl)$/i;

/** What `crops_of` answers. @typedef {{ shape: number[], levels: string, labels: string[], classes: string[] }} Crops */

/** @param {HTMLElement} element @param {LiveView<object>} view */
export function mount(element, { props, watch, trigger }) {
  const section = /** @type {HTMLElement} */ (element.querySelector(".live-view"));
  const folder = make("input", { type: "file", id: "train-folder", webkitdirectory: true, multiple: true, className: "sr-only" });
  const choose = make("label", { className: "button", htmlFor: "train-folder" }, "Choose a folder");
  const said = make("p", { className: "muted", role: "status" });
  const crops = make("div", { className: "train-crops" });
  section.append(folder, choose, said, crops);

  folder.addEventListener("change", async () => {
    const files = [...(folder.files ?? [])];
    folder.value = ""; // so that the same folder can be chosen again
    try {
      const packed = await packedUp(files, (done) => (said.textContent = `Preparing ${done} of ${counted(files.length, "file")} …`));
      said.textContent = "Sending …";
      trigger("folder", { zip: await uploadFile(packed, "folder.zip") });
      update(); // of the same folder again, the page is not told again
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
    }
  });

  function update() {
    /** @type {{ error?: string, crops?: Crops }} */
    const told = JSON.parse(props.value || "{}");
    said.textContent = told.error ?? (told.crops ? sentence(told.crops) : "");
    crops.replaceChildren(...(told.crops ? figures(told.crops) : []));
  }
  watch("value", update);
  update();
}

/** @param {Crops} crops */
function sentence({ shape: [count, , side], classes }) {
  const labels = classes.length ? ` Labels: ${classes.join(", ")}.` : " There are no labels.";
  return `${counted(count, "picture")} as ${count === 1 ? "it is" : "they are"} learned, ${side} × ${side}.${labels}`;
}

/** @param {Crops} crops */
function figures({ shape: [count, channels, height, width], levels, labels }) {
  const all = bytes(levels);
  const size = all.length / count;
  return Array.from({ length: count }, (_, k) => {
    const canvas = make("canvas", { className: "picture", role: "img", "aria-label": `Crop ${k + 1}` });
    paint(canvas, all.subarray(k * size, (k + 1) * size), channels, height, width);
    return make("figure", {}, canvas, make("figcaption", {}, labels[k]));
  });
}

/** A folder's pictures, scaled down, and its tables, as a zip. @param {File[]} files @param {(done: number) => void} tell */
export async function packedUp(files, tell) {
  const packed = new Map();
  for (const file of files) {
    const place = file.webkitRelativePath || file.name;
    tell(packed.size + 1);
    if (HIDDEN.test(place)) continue;
    const small = TABLE.test(place) || file.size <= SMALL ? file : await smaller(file);
    packed.set(place, new Uint8Array(await small.arrayBuffer()));
  }
  return zipped(packed);
}

/** The picture in a file as a small one; what is none that this browser can open, as it is. @param {File} file */
async function smaller(file) {
  const picture = file.type.startsWith("image/") ? await decode(file, 2 * SIDE) : null;
  if (!picture) return file;
  const png = await pngOf(await picture.frame(0));
  picture.close();
  return png;
}
