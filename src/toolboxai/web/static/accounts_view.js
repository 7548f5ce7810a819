// The accounts of a school: found, invited, changed. A link is shown once, to whoever asked for it.

import { ask } from "./ask.js";
import { at, make } from "./dom.js";
import { PagedList } from "./paged_list.js";
import { oneLink } from "./one_link.js";
import { doing, row } from "./rows.js";
import { day } from "./times.js";
import { act, marked } from "./trouble.js";
import { SCHOOL } from "./school_words.js";

const USERS = "/api/v1/admin/users";

export class AccountsView {
  #door;
  #list;

  constructor(door) {
    this.#door = door;
    this.#list = new PagedList("accounts", door.service, (user) => this.#row(user), SCHOOL.nobodyFound);
    at("find").addEventListener("submit", (event) => act(event, at("find"), () => this.#find()));
    at("invite").addEventListener("submit", (event) => act(event, at("invite"), () => this.#invite()));
  }

  async open() {
    this.#door.show("accounts");
    await this.#find();
  }

  close() {
    at("account-link").hidden = true;
    at("account-link").replaceChildren();
  }

  clear() {
    this.#list.clear();
    for (const form of ["find", "invite"]) {
      at(form).reset();
      marked(at(form), {});
    }
  }

  async #find() {
    const asked = new URLSearchParams({ limit: 50 });
    const text = at("find-q").value.trim();
    if (text !== "") asked.set("q", text);
    if (at("find-role").value !== "") asked.set("role", at("find-role").value);
    await this.#list.open(`${USERS}?${asked}`);
  }

  async #invite() {
    marked(at("invite"), {});
    const body = { role: at("invite-role").value };
    for (const name of ["username", "display_name", "email"]) {
      const value = at(`invite-${name}`).value.trim();
      if (value !== "") body[name] = value;
    }
    const made = await this.#door.service.call("POST", USERS, body);
    at("invite").reset();
    this.#handOut(made, SCHOOL.invited(made.display_name));
    await this.#list.open();
  }

  /** Once: whoever reloads the page makes another link. */
  #handOut({ username, link, link_expires_at }, said) {
    const panel = at("account-link");
    panel.replaceChildren(
      make("p", said),
      oneLink(SCHOOL.welcomeLink(username), link),
      make("p", SCHOOL.welcomeNote(day(link_expires_at)), { class: "hint" }),
    );
    panel.hidden = false;
    panel.focus();
  }

  #row(user) {
    const { id, username, display_name, email, role, disabled, guest } = user;
    const name = display_name || username;
    const facts = [guest ? SCHOOL.guest : username, email, SCHOOL.roles[role], disabled ? SCHOOL.disabled : ""];
    const did = make("a", SCHOOL.whatDone, { href: `#audit&user=${encodeURIComponent(username)}`, class: "button" });
    did.append(make("span", ` ${name}`, { class: "unseen" }));
    const actions = [
      guest ? null : doing(SCHOOL.changeRole, name, () => this.#changeRole(user, name)),
      disabled
        ? doing(SCHOOL.enable, name, () => this.#change(id, { disabled: false }))
        : doing(SCHOOL.disable, name, () => this.#disable(id, name)),
      disabled || guest ? null : doing(SCHOOL.reset, name, () => this.#reset(id, name)),
      // One's own is deleted in the header, with the password.
      id === this.#door.user.id ? null : doing(SCHOOL.remove, name, () => this.#delete(id, name)),
      did,
    ];
    return row(name, facts, actions.filter(Boolean), { "data-user": id });
  }

  async #change(id, body) {
    await this.#door.service.call("PATCH", `${USERS}/${id}`, body);
    await this.#list.open();
    const changed = at("accounts-list").querySelector(`[data-user="${id}"] button`);
    changed?.focus();
    return changed ?? at("accounts-title");
  }

  #changeRole({ id, role }, name) {
    const options = Object.entries(SCHOOL.roles);
    const choice = { label: SCHOOL.role, options, value: role, name: "role" };
    ask({ ...SCHOOL.askRole(name), choice }, (given) => this.#change(id, { role: given.choice }));
  }

  #disable(id, name) {
    ask(SCHOOL.askDisable(name), () => this.#change(id, { disabled: true }));
  }

  #delete(id, name) {
    ask(SCHOOL.askRemove(name), async () => {
      await this.#door.service.call("DELETE", `${USERS}/${id}`);
      this.close(); // a link that is shown may be this account's
      await this.#list.open();
      return at("accounts-title");
    });
  }

  #reset(id, name) {
    ask(SCHOOL.askReset(name), async () => {
      const made = await this.#door.service.call("POST", `${USERS}/${id}/link`);
      this.#handOut(made, SCHOOL.wasReset(name));
      return at("account-link");
    });
  }
}
