// Files of this browser as one zip, stored as they are: pictures do not get smaller.

import { crc } from "./notes.js";

const ENTRY = 0x04034b50;
const LISTED = 0x02014b50;
const END = 0x06054b50;
const UTF8 = 0x0800;
const DATE = 0x0021; // the first that there is, 1980
const MOST = 0xffff; // entries

/** The zip of these files, by their places in it. @param {Map<string, Uint8Array<ArrayBuffer>>} files */
export function zipped(files) {
  if (files.size > MOST) throw new RangeError(`A folder may have at most ${MOST} files.`);
  /** @type {BlobPart[]} */
  const parts = [];
  /** @type {BlobPart[]} */
  const list = [];
  let at = 0;
  let listed = 0;
  for (const [place, content] of files) {
    const name = new TextEncoder().encode(place);
    const about = [20, UTF8, 0, 0, DATE];
    const sizes = [crc(content), content.length, content.length];
    const entry = fields([ENTRY], about, sizes, [name.length, 0]);
    const line = fields([LISTED], [20, ...about], sizes, [name.length, 0, 0, 0, 0], [0, at]);
    parts.push(entry, name, content);
    list.push(line, name);
    at += entry.length + name.length + content.length;
    listed += line.length + name.length;
  }
  const end = fields([END], [0, 0, files.size, files.size], [listed, at], [0]);
  return new Blob([...parts, ...list, end], { type: "application/zip" });
}

/** Numbers in turn of 4 and of 2 bytes. @param {...number[]} groups */
function fields(...groups) {
  const sizes = groups.map((_, i) => (i % 2 ? 2 : 4));
  const view = new DataView(new ArrayBuffer(groups.reduce((sum, group, i) => sum + group.length * sizes[i], 0)));
  let at = 0;
  groups.forEach((group, i) => {
    for (const value of group) {
      if (i % 2) view.setUint16(at, value, true);
      else view.setUint32(at, value, true);
      at += sizes[i];
    }
  });
  return new Uint8Array(view.buffer);
}
