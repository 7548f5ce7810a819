// The classes that a teacher has.

import { at, make } from "./dom.js";
import { PagedList } from "./paged_list.js";
import { row } from "./rows.js";
import { act, marked } from "./trouble.js";
import { SCHOOL } from "./school_words.js";

export class ClassesView {
  #door;
  #list;

  constructor(door) {
    this.#door = door;
    this.#list = new PagedList("classes", door.service, classRow, SCHOOL.noClasses);
    at("new-class").addEventListener("submit", (event) => act(event, at("new-class"), () => this.#make()));
  }

  async open() {
    this.#door.show("classes");
    await this.#list.open("/api/v1/classes?limit=50");
  }

  close() {}

  /** For somebody else. */
  clear() {
    this.#list.clear();
    at("new-class").reset();
    marked(at("new-class"), {});
  }

  async #make() {
    marked(at("new-class"), {});
    const made = await this.#door.service.call("POST", "/api/v1/classes", { name: at("class-name").value });
    at("new-class").reset();
    location.hash = `class=${made.class_id}`;
  }
}

function classRow({ class_id, name, members, join }) {
  const facts = [SCHOOL.pupils(members), join === null ? SCHOOL.closed : SCHOOL.open(join.code)];
  return row(make("a", name, { href: `#class=${class_id}` }), facts);
}
