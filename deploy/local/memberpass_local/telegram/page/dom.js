// Small helpers to make elements. Texts are always set as text, never as HTML.

export const $ = (id) => document.getElementById(id);

/** An element: h("button", {class: "key", onclick: f}, "Text", child, ...). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

const COLOURS = [
  ["#ff9a76", "#ee5a6f"], ["#f9b95c", "#ec7a3c"], ["#a78bff", "#6a55e8"], ["#56c8a8", "#23907f"],
  ["#57b4ff", "#336fe6"], ["#ff86b3", "#cf4a97"], ["#79cf7a", "#35985a"], ["#8ea6f7", "#4c64cf"],
];

/** Dress an element as an avatar: the initials on a colour of one's own. */
export function dress(element, name, id) {
  const words = name.replace(/_?bot$/i, "").split(/[\s_]+/).filter(Boolean);
  const initials = words.slice(0, 2).map((word) => [...word][0]).join("") || [...name][0] || "?";
  element.textContent = initials.toUpperCase();
  const [from, to] = COLOURS[(Math.imul(Math.abs(id) % 1000003, 2654435761) >>> 8) % COLOURS.length];
  element.style.setProperty("--from", from);
  element.style.setProperty("--to", to);
  return element;
}

export const avatar = (name, id) => dress(h("span", { class: "avatar", "aria-hidden": "true" }), name, id);

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KB", "MB", "GB"];
  let value = bytes / 1024, unit = 0;
  while (value >= 1024) { value /= 1024; unit += 1; }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

export const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function day(seconds) {
  const date = new Date(seconds * 1000), now = new Date();
  if (date.toDateString() === now.toDateString()) return "Today";
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString([], { day: "numeric", month: "long", year });
}

export const shortDay = (seconds) =>
  day(seconds) === "Today" ? clock(seconds) : new Date(seconds * 1000).toLocaleDateString([], { day: "numeric", month: "short" });

export function toast(text, bad = false) {
  const box = h("div", { class: bad ? "toast bad" : "toast" }, text);
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), Math.max(2600, text.length * 60));
}

export async function copy(text, element) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure origin the clipboard API is missing; a selection can still be copied.
    const field = h("textarea", { style: "position:fixed;opacity:0" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  if (element) {
    element.classList.add("copied");
    setTimeout(() => element.classList.remove("copied"), 900);
  }
  toast("Copied to the clipboard");
}
