import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { keepFocus } from "../../diffviz/ui/lib/focus.js";

const $ = (selector) => document.querySelector(selector);
const seen = () => new Promise((resolve) => setTimeout(resolve));
const pressed = (selector) => $(selector).focus();

keepFocus(document);
beforeEach(() => {
  document.body.innerHTML =
    '<section class="live-view"><div id="row"><button id="one">One</button><button id="two">Two</button></div></section><button id="else"></button>';
});

test("what gives way to others leaves the keyboard with what it stood in", async () => {
  pressed("#one");
  $("#row").replaceChildren($("#two"));
  await seen();
  assert.equal(document.activeElement, $("#row"));
  $("#two").focus();
  assert.equal($("#row").hasAttribute("tabindex"), false);
});

test("what is made anew has it again", async () => {
  pressed("#two");
  $("#row").innerHTML = '<button id="one">One</button><button id="two">Two</button>';
  await seen();
  assert.equal(document.activeElement, $("#two"));
});

test("what is switched off for a while has it again afterwards", async () => {
  pressed("#one");
  $("#one").disabled = true;
  await seen();
  assert.equal(document.activeElement, $("#row"));
  $("#one").disabled = false;
  await seen();
  assert.equal(document.activeElement, $("#one"));
});

test("where a whole row is hidden, what that stands in has it", async () => {
  pressed("#one");
  $("#row").hidden = true;
  await seen();
  assert.equal(document.activeElement, $(".live-view"));
});

test("nobody is called back who has gone elsewhere, or points", async () => {
  pressed("#one");
  $("#else").focus();
  $("#one").remove();
  await seen();
  assert.equal(document.activeElement, $("#else"));
  pressed("#two");
  document.dispatchEvent(new Event("pointerdown"));
  $("#two").remove();
  await seen();
  assert.equal(document.activeElement, document.body);
});
