// One class: its name, the way in, its lessons and its pupils.

import { ask } from "./ask.js";
import { ClassCode } from "./class_code.js";
import { ClassLessons } from "./class_lessons.js";
import { ClassLine } from "./class_line.js";
import { ClassMembers } from "./class_members.js";
import { at } from "./dom.js";
import { showLink } from "./line_view.js";
import { trouble } from "./trouble.js";
import { SCHOOL } from "./school_words.js";

export class ClassView {
  #door;
  #code;
  #lessons;
  #members;
  #class = null;
  #line = null;

  constructor(door) {
    this.#door = door;
    this.#code = new ClassCode(door.service);
    this.#lessons = new ClassLessons(door.service);
    this.#members = new ClassMembers(door.service);
    at("rename-class").addEventListener("click", () => this.#rename());
    at("delete-class").addEventListener("click", () => this.#delete());
  }

  /** @param asked {class} its id; @param current whether this is still what is wanted */
  async open(asked, current) {
    at("classroom-title").textContent = SCHOOL.reading;
    at("classroom-body").hidden = true;
    this.#door.show("classroom");
    const found = await this.#door.service.call("GET", `/api/v1/classes/${encodeURIComponent(asked.class)}`).catch((fault) => {
      if (current()) at("classroom-title").textContent = SCHOOL.notShown;
      throw fault;
    });
    if (!current()) return;
    this.#class = found;
    at("classroom-title").textContent = found.name;
    at("classroom-body").hidden = false;
    this.#code.show(found);
    await Promise.all([this.#lessons.open(found), this.#members.open(found)]);
    if (current()) this.#watch();
  }

  close() {
    this.#line?.stop();
    this.#line = null;
    this.#code.clear();
    this.#lessons.clear();
    this.#members.clear();
    showLink("");
  }

  clear() {
    this.#class = null;
    at("classroom-title").textContent = "";
  }

  #watch() {
    this.#line = new ClassLine(this.#door.service, { room: this.#class.presence_channel }, {
      link: showLink,
      here: (found) => this.#members.here(found),
      again: () => this.#members.caughtUp(),
      trouble,
    });
    this.#line.start();
  }

  #rename() {
    const { class_id, name } = this.#class;
    ask({ ...SCHOOL.askClassName, value: name, name: "name", most: 100 }, async ({ value }) => {
      this.#class = await this.#door.service.call("PATCH", `/api/v1/classes/${class_id}`, { name: value });
      at("classroom-title").textContent = this.#class.name;
      this.#code.show(this.#class);
    });
  }

  #delete() {
    const { class_id, name } = this.#class;
    ask(SCHOOL.askDelete(name), async () => {
      await this.#door.service.call("DELETE", `/api/v1/classes/${class_id}`);
      location.hash = "classes";
    });
  }
}
