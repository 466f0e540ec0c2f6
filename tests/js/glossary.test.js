import { window } from "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { explained } from "../../diffviz/ui/lib/glossary.js";

const data = document.createElement("script");
Object.assign(data, { type: "application/json", id: "glossary", textContent: JSON.stringify({ snr: "signal <b> noise" }) });
document.head.append(data);

test("a term is a button that opens and closes what is said of it", () => {
  const term = explained("snr", "SNR");
  const [button, text] = term.children;
  let open = false;
  text.togglePopover = () => {
    open = !open;
    text.dispatchEvent(Object.assign(new window.Event("toggle"), { newState: open ? "open" : "closed" }));
  };
  assert.deepEqual([button.textContent, text.textContent, text.getAttribute("popover")], ["SNR", "signal <b> noise", "auto"]);
  const states = [1, 2].map(() => (button.click(), button.getAttribute("aria-expanded")));
  assert.deepEqual(states, ["true", "false"]);
});

test("its explanation stays within the window", () => {
  const term = explained("snr", "SNR");
  const [button, text] = term.children;
  button.getBoundingClientRect = () => ({ left: window.innerWidth - 5, top: window.innerHeight - 20, bottom: window.innerHeight - 4 });
  text.getBoundingClientRect = () => ({ width: 200, height: 60 });
  text.dispatchEvent(Object.assign(new window.Event("toggle"), { newState: "open" }));
  assert.ok(parseFloat(text.style.left) + 200 <= window.innerWidth);
  assert.ok(parseFloat(text.style.top) + 60 <= window.innerHeight - 20, "above, where there is no room below");
});
