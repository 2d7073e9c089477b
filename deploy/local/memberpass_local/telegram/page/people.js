// Who you are: switch between people, make new ones, give them names.

import { api } from "./api.js";
import { $, avatar, dress, h, icon } from "./dom.js";
import { close, dialog, field } from "./dialogs.js";

const NAMES = ["Ada", "Bruno", "Clara", "Diego", "Elif", "Farah", "Goran", "Hana", "Ivan", "Joana", "Kofi", "Lena", "Mateo", "Nadia", "Omar", "Paula", "Quinn", "Rosa", "Sven", "Tara", "Umar", "Vera", "Wanda", "Ximena", "Yusuf", "Zoe"];

/** The name the sandbox gives to a person without one (people/names.py). */
const defaultName = (id) => NAMES[id % NAMES.length];
const fullName = (person) => [person.first_name, person.last_name].filter(Boolean).join(" ");

export const me = { id: 1001, first_name: defaultName(1001) };

/** Become a person. Told to `changed` too. */
export async function become(id) {
  const known = (await api.users()).find((person) => person.id === id);
  Object.assign(me, { last_name: null, username: null }, known || { id, first_name: defaultName(id) });
  localStorage.setItem("me", String(id));
  dress($("me-avatar"), fullName(me), me.id);
  $("me-name").textContent = fullName(me);
  $("me-id").textContent = `You · id ${me.id}`;
}

/** The dialog that switches people. */
export async function choose(switchTo) {
  const people = await api.users();
  if (!people.some((person) => person.id === me.id)) people.unshift({ ...me });
  people.sort((a, b) => a.id - b.id);
  const line = (person) => h("button", { class: "person", type: "button", "aria-current": person.id === me.id ? "true" : null, onclick: () => { close(); switchTo(person.id); } },
    avatar(fullName(person), person.id), h("span", {}, h("strong", {}, fullName(person)), h("small", {}, person.username ? `@${person.username} · id ${person.id}` : `id ${person.id}`)),
    person.id === me.id ? icon("check") : null);
  dialog("Who are you?", {},
    h("p", {}, "Everybody here is played by you. Each person has chats of their own."),
    h("div", { class: "people" }, people.map(line)),
    h("div", { class: "acts" },
      h("button", { class: "quiet", type: "button", onclick: () => edit(me, switchTo) }, "Edit my name"),
      h("button", { class: "primary", type: "button", onclick: () => edit(null, switchTo, people) }, "New person")));
}

function edit(person, switchTo, people = []) {
  const free = Math.max(1000, ...people.map((other) => other.id)) + 1;
  const id = field("Telegram id", { type: "number", min: 1, max: 4503599627370495, required: true, value: String(person?.id ?? free), disabled: Boolean(person) });
  const name = field("Name", { required: true, maxlength: 64, value: person ? fullName(person) : defaultName(free), autofocus: true });
  const username = field("Username (optional)", { pattern: "[A-Za-z][A-Za-z0-9_]{3,31}", placeholder: "ada_l", value: person?.username ?? "" });
  const problem = h("p", { class: "problem", role: "alert" });
  const save = async (event) => {
    event.preventDefault();
    const [first, ...rest] = name.input.value.trim().split(/\s+/);
    try {
      await api.saveUser(id.input.value, { first_name: first, last_name: rest.join(" ") || null, username: username.input.value || null, language_code: me.language_code || "en" });
      close();
      switchTo(Number(id.input.value));
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  dialog(person ? "Your name" : "New person", {},
    h("form", { onsubmit: save, style: "display:grid;gap:14px" }, h("div", { class: "input-pair" }, name.label, id.label), username.label, problem,
      h("div", { class: "acts" }, h("button", { class: "primary", type: "submit" }, person ? "Save" : "Become this person"))));
}
