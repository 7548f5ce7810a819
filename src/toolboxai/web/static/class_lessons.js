// The lessons that are shared with a class, and sharing another one.

import { ask } from "./ask.js";
import { at, make } from "./dom.js";
import { PagedList } from "./paged_list.js";
import { doing, row } from "./rows.js";
import { act, marked } from "./trouble.js";
import { SCHOOL } from "./school_words.js";

const KIND = "content_session";

export class ClassLessons {
  #service;
  #list;
  #class = null;
  #own = new Map(); // the teacher's newest finished lessons, by session

  constructor(service) {
    this.#service = service;
    this.#list = new PagedList("lessons", service, (share) => this.#row(share), SCHOOL.noLessons);
    at("share-lesson").addEventListener("submit", (event) => act(event, at("share-lesson"), () => this.#share()));
  }

  /** Show the lessons of a class. */
  async open(classroom) {
    this.#class = classroom;
    const { items } = await this.#service.call("GET", "/api/v1/content?limit=100");
    this.#own = new Map(items.map((item) => [item.session_id, item.title ?? item.subject]));
    await this.#again();
  }

  /** For another class, or somebody else. */
  clear() {
    this.#list.clear();
    at("share-lesson").hidden = true;
  }

  async #again() {
    await this.#list.open(`/api/v1/shares?class_id=${this.#class.class_id}&limit=100`);
    const shared = new Set([...at("lessons-list").children].map(({ dataset }) => dataset.session));
    const left = [...this.#own].filter(([id]) => !shared.has(id));
    at("share-what").replaceChildren(...left.map(([id, title]) => make("option", title, { value: id })));
    at("share-lesson").hidden = left.length === 0;
  }

  async #row({ share_id, id }) {
    const title = this.#own.get(id) ?? (await this.#titled(id));
    const answers = make("a", SCHOOL.answers, { href: `#class=${this.#class.class_id}&lesson=${id}`, class: "button" });
    answers.append(make("span", ` ${title}`, { class: "unseen" }));
    return row(title, [], [answers, doing(SCHOOL.unshare, title, () => this.#unshare(share_id, title))], { "data-session": id });
  }

  async #titled(id) {
    const { title, subject } = await this.#service.call("GET", `/api/v1/content/sessions/${id}`);
    return title ?? subject;
  }

  async #share() {
    marked(at("share-lesson"), {});
    const id = at("share-what").value;
    await this.#service.call("POST", "/api/v1/shares", { kind: KIND, id, class_id: this.#class.class_id });
    await this.#again();
    at("lessons-list").querySelector(`[data-session="${id}"] a`)?.focus();
  }

  #unshare(share_id, title) {
    ask(SCHOOL.askUnshare(title), async () => {
      await this.#service.call("DELETE", `/api/v1/shares/${share_id}`);
      await this.#again();
      return at("lessons-title");
    });
  }
}
