// What a file says of how it was made (media/notes.py), read and written in this browser: in a PNG's
// text, a GIF's comment, an MP4's tag, an SVG's description.

import { links } from "./links.js";

const KEY = "diffviz";
const MOST = 64 * 1024; // characters of a note
const FILES = 20 * 2 ** 20; // bytes of a file that is looked into
const PNG = "\x89PNG\r\n\x1a\n";

/** The note in a file's bytes; "" where there is none. @param {Uint8Array} bytes */
export function noteIn(bytes) {
  const start = text(bytes, 0, 8);
  const read = start === PNG ? inPng : start.startsWith("GIF8") ? inGif : start.slice(4) === "ftyp" ? inMp4 : inSvg;
  const note = read(bytes);
  return note.length <= MOST ? note : "";
}

/** The PNG with a note in it, before its pixels. @param {Uint8Array} bytes @param {string} note in ASCII */
export function withNote(bytes, note) {
  const header = 8 + 25; // the signature and IHDR
  const said = new TextEncoder().encode(`tEXt${KEY}\0${note}`);
  const chunk = new DataView(new ArrayBuffer(said.length + 8));
  chunk.setUint32(0, said.length - 4);
  new Uint8Array(chunk.buffer).set(said, 4);
  chunk.setUint32(said.length + 4, crc(said));
  return new Blob([bytes.slice(0, header), chunk.buffer, bytes.slice(header)], { type: "image/png" });
}

/**
 * Show what a file is of, if it says so; whether it does.
 * @param {Blob | null | undefined} file
 */
export async function restored(file) {
  if (!file || file.size > FILES) return false;
  const note = noteIn(new Uint8Array(await file.arrayBuffer()));
  return note ? links.restore(note) : false;
}

/** Latin-1, as the formats have names. @param {Uint8Array} bytes @param {number} from @param {number} length */
function text(bytes, from, length) {
  return String.fromCharCode(...bytes.subarray(from, from + Math.min(length, MOST)));
}

/** @param {Uint8Array} bytes */
function inPng(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const kind = text(bytes, at + 4, 4);
    if (kind === "IDAT") return "";
    const said = kind === "tEXt" ? text(bytes, at + 8, length) : "";
    if (said.startsWith(`${KEY}\0`)) return said.slice(KEY.length + 1);
    at += length + 12;
  }
  return "";
}

/** @param {Uint8Array} bytes */
function inGif(bytes) {
  /** @param {number} flags */
  const table = (flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + table(bytes[10]);
  while (at < bytes.length) {
    if (bytes[at] === 0x2c) at += 11 + table(bytes[at + 9]); // an image; its blocks follow
    else if (bytes[at] === 0x21) at += 2;
    else return "";
    const comment = bytes[at - 2] === 0x21 && bytes[at - 1] === 0xfe;
    let said = "";
    for (; bytes[at]; at += bytes[at] + 1) if (comment) said += text(bytes, at + 1, bytes[at]);
    if (said.startsWith("{")) return said;
    at += 1;
  }
  return "";
}

/** @param {Uint8Array} bytes */
function inMp4(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  /** Of each box the parts that lie in it begin so many bytes on. @type {Record<string, number>} */
  const within = { moov: 8, udta: 8, meta: 12, ilst: 8, "\xa9cmt": 8 };
  /** @param {number} from @param {number} end @returns {string} */
  function look(from, end) {
    for (let at = from; at + 8 <= end; ) {
      const size = view.getUint32(at);
      const kind = text(bytes, at + 4, 4);
      if (size < 8) return "";
      if (kind === "data") return text(bytes, at + 16, size - 16);
      const found = kind in within ? look(at + within[kind], Math.min(end, at + size)) : "";
      if (found) return found;
      at += size;
    }
    return "";
  }
  return look(0, bytes.length);
}

/** @param {Uint8Array} bytes */
function inSvg(bytes) {
  const drawn = new TextDecoder().decode(bytes.subarray(0, MOST));
  const said = drawn.startsWith("<?xml") ? /<dc:description>(\{.*?\})<\/dc:description>/s.exec(drawn)?.[1] : "";
  return said ? said.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&") : "";
}

/** A PNG chunk's checksum. @param {Uint8Array} bytes */
export function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let k = 0; k < 8; k++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
