// The foot of a chat: the text field, the commands, the bot's own keyboard, the Start button.

import { $, h } from "./dom.js";

/** @param {{say: Function, start: Function, chat: () => object, bot: () => object}} chat */
export function composer({ say, start, chat, bot }) {
  const text = $("text");
  let picked = 0;

  const commands = () => {
    const typed = text.value;
    if (!/^\/\w*$/.test(typed)) return [];
    return (bot()?.commands ?? []).filter(({ command }) => command.startsWith(typed.slice(1).toLowerCase()));
  };

  /** The newest message that changes the keyboard decides what is shown, and only until the person answered it. */
  const keyboard = () => {
    const { messages } = chat();
    const last = messages.findLast((message) => message.keyboard);
    if (!last || last.keyboard.kind === "remove") return null;
    const answered = messages.some((message) => !message.from_bot && message.message_id > last.message_id);
    const once = last.keyboard.one_time || last.keyboard.kind === "force_reply";
    return once && answered ? null : { ...last.keyboard, message_id: last.message_id };
  };

  const replyTo = () => { const shown = keyboard(); return shown?.kind === "force_reply" ? shown.message_id : null; };

  function drawCommands() {
    const found = commands();
    picked = Math.min(picked, Math.max(found.length - 1, 0));
    $("commands").hidden = found.length === 0;
    $("commands").replaceChildren(...found.map(({ command, description }, index) =>
      h("button", { class: "command", type: "button", role: "option", "aria-selected": String(index === picked), onclick: () => send(`/${command}`) }, h("b", {}, `/${command}`), h("span", {}, description))));
  }

  function grow() {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
    $("send").disabled = !text.value.trim();
    drawCommands();
  }

  function send(value) {
    const said = value.trim();
    if (!said) return;
    const answers = replyTo();
    text.value = "";
    grow();
    say(said, answers);
  }

  function draw() {
    const { messages, blocked, start: linked } = chat();
    const beginning = messages.length === 0 || blocked || linked !== null;
    $("start").hidden = !beginning;
    $("start").firstElementChild.textContent = blocked ? "Unblock and start" : "Start";
    $("start-payload").textContent = linked ?? "";
    $("composer").hidden = beginning;
    $("slash").hidden = !(bot()?.commands ?? []).length;
    const shown = beginning ? null : keyboard();
    text.placeholder = shown?.placeholder || "Message";
    $("keyboard").hidden = !shown?.rows.length;
    $("keyboard").replaceChildren(...(shown?.rows ?? []).map((row) =>
      h("div", { class: "keyboard-row" }, row.map((label) => h("button", { type: "button", onclick: () => send(label) }, label)))));
    grow();
  }

  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    const found = commands();
    if (found.length && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      picked = (picked + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      drawCommands();
    } else if (event.key === "Escape") {
      $("commands").hidden = true;
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send(found.length && !found.some(({ command }) => `/${command}` === text.value) ? `/${found[picked].command}` : text.value);
    }
  });
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); send(text.value); });
  $("slash").addEventListener("click", () => { text.value = text.value === "/" ? "" : "/"; grow(); text.focus(); });
  $("start").addEventListener("click", () => start());
  return { draw };
}
