// A message's text with its entities, as elements. Offsets count UTF-16 code units, as JavaScript's strings do.

import { copy, h } from "./dom.js";

/**
 * @param {string} text
 * @param {Array<{type: string, offset: number, length: number, url?: string, language?: string}>} entities
 * @param {{open: (url: string) => void, say: (text: string) => void}} acts what links and commands do
 */
export function render(text, entities, acts) {
  const ordered = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return nest(text, ordered, 0, text.length, acts);
}

function nest(text, entities, start, end, acts) {
  const nodes = [];
  let at = start, index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const begin = Math.max(entity.offset, at), stop = Math.min(entity.offset + entity.length, end);
    const inner = [];
    index += 1;
    while (index < entities.length && entities[index].offset < stop) inner.push(entities[index++]);
    if (begin >= stop) continue;
    if (begin > at) nodes.push(document.createTextNode(text.slice(at, begin)));
    nodes.push(dressed(entity, text.slice(begin, stop), nest(text, inner, begin, stop, acts), acts));
    at = stop;
  }
  if (at < end) nodes.push(document.createTextNode(text.slice(at, end)));
  return nodes;
}

const PLAIN = { bold: "strong", italic: "em", underline: "u", strikethrough: "s" };

function dressed(entity, shown, children, acts) {
  switch (entity.type) {
    case "bold": case "italic": case "underline": case "strikethrough":
      return h(PLAIN[entity.type], {}, children);
    case "code":
      return h("button", { class: "code", type: "button", title: "Copy", "aria-label": `Copy ${shown}`, onclick: (e) => copy(shown, e.currentTarget) }, children);
    case "pre":
      return h("button", { class: "pre", type: "button", title: "Copy", onclick: (e) => copy(shown, e.currentTarget) }, children);
    case "blockquote": case "expandable_blockquote":
      return h("span", { class: "quote" }, children);
    case "spoiler":
      return h("span", {
        class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text",
        onclick: (e) => reveal(e.currentTarget), onkeydown: (e) => e.key === "Enter" && reveal(e.currentTarget),
      }, children);
    case "text_link": return link(entity.url, children, acts);
    case "url": return link(/^[a-z]+:/i.test(shown) ? shown : `https://${shown}`, children, acts);
    case "email": return h("a", { href: `mailto:${shown}` }, children);
    case "mention": return link(`https://t.me/${shown.slice(1)}`, children, acts);
    case "bot_command":
      return h("button", { class: "cmd", type: "button", onclick: () => acts.say(shown) }, children);
    default: return h("span", {}, children);
  }
}

function reveal(element) {
  element.classList.add("open");
  element.removeAttribute("role");
  element.removeAttribute("aria-label");
}

function link(url, children, acts) {
  const safe = /^(https?|tg|mailto):/i.test(url) ? url : "#";
  return h("a", { href: safe, target: "_blank", rel: "noopener noreferrer", onclick: (event) => acts.open(safe, event) }, children);
}
