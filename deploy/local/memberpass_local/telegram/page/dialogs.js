// The one dialog of the page, filled anew each time.

import { $, h, icon } from "./dom.js";

export const close = () => $("dialog").close();

/** Open a dialog with a title and what it holds; options: {wide}. */
export function dialog(title, options, ...content) {
  const box = $("dialog");
  if (box.open) box.close();
  box.className = options.wide ? "dialog wide" : "dialog";
  box.replaceChildren(
    h("div", { class: "dialog-top" }, h("h2", { id: "dialog-title" }, title), h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: close }, icon("close"))),
    h("div", { class: "dialog-body" }, content));
  box.showModal();
}

/** A bot's alert: a text and one button. */
export function alertBox(title, text) {
  dialog(title, {}, h("p", { class: "alert" }, text), h("div", { class: "acts" }, h("button", { class: "primary", type: "button", autofocus: true, onclick: close }, "OK")));
}

/** A labelled text field. */
export function field(label, attributes) {
  const input = h("input", { autocomplete: "off", spellcheck: "false", ...attributes });
  if (attributes.value) input.value = attributes.value;
  return { input, label: h("label", { class: "input" }, label, input) };
}

$("dialog").addEventListener("click", (event) => { if (event.target === event.currentTarget) close(); });
