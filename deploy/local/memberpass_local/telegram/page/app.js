// The page: which person, which chat, what comes in and what goes out.

import { api } from "./api.js";
import { about, newBot } from "./bots.js";
import { composer } from "./composer.js";
import { $, dress, h, toast } from "./dom.js";
import { alertBox, close, dialog } from "./dialogs.js";
import { payload, telegramLink } from "./links.js";
import { drawList, markSeen } from "./list.js";
import { clear, draw, hello, typing } from "./messages.js";
import { become, choose, me } from "./people.js";

const ANSWER_PATIENCE = 15000, TYPING_SECONDS = 5000;
const state = { bots: [], chats: [], groups: [], bot: null, messages: [], blocked: false, start: null, waiting: new Set(), typingUntil: 0 };
const current = () => state.bots.find((bot) => bot.username === state.bot);
const guard = (act) => async (...given) => { try { return await act(...given); } catch (error) { toast(error.message, true); } };

const acts = { open: openLink, say: guard(say), press: guard(press), botName: () => current()?.name ?? "", show };
const foot = composer({ say: acts.say, start: guard(begin), chat: () => state, bot: current });

// The list

async function refreshList() {
  [state.bots, state.chats, state.groups] = await Promise.all([api.bots(), api.chats(me.id), api.groups()]);
  redrawList();
  $("welcome-bot").hidden = state.bots.length > 0;
  $("welcome-title").textContent = state.bots.length ? "Pick a bot to begin" : "Make your first bot";
}

const redrawList = () => drawList(state, $("search-field").value, (bot) => go(bot), showGroup);

// The chat

const go = guard(async (username, start = null) => {
  if (!state.bots.some((bot) => bot.username.toLowerCase() === username.toLowerCase())) await refreshList();
  const bot = state.bots.find((known) => known.username.toLowerCase() === username.toLowerCase());
  if (!bot) { toast(`There is no bot @${username} here.`, true); return; }
  const changed = bot.username !== state.bot;
  Object.assign(state, { bot: bot.username, start, typingUntil: 0 });
  if (changed) { state.messages = []; state.waiting.clear(); clear($("messages")); }
  $("app").dataset.view = "chat";
  $("chat").hidden = false;
  address();
  head();
  await refreshChat(true);
  await refreshList();
  if (changed && matchMedia("(min-width: 761px)").matches) $("text").focus();
});

function head() {
  const bot = current();
  dress($("chat-avatar"), bot.name, bot.id);
  $("chat-name").textContent = bot.name;
  document.title = `${bot.name} · Sandbox Telegram`;
  const busy = Date.now() < state.typingUntil;
  $("chat-state").textContent = busy ? "typing …" : `@${bot.username}`;
  $("chat-state").classList.toggle("busy", busy);
}

async function refreshChat(jump = false) {
  const asked = `${state.bot}/${me.id}`;
  const { messages, blocked } = await api.read(state.bot, me.id);
  if (asked !== `${state.bot}/${me.id}`) return;
  const scroll = $("scroll"), near = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
  Object.assign(state, { messages, blocked });
  const box = $("messages");
  box.querySelectorAll(".hello, .typing").forEach((extra) => extra.remove());
  if (messages.length === 0) clear(box);
  draw(box, messages, acts, state.waiting);
  if (messages.length === 0) box.append(hello(current()));
  if (Date.now() < state.typingUntil) box.append(typing());
  if (jump || near) toEnd(jump);
  const last = messages.at(-1);
  if (last && document.visibilityState === "visible") markSeen(state.bot, last.message_id);
  foot.draw();
}

function toEnd(instantly) {
  $("scroll").scrollTo({ top: $("scroll").scrollHeight, behavior: instantly ? "instant" : "smooth" });
}

function show(messageId) {
  $("messages").querySelector(`[data-id="${messageId}"]`)?.scrollIntoView({ block: "center", behavior: "smooth" });
}

async function say(text, replyTo = null) {
  await api.say(state.bot, me.id, text, replyTo);
  await refreshChat(true);
}

async function begin() {
  const text = state.start ? `/start ${state.start}` : "/start";
  state.start = null;
  address();
  await say(text);
}

async function press(message, data) {
  const key = `${message.message_id}:${data}`;
  if (state.waiting.has(key)) return;
  state.waiting.add(key);
  setTimeout(() => { if (state.waiting.delete(key)) refreshChat().catch(() => {}); }, ANSWER_PATIENCE);
  try {
    await api.press(state.bot, me.id, message.message_id, data);
  } catch (error) {
    state.waiting.delete(key);
    throw error;
  } finally {
    await refreshChat();
  }
}

// Links

function openLink(url, event) {
  const link = telegramLink(url);
  if (!link) {
    // A link in a text is followed by the browser; a button's has to be opened.
    if (!event?.currentTarget?.href) window.open(url, "_blank", "noopener");
    return;
  }
  event?.preventDefault();
  if (link.invite) invite(link.invite);
  else go(link.bot, link.start);
}

