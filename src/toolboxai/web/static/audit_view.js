// What was done in a school, by whom and when; and for how long things are kept.

import { at, make } from "./dom.js";
import { PagedList } from "./paged_list.js";
import { row } from "./rows.js";
import { Refusal } from "./service.js";
import { short } from "./times.js";
import { act, marked } from "./trouble.js";
import { AUDIT, SCHOOL } from "./school_words.js";

const USERS = "/api/v1/admin/users";

export class AuditView {
  #door;
  #list;
  #names = new Map(); // of accounts by id, as far as they were asked for

  constructor(door) {
    this.#door = door;
    this.#list = new PagedList("audit", door.service, (entry) => this.#row(entry), SCHOOL.nothingDone);
    at("audit-action").append(...Object.entries(AUDIT).map(([kept, shown]) => make("option", shown, { value: kept })));
    at("audit-find").addEventListener("submit", (event) => act(event, at("audit-find"), () => this.#find()));
  }

  /** @param asked {user?} a user name */
  async open(asked) {
    at("audit-user").value = asked.user ?? "";
    this.#door.show("audit");
    await Promise.all([this.#find(), this.#kept()]);
  }

  close() {}

  clear() {
    this.#list.clear();
    this.#names.clear();
    at("audit-find").reset();
    marked(at("audit-find"), {});
    at("retention").textContent = "";
  }

  async #kept() {
    at("retention").textContent = SCHOOL.retention(await this.#door.service.call("GET", "/api/v1/admin/retention"));
  }

  async #find() {
    marked(at("audit-find"), {});
    const asked = new URLSearchParams({ limit: 50 });
    for (const name of ["action", "since"]) if (at(`audit-${name}`).value !== "") asked.set(name, at(`audit-${name}`).value);
    const username = at("audit-user").value.trim();
    if (username !== "") {
      const id = await this.#idOf(username);
      if (id === null) {
        this.#list.clear();
        marked(at("audit-find"), { user: SCHOOL.noSuchUser });
        return;
      }
      asked.set("user_id", id);
    }
    await this.#list.open(`/api/v1/audit?${asked}`);
  }

  async #idOf(username) {
    const asked = new URLSearchParams({ q: username, limit: 100 });
    const { items } = await this.#door.service.call("GET", `${USERS}?${asked}`);
    const same = username.toLowerCase();
    const found = items.find((user) => [user.username, user.email].some((name) => name?.toLowerCase() === same));
    if (found !== undefined) this.#names.set(found.id, found.display_name || found.username);
    return found?.id ?? null;
  }

  async #row({ at: when, action, user_id, kind, id, details, entry_id }) {
    const facts = Object.entries(details).map(([name, value]) => `${name}: ${[value].flat().join(", ")}`);
    const who = user_id === null ? SCHOOL.theOperator : await this.#named(user_id);
    const what = id === null ? kind : `${kind} ${kind === "user" ? await this.#named(id) : id}`;
    return row(AUDIT[action] ?? action, [short(when), who, what, ...facts], [], { "data-entry": entry_id });
  }

  /** What an account is called; each is asked for once. */
  #named(id) {
    if (!this.#names.has(id)) this.#names.set(id, this.#name(id));
    return this.#names.get(id);
  }

  async #name(id) {
    try {
      const { display_name, username } = await this.#door.service.call("GET", `${USERS}/${id}`);
      return display_name || username;
    } catch (fault) {
      if (fault instanceof Refusal && fault.status === 404) return SCHOOL.deletedAccount;
      this.#names.delete(id);
      throw fault;
    }
  }
}
