// A CSV file, looked at without leaving the chat.

import { h, toast } from "./dom.js";
import { dialog } from "./dialogs.js";

const MOST_ROWS = 300;

/** Rows of an RFC 4180 text. */
export function parse(text) {
  const rows = [];
  let row = [], cell = "", quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === '"' && text[at + 1] === '"') { cell += '"'; at += 1; }
      else if (character === '"') quoted = false;
      else cell += character;
    } else if (character === '"') quoted = true;
    else if (character === ",") { row.push(cell); cell = ""; }
    else if (character === "\n" || character === "\r") {
      if (character === "\r" && text[at + 1] === "\n") at += 1;
      row.push(cell); rows.push(row); row = []; cell = "";
    } else cell += character;
  }
  if (cell || row.length) { row.push(cell); rows.push(row); }
  return rows;
}

export async function preview(document) {
  let text;
  try {
    text = await (await fetch(new URL(document.url).pathname)).text();
  } catch {
    toast("The file can't be fetched.", true);
    return;
  }
  const [head = [], ...rows] = parse(text.replace(/^\ufeff/, ""));
  const table = h("table", {},
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, rows.slice(0, MOST_ROWS).map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell))))));
  const more = rows.length > MOST_ROWS ? `, the first ${MOST_ROWS} are shown` : "";
  dialog(document.file_name, { wide: true },
    h("p", {}, `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"}${more}`),
    h("div", { class: "table-wrap", tabindex: "0" }, table),
    h("div", { class: "acts" }, h("a", { class: "quiet", href: new URL(document.url).pathname, download: document.file_name, style: "text-decoration:none" }, "Download")));
}
