import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { make, svg, terms } from "../../diffviz/ui/lib/dom.js";

test("properties where there are such, else attributes", () => {
  const clicks = [];
  const button = make(
    "button",
    { type: "button", className: "round", hidden: true, "aria-label": "Play", role: "switch", onclick: () => clicks.push(1) },
    "▶", make("b", {}, "!"),
  );
  assert.equal(
    button.outerHTML,
    '<button type="button" class="round" hidden="" aria-label="Play" role="switch">▶<b>!</b></button>',
  );
  button.click();
  assert.equal(clicks.length, 1);
});

test("text is text, never markup", () => {
  assert.equal(make("p", { title: '"' }, "<img>").outerHTML, '<p title="&quot;">&lt;img&gt;</p>');
});

test("SVG is SVG", () => {
  const line = svg("line", { x1: 1, class: "grid" });
  assert.equal(line.namespaceURI, "http://www.w3.org/2000/svg");
  assert.equal(line.outerHTML, '<line x1="1" class="grid"></line>');
});

test("a list of terms", () => {
  assert.equal(make("dl", {}, ...terms([["t", "1"], ["α", "0.5"]])).innerHTML, "<dt>t</dt><dd>1</dd><dt>α</dt><dd>0.5</dd>");
});
