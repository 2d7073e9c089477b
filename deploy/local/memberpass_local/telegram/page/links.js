// Links of Telegram, which open inside the page.

/** What a t.me or tg:// address means, or null: {bot, start} or {invite}. */
export function telegramLink(address) {
  let url;
  try {
    url = new URL(/^[a-z]+:/i.test(address) ? address : `https://${address}`);
  } catch {
    return null;
  }
  if (url.protocol === "tg:" && (url.hostname === "resolve" || url.pathname.includes("resolve"))) {
    const bot = url.searchParams.get("domain");
    return bot ? { bot, start: payload(url) } : null;
  }
  if (!["t.me", "telegram.me", "telegram.dog"].includes(url.hostname.replace(/^www\./, ""))) return null;
  const path = decodeURIComponent(url.pathname).slice(1);
  if (path.startsWith("+")) return { invite: `https://t.me/${path}` };
  return /^[A-Za-z]\w{3,31}$/.test(path) ? { bot: path, start: payload(url) } : null;
}

/** The start payload; apps drop one with other characters than these (rules.md C11). */
export function payload(url) {
  const start = url.searchParams.get("start");
  if (start === null) return null;
  return /^[A-Za-z0-9_-]{1,64}$/.test(start) ? start : "";
}
