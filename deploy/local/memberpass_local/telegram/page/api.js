// The people's side of the sandbox Telegram, as the page uses it.

export class Refused extends Error {}

async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(`/sandbox/${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused("The sandbox Telegram does not answer.");
  }
  if (answer.status === 204) return null;
  const document = await answer.json();
  if (!answer.ok) throw new Refused(document.detail || document.title || "That did not work.");
  return document;
}

const chat = (bot, user) => `chats/${encodeURIComponent(bot)}/${user}`;

export const api = {
  bots: async () => (await call("GET", "bots")).bots,
  bot: (bot) => call("GET", `bots/${encodeURIComponent(bot)}`),
  makeBot: (username, name) => call("POST", "bots", name ? { username, name } : { username }),
  users: async () => (await call("GET", "users")).users,
  saveUser: (id, profile) => call("PUT", `users/${id}`, profile),
  chats: async (user) => (await call("GET", `users/${user}/chats`)).chats,
  read: (bot, user) => call("GET", `${chat(bot, user)}/messages`),
  say: (bot, user, text, replyTo) =>
    call("POST", `${chat(bot, user)}/messages`, replyTo ? { text, reply_to_message_id: replyTo } : { text }),
  press: (bot, user, message_id, callback_data) => call("POST", `${chat(bot, user)}/presses`, { message_id, callback_data }),
  block: (bot, user, blocked) => call("PUT", `${chat(bot, user)}/block`, { blocked }),
  groups: async () => (await call("GET", "groups")).groups,
  leave: (group, user) => call("DELETE", `groups/${group}/members/${user}`),
  join: (user_id, invite_link) => call("POST", "groups/joins", { user_id, invite_link }),
};
