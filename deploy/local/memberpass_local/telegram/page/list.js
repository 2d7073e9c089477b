// The list of bots at the left.

import { $, avatar, h, shortDay } from "./dom.js";
import { me } from "./people.js";

const seenKey = (bot) => `seen:${me.id}:${bot}`;

export const markSeen = (bot, messageId) => {
  if (messageId > Number(localStorage.getItem(seenKey(bot)) || 0)) localStorage.setItem(seenKey(bot), String(messageId));
};

export function drawList({ chats, bots, groups, bot: current }, filter, open, openGroup) {
  const words = filter.trim().toLowerCase().replace(/^@/, "");
  const named = chats.map((chat) => ({ ...chat, bot: bots.find((bot) => bot.id === chat.bot_id) })).filter((chat) => chat.bot);
  const shown = named.filter(({ bot }) => !words || bot.username.toLowerCase().includes(words) || bot.name.toLowerCase().includes(words));
  const talking = shown.filter((chat) => chat.messages > 0), fresh = shown.filter((chat) => chat.messages === 0);
  const rows = talking.map((chat) => line(chat, current, open));
  if (fresh.length) rows.push(h("h2", {}, talking.length ? "More bots" : "Bots"), ...fresh.map((chat) => line(chat, current, open)));
  const joined = groups.filter((group) => group.members.includes(me.id) && (!words || group.title.toLowerCase().includes(words)));
  if (joined.length) rows.push(h("h2", {}, "Private groups"), ...joined.map((group) => groupLine(group, openGroup)));
  if (!rows.length) rows.push(h("p", { class: "nothing" }, words ? "No bot is called that." : "There is no bot yet. Make one with the plus above."));
  $("chats").replaceChildren(...rows);
}

function line(chat, current, open) {
  const { bot, last_message: last } = chat;
  const unread = last && last.from_bot && bot.username !== current && last.message_id > Number(localStorage.getItem(seenKey(bot.username)) || 0);
  const text = last ? (last.from_bot ? "" : "You: ") + (last.document ? `${last.document.file_name} ` : last.photo ? "Photo " : "") + last.text.replace(/\s+/g, " ") : bot.short_description || `@${bot.username}`;
  return entry(avatar(bot.name, bot.id), bot.name, last ? shortDay(last.date) : "", text, unread, bot.username === current, () => open(bot.username));
}

function entry(picture, name, when, text, unread, isCurrent, act) {
  return h("button", { class: "chat-row", type: "button", "aria-current": isCurrent ? "true" : null, onclick: act }, picture,
    h("span", { class: "lines" },
      h("span", { class: "line" }, h("span", { class: "name" }, name), h("span", { class: "when" }, when)),
      h("span", { class: "line" }, h("span", { class: "preview" }, text), unread ? h("span", { class: "dot", role: "img", "aria-label": "New message" }) : null)));
}

/** A private group that the person is in. */
function groupLine(group, open) {
  const picture = avatar(group.title, group.chat_id);
  picture.classList.add("square");
  const members = group.members.length === 1 ? "1 member" : `${group.members.length} members`;
  return entry(picture, group.title, "", `${members} · private group of @${group.bot_username}`, false, false, () => open(group));
}
