// Making bots and looking at them: what BotFather and a bot's profile are in the real Telegram.

import { api } from "./api.js";
import { avatar, copy, h, toast } from "./dom.js";
import { close, dialog, field } from "./dialogs.js";

export function newBot(open) {
  const name = field("Name", { required: true, maxlength: 64, placeholder: "Northwind Club", autofocus: true });
  const username = field("Username, ends in “bot”", { required: true, pattern: "[A-Za-z][A-Za-z0-9_]{1,28}[Bb][Oo][Tt]", placeholder: "northwind_bot" });
  const problem = h("p", { class: "problem", role: "alert" });
  const make = async (event) => {
    event.preventDefault();
    try {
      const bot = await api.makeBot(username.input.value, name.input.value);
      await open(bot.username);
      made(bot);
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  dialog("New bot", {}, h("form", { onsubmit: make, style: "display:grid;gap:14px" },
    h("p", {}, "As with BotFather: you get a token to connect the bot to a project."), name.label, username.label, problem,
    h("div", { class: "acts" }, h("button", { class: "primary", type: "submit" }, "Make the bot"))));
}

function made(bot) {
  dialog("The bot is ready", {},
    h("div", { class: "card-head" }, avatar(bot.name, bot.id), h("strong", {}, bot.name), h("small", {}, `@${bot.username}`)),
    h("p", {}, "Connect it to a project with this token:"), token(bot),
    h("div", { class: "acts" }, h("button", { class: "primary", type: "button", onclick: close }, "Done")));
}

const token = (bot) => h("button", { class: "pre", type: "button", title: "Copy the token", onclick: (event) => copy(bot.token, event.currentTarget) }, bot.token);
const fact = (name, ...value) => h("div", { class: "fact" }, h("dt", {}, name), h("dd", {}, ...value));

/** A bot's profile, with what its owner knows. */
export async function about(username, chat, block) {
  const bot = await api.bot(username).catch((error) => toast(error.message, true));
  if (!bot) return;
  const link = `https://t.me/${bot.username}`;
  const updates = bot.webhook_url ? `Webhook ${bot.webhook_url}` : "getUpdates";
  dialog("About this bot", {},
    h("div", { class: "card-head" }, avatar(bot.name, bot.id), h("strong", {}, bot.name), h("small", {}, bot.short_description || "bot")),
    h("dl", { class: "facts" },
      fact("Link", h("button", { class: "code", type: "button", onclick: (event) => copy(link, event.currentTarget) }, link)),
      bot.description ? fact("What it does", bot.description) : null,
      fact("Id", String(bot.id)),
      fact("Gets its updates by", updates, bot.pending_updates ? ` (${bot.pending_updates} waiting)` : ""),
      bot.last_error ? fact("Last delivery failed", bot.last_error) : null,
      fact("Token", h("button", { class: "code", type: "button", onclick: (event) => copy(bot.token, event.currentTarget) }, `${bot.token.slice(0, 18)}…  copy`))),
    h("div", { class: "acts" }, h("button", { class: chat.blocked ? "quiet" : "quiet bad", type: "button", onclick: () => { close(); block(!chat.blocked); } }, chat.blocked ? "Unblock this bot" : "Stop and block this bot")));
}
