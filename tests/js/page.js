// A page without a browser: importing this gives modules the globals that they use of one.

import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html><body></body>", {
  url: "http://localhost/",
  pretendToBeVisual: true, // requestAnimationFrame
});
const names = [
  "window", "document", "location", "localStorage", "navigator", "getComputedStyle",
  "requestAnimationFrame", "cancelAnimationFrame",
  "Node", "Element", "HTMLElement", "Event", "KeyboardEvent", "MouseEvent", "CustomEvent", "MutationObserver",
];
for (const name of names)
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });

window.matchMedia = globalThis.matchMedia = () => ({ matches: false, addEventListener() {} });
globalThis.IntersectionObserver = globalThis.ResizeObserver = class {
  observe() {}
  disconnect() {}
};

window.Element.prototype.scrollIntoView = function () {
  this.dataset.sought = String(Number(this.dataset.sought ?? 0) + 1);
};

// jsdom draws nothing: a canvas here keeps the pixels that were last put on it.
globalThis.ImageData = class {
  constructor(width, height) {
    Object.assign(this, { width, height, data: new Uint8ClampedArray(4 * width * height) });
  }
};
window.HTMLCanvasElement.prototype.getContext = function () {
  this.context ??= {
    createImageData: (width, height) => new ImageData(width, height),
    putImageData: (image) => (this.pixels = [...image.data]),
    clearRect: (...place) => (this.cleared = place),
    ...Object.fromEntries(["drawImage", "beginPath", "arc", "fill", "fillRect", "stroke"].map((name) => [name, () => {}])),
  };
  return this.context;
};

export { window };