function invite(link) {
  const join = guard(async () => {
    close();
    const group = await api.join(me.id, link);
    alertBox(group.title, `You are a member now. ${group.members.length === 1 ? "You are the first one here." : `${group.members.length} people are in.`}`);
  });
  dialog("Join a private group?", {}, h("p", {}, "You have been invited by a link that was made for you."),
    h("div", { class: "acts" }, h("button", { class: "quiet", type: "button", onclick: close }, "Not now"), h("button", { class: "primary", type: "button", onclick: join }, "Join the group")));
}

function showGroup(group) {
  const leave = guard(async () => { close(); await api.leave(group.chat_id, me.id); toast(`You have left ${group.title}.`); });
  dialog(group.title, {}, h("p", {}, `A private group that @${group.bot_username} looks after. Only people it has let in can see what is written there.`),
    h("dl", { class: "facts" },
      h("div", { class: "fact" }, h("dt", {}, "Members"), h("dd", {}, String(group.members.length))),
      h("div", { class: "fact" }, h("dt", {}, "Chat id"), h("dd", {}, String(group.chat_id)))),
    h("div", { class: "acts" }, h("button", { class: "quiet bad", type: "button", onclick: leave }, "Leave the group")));
}

// The address

function address() {
  const query = new URLSearchParams();
  if (state.bot) query.set("bot", state.bot);
  query.set("user", String(me.id));
  if (state.start !== null) query.set("start", state.start);
  history.replaceState(null, "", `/?${query}`);
}

const switchTo = guard(async (id) => {
  await become(id);
  state.waiting.clear();
  state.start = null;
  if (state.bot) { clear($("messages")); state.messages = []; await refreshChat(true); }
  address();
  await refreshList();
});

// What comes in

function listen() {
  const source = new EventSource("/sandbox/events");
  const live = (on) => { $("live").dataset.on = String(on); $("live-text").textContent = on ? "Live" : "Connecting"; };
  source.onopen = guard(async () => { live(true); await refreshList(); if (state.bot) await refreshChat(); });
  source.onerror = () => live(false);
  source.onmessage = guard((event) => heard(JSON.parse(event.data)));
}

async function heard(event) {
  const here = event.chat === me.id && event.bot === current()?.id;
  switch (event.type) {
    case "chat":
      if (here) { state.typingUntil = 0; head(); await refreshChat(); }
      if (event.chat === me.id) await refreshList();
      break;
    case "answered":
      if (here) await answered(event);
      break;
    case "action":
      if (here) await busy();
      break;
    case "bots":
      await refreshList();
      if (state.bot) { head(); foot.draw(); if (!state.messages.length) await refreshChat(); }
      break;
    case "groups":
      await refreshList();
      break;
    case "users":
      await become(me.id);
      break;
  }
}

async function answered(event) {
  for (const key of state.waiting) if (key.startsWith(`${event.message}:`)) state.waiting.delete(key);
  if (event.text && event.show_alert) alertBox(current().name, event.text);
  else if (event.text) toast(event.text);
  await refreshChat();
  if (event.url) openLink(event.url);
}

async function busy() {
  state.typingUntil = Date.now() + TYPING_SECONDS;
  head();
  await refreshChat();
  setTimeout(() => { if (state.typingUntil && Date.now() >= state.typingUntil) { head(); refreshChat().catch(() => {}); } }, TYPING_SECONDS + 50);
}

// Buttons of the frame

$("me").onclick = guard(() => choose(switchTo));
$("new-bot").onclick = $("welcome-bot").onclick = () => newBot(go);
$("theme").onclick = () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
};
$("back").onclick = () => { $("app").dataset.view = "list"; };
const profile = guard(() => about(state.bot, state, guard(async (blocked) => { await api.block(state.bot, me.id, blocked); await refreshChat(); })));
$("chat-info").onclick = $("chat-menu").onclick = profile;
$("search-field").oninput = redrawList;
$("search").onsubmit = (event) => {
  event.preventDefault();
  const typed = $("search-field").value.trim(), link = telegramLink(typed);
  const found = $("chats").querySelector(".chat-row");
  if (link) { $("search-field").value = ""; openLink(typed); refreshList(); } else found?.click();
};
$("scroll").onscroll = () => { const box = $("scroll"); $("jump").hidden = box.scrollHeight - box.scrollTop - box.clientHeight < 300; };
$("jump").onclick = () => toEnd(false);
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && state.bot) refreshChat().then(refreshList).catch(() => {}); });

// Begin

const begun = guard(async () => {
  const here = new URL(location.href);
  await become(Number(here.searchParams.get("user")) || Number(localStorage.getItem("me")) || 1001);
  await refreshList();
  const bot = here.searchParams.get("bot");
  if (bot) await go(bot, payload(here));
  listen();
});
begun();
