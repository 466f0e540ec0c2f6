// The page's link: a button that copies it, and what in the one that was followed would not do.

import { make } from "./dom.js";
import { waitForIds } from "./cancels.js";
import { openWhenAsked } from "./dropdowns.js";
import { keepFocus } from "./focus.js";
import { links } from "./links.js";
import { restored } from "./notes.js";
import { arrowsChoose } from "./radios.js";
import { sentence } from "./text.js";
import { tourButton } from "./tour.js";

/** @import { LiveView } from "./types.d.ts" */

const SAID = 2000; // ms for which the button says that it is done

/** Copy an address, or show it where that is not possible. @param {string} address @param {HTMLElement} button which says that it is done @param {string} what it is for */
export async function share(address, button, what) {
  const copied = await navigator.clipboard?.writeText(address).then(() => true, () => false);
  if (!copied) return void prompt(what, address);
  const before = button.textContent;
  button.textContent = "Link copied";
  setTimeout(() => (button.textContent = before), SAID);
}

/** @typedef {{ link_in(request: { note: string }): Promise<{ link?: string, error?: string }> }} Server */

/** @param {HTMLElement} element @param {LiveView<Server>} view */
export function mount(element, { server, trigger }) {
  const section = /** @type {HTMLElement} */ (element.querySelector(".live-view"));
  const button = make("button", { type: "button", id: "share-link", title: "Copy a link that shows what you see" }, "Share");
  const told = make("p", { id: "link-told", className: "muted", role: "status" });
  button.addEventListener("click", () => share(links.address, button, "This link shows what you see:"));
  section.append(told, ...[tourButton()].filter((one) => one !== null), button);

  openWhenAsked(document);
  keepFocus(document);
  arrowsChoose(document);
  waitForIds(window);
  links.linkIn = (note) => server.link_in({ note });
  // A file that is dropped where nothing else takes it.
  document.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  document.addEventListener("drop", async (event) => {
    const file = event.defaultPrevented ? null : event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault(); // the browser would go there
    if (!(await restored(file))) told.textContent = "This file does not say how it was made.";
  });

  let shown = links.tab;
  function update() {
    told.textContent = sentence(links.told);
    if (shown !== links.tab) trigger("follow");
    shown = links.tab;
  }
  links.onFollow = update;
  update();
}
