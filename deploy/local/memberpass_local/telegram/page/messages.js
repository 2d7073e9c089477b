// A chat's messages as bubbles. What did not change stays in place, so that nothing flickers and nothing scrolls away.

import { avatar, clock, copy, day, h, icon, size } from "./dom.js";
import { preview } from "./table.js";
import { render } from "./text.js";

const drawn = new Map();

/** Forget what is drawn: another chat comes. */
export function clear(box) {
  drawn.clear();
  box.replaceChildren();
}

/**
 * @param {HTMLElement} box
 * @param {object[]} messages oldest first
 * @param {object} acts open, say, press, reply
 * @param {Set<string>} waiting buttons that wait for their answer, as "message:data"
 */
export function draw(box, messages, acts, waiting) {
  const first = drawn.size === 0;
  const wanted = [];
  let previous = null;
  for (const message of messages) {
    if (!previous || day(previous.date) !== day(message.date)) wanted.push(piece(`day:${day(message.date)}`, "", () => h("div", { class: "day" }, day(message.date))));
    const next = previous && previous.from_bot === message.from_bot && message.date - previous.date < 300 && day(previous.date) === day(message.date);
    const replied = message.reply_to_message_id ? messages.find((other) => other.message_id === message.reply_to_message_id) : null;
    const state = JSON.stringify([message, next, replied?.text, [...waiting].filter((key) => key.startsWith(`${message.message_id}:`))]);
    wanted.push(piece(`message:${message.message_id}`, state, () => row(message, next, replied, acts, waiting), first));
    previous = message;
  }
  for (const [key] of drawn) if (!wanted.some((entry) => entry.key === key)) { drawn.get(key).element.remove(); drawn.delete(key); }
  wanted.forEach(({ element }, index) => { if (box.children[index] !== element) box.insertBefore(element, box.children[index] ?? null); });
}

function piece(key, state, make, silent = true) {
  const old = drawn.get(key);
  if (old && old.state === state) return old;
  const element = make();
  if (!old && !silent) element.classList.add("new");
  if (old) old.element.replaceWith(element);
  const entry = { key, state, element };
  drawn.set(key, entry);
  return entry;
}

function row(message, next, replied, acts, waiting) {
  const bubble = h("div", { class: "bubble" });
  if (replied) bubble.append(h("button", { class: "reply", type: "button", onclick: () => acts.show(replied.message_id) }, h("b", {}, replied.from_bot ? acts.botName() : "You"), h("span", {}, replied.text || replied.document?.file_name || "")));
  if (message.photo) bubble.append(picture(message.photo, message.text));
  if (message.document) bubble.append(...file(message.document));
  const text = h("div", { class: "text" }, render(message.text, message.entities, acts));
  text.append(meta(message));
  bubble.append(text);
  const side = message.from_bot ? "row" : "row mine";
  const classes = [side, next ? "next" : "", message.buttons.length ? "keyed" : ""].join(" ").trim();
  return h("div", { class: classes, "data-id": message.message_id }, bubble, keys(message, acts, waiting));
}

// Both sides are given, so that its place is kept while it loads and the chat is at its end at once.
function picture({ url, width, height }, text) {
  const scale = Math.min(1, 520 / width, 460 / height);
  return h("img", { class: "photo", src: url, width: Math.round(width * scale), height: Math.round(height * scale), alt: text || "Photo" });
}

function meta(message) {
  const edited = message.edit_date && message.text ? "edited " : "";
  const label = new Date(message.date * 1000).toLocaleString();
  return h("span", { class: "meta", title: label }, `${edited}${clock(message.date)}`, message.from_bot ? null : icon("checks"));
}

function file(document) {
  const ending = document.file_name.includes(".") ? document.file_name.split(".").pop().slice(0, 4).toUpperCase() : "FILE";
  const sheet = ending === "CSV";
  const card = h("div", { class: "file" },
    h("span", { class: sheet ? "file-mark sheet" : "file-mark", "aria-hidden": "true" }, h("strong", { style: "font-size:12.5px;letter-spacing:.03em" }, ending)),
    h("span", { class: "file-names" }, h("strong", {}, document.file_name), h("small", {}, `${size(document.size)} · ${sheet ? "table" : "file"}`)));
  const acts = h("div", { class: "file-acts" },
    h("a", { href: new URL(document.url).pathname, download: document.file_name, "aria-label": `Download ${document.file_name}` }, "Download"),
    sheet ? h("button", { type: "button", onclick: () => preview(document) }, "Look inside") : null);
  return [card, acts];
}

function keys(message, acts, waiting) {
  if (!message.buttons.length) return null;
  return h("div", { class: "keys" }, message.buttons.map((line) => h("div", { class: "keys-row" }, line.map((button) => key(message, button, acts, waiting)))));
}

function key(message, button, acts, waiting) {
  const busy = waiting.has(`${message.message_id}:${button.callback_data}`);
  const act = (event) => {
    if (button.callback_data) acts.press(message, button.callback_data);
    else if (button.copy_text) copy(button.copy_text);
    else acts.open(button.url || button.web_app, event);
  };
  const mark = button.callback_data ? null : icon(button.copy_text ? "copy" : "link");
  return h("button", { class: busy ? "key waiting" : "key", type: "button", "aria-busy": busy ? "true" : null, onclick: act }, button.text, mark);
}

/** What an empty chat shows: who the bot is and what it can do. */
export function hello(bot) {
  return h("div", { class: "hello" }, avatar(bot.name, bot.id), h("strong", {}, bot.name),
    h("p", {}, bot.description || bot.short_description || "Nothing here yet. Press Start to begin."));
}

export const typing = () => h("div", { class: "typing", role: "img", "aria-label": "typing" }, h("i"), h("i"), h("i"));
