// The pupils of a class: who they are, who of them is there, and what their teacher may do.

import { ask } from "./ask.js";
import { at, make } from "./dom.js";
import { PagedList } from "./paged_list.js";
import { oneLink } from "./one_link.js";
import { doing, row } from "./rows.js";
import { day } from "./times.js";
import { act, marked } from "./trouble.js";
import { SCHOOL } from "./school_words.js";

export class ClassMembers {
  #service;
  #list;
  #class = null;
  #here = null; // by user id; null while it is not known
  #counted = 0;
  #links = new Map(); // that were made, by user id: each is shown once, whatever is read anew meanwhile

  constructor(service) {
    this.#service = service;
    this.#list = new PagedList("members", service, (member) => this.#row(member), SCHOOL.noPupils);
    at("new-member").addEventListener("submit", (event) => act(event, at("new-member"), () => this.#add()));
    at("names-shown").addEventListener("change", (event) => act(null, at("names-shown"), () => this.#names(event)));
  }

  /** Show the pupils of a class. */
  async open(classroom) {
    this.#class = classroom;
    at("names-shown").checked = classroom.names_shown;
    await this.again();
  }

  /** Read them anew. */
  async again() {
    if (await this.#list.open(`${this.#path}?limit=100`)) this.#counted = at("members-list").childElementCount;
    this.#mark();
  }

  /** The same for a line that has to know whether it went well. */
  async caughtUp() {
    await this.again();
    if (this.#list.fault !== null) throw this.#list.fault;
  }

  /** Who is there: a Map by user id, or null while it is not known. Somebody who has just joined is read. */
  here(found) {
    this.#here = found;
    const known = new Set([...at("members-list").children].map(({ dataset }) => dataset.user));
    if (this.#pupilsHere().some((id) => !known.has(id))) this.again();
    else this.#mark();
  }

  /** For another class, or somebody else. */
  clear() {
    this.#list.clear();
    this.#links.clear();
    this.#here = null;
    at("members-here").textContent = "";
    at("new-member").reset();
    marked(at("new-member"), {});
  }

  get #path() {
    return `/api/v1/classes/${this.#class.class_id}/members`;
  }

  #pupilsHere() {
    return [...(this.#here?.keys() ?? [])].filter((id) => id !== this.#class.owner_id);
  }

  #mark() {
    let here = 0; // who is taken out may have the page open still
    for (const item of at("members-list").children) {
      const is = this.#here?.has(item.dataset.user) ?? false;
      here += Number(is);
      item.dataset.here = String(is);
      item.querySelector(".here").textContent = is ? SCHOOL.hereNow : "";
    }
    at("members-here").textContent =
      this.#here === null ? SCHOOL.hereUnknown : SCHOOL.here(here, this.#counted);
  }

  #row(member) {
    const { user_id, pseudonym, display_name } = member;
    const named = this.#class.names_shown && display_name !== null && display_name !== pseudonym;
    const head = make("strong", pseudonym);
    head.append(make("span", "", { class: "here" }));
    const item = row(
      head,
      [named ? display_name : ""],
      [
        doing(SCHOOL.rename, pseudonym, () => this.#rename(member)),
        doing(SCHOOL.linkBack, pseudonym, () => this.#link(member)),
        doing(SCHOOL.takeOut, pseudonym, () => this.#takeOut(member)),
      ],
      { "data-user": user_id },
    );
    if (this.#links.has(user_id)) item.append(this.#links.get(user_id));
    return item;
  }

  #rename({ user_id, pseudonym }) {
    const question = { ...SCHOOL.askPseudonym(pseudonym), value: pseudonym, name: "pseudonym", most: 40 };
    ask(question, async ({ value }) => {
      await this.#service.call("PATCH", `${this.#path}/${user_id}`, { pseudonym: value });
      await this.again();
      return at("members-list").querySelector(`[data-user="${user_id}"] button`);
    });
  }

  async #link({ user_id, pseudonym }) {
    const { link, expires_at } = await this.#service.call("POST", `${this.#path}/${user_id}/link`);
    this.#links.get(user_id)?.remove();
    const shown = make("div", undefined, { class: "once" });
    shown.append(oneLink(SCHOOL.linkBackLabel(pseudonym), link), make("p", SCHOOL.linkBackNote(day(expires_at)), { class: "hint" }));
    this.#links.set(user_id, shown);
    at("members-list").querySelector(`[data-user="${user_id}"]`)?.append(shown);
    shown.querySelector("input").focus();
  }

  #takeOut({ user_id, pseudonym }) {
    ask(SCHOOL.askTakeOut(pseudonym), async () => {
      await this.#service.call("DELETE", `${this.#path}/${user_id}`);
      await this.again();
      return at("members-title");
    });
  }

  async #add() {
    marked(at("new-member"), {});
    const body = { username: at("member-username").value.trim() };
    const pseudonym = at("member-pseudonym").value.trim();
    if (pseudonym !== "") body.pseudonym = pseudonym;
    const { user_id } = await this.#service.call("POST", this.#path, body);
    at("new-member").reset();
    await this.again();
    at("members-list").querySelector(`[data-user="${user_id}"] button`)?.focus();
  }

  async #names({ target }) {
    const wanted = target.checked;
    try {
      this.#class = await this.#service.call("PATCH", `/api/v1/classes/${this.#class.class_id}`, { names_shown: wanted });
      await this.again();
    } finally {
      target.checked = this.#class.names_shown;
    }
  }
}
