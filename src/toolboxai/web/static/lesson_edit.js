// Changing a lesson in place. Each change names the revision that it was made at; somebody else's is never written over
// without being seen, and what was typed stays until it is saved or left.

import { make, quiet } from "./dom.js";
import { randomKey } from "./keys.js";
import { sectionForm, titleForm, wordForm } from "./lesson_forms.js";
import { questionForm } from "./question_form.js";
import { Refusal, SignedOut, refused } from "./service.js";
import { marked, plain, trouble } from "./trouble.js";
import { way } from "./versions.js";
import { EDIT } from "./lesson_words.js";

const SIDES = { sections: "lesson", vocabulary: "lesson", questions: "quiz" };
const MOVES = { up: -1, down: 1 };
const FORMS = { title: titleForm, sections: sectionForm, vocabulary: wordForm, questions: questionForm };

export class LessonEdit {
  #service;
  #lesson;
  #open = new Map(); // id of a part, or "new-" and its list -> what is being edited: {element, list, id, fields, read, was, …}
  #line = Promise.resolve(); // one change after the other: each names the revision that the one before has made
  #sent = null; // {text, key}: the same change sent again is made once

  /** @param lesson the LessonView, which knows the newest revision */
  constructor(service, lesson) {
    this.#service = service;
    this.#lesson = lesson;
  }

  /** Whether something is typed that is not saved. */
  get unsaved() {
    return [...this.#open.values()].some((editing) => differing(editing) !== null);
  }

  /** Forget what is open. */
  clear() {
    this.#open.clear();
    this.#sent = null;
  }

  /** The forms that are open in a list, by the id of their part; also of one that is new or gone. */
  forms(list) {
    const own = [...this.#open.values()].filter((editing) => editing.list === list);
    return new Map(own.map(({ id, element }) => [id, element]));
  }

  /** The buttons of a part; `name` is what it is called. */
  ways(list, part, name) {
    const made = make("div", "", { class: "ways" });
    const add = (does, work) => {
      const label = `${EDIT[does]}: ${name}`;
      made.append(way(does, EDIT[does], label, () => work(made.closest(".part"), label)));
    };
    add("edit", (_, label) => this.edit(list, part, label));
    for (const does of Object.keys(MOVES)) {
      if (this.#moved(list, part.id, does)) add(does, (place) => this.#move(list, part.id, does, place));
    }
    if (list === "questions" || part.statements?.some(({ sentence }) => sentence !== null)) {
      add("another", (place) => this.#another(list, part.id, place));
    }
    add("remove", (place) => this.#remove(list, part.id, place));
    return made;
  }

  /** Open the form of a part, null for a new one or for the title; `name` is the form's. */
  edit(list, part, name) {
    const id = part?.id ?? (list === "title" ? list : `new-${list}`);
    if (!this.#open.has(id)) {
      const editing = this.#built(list, id);
      editing.revision = this.#lesson.content().revision;
      editing.seen = JSON.stringify(editing.was);
      editing.element = this.#form(editing, name);
      this.#open.set(id, editing);
      this.#lesson.draw();
    }
    this.#open.get(id).element.querySelector("input, textarea, select").focus();
  }

  /** The form of a part as it is in the newest revision, with what it holds then as `was`. */
  #built(list, id) {
    const form = FORMS[list](this.#part(list, id) ?? null, `edit-${id}`, this.#lesson.content());
    return { names: (name) => name, ...form, list, id, was: form.read() };
  }

  /** Take up an earlier revision; `told` makes words of the number of the new one; the focus goes to the button of this id. */
  restore(number, told, place, button) {
    return this.#alone(place, ["POST", `/revisions/${number}/restore`, undefined], told, () => [null, button]);
  }

  // ---- a form ----

  #form(editing, name) {
    const about = { class: "part editing", "data-part": editing.id, "aria-label": name };
    const parts = [
      make("div", "", { class: "conflict", role: "status" }),
      ...editing.fields,
      make("p", "", { class: "fault", role: "alert" }),
      this.#choice(EDIT.save, EDIT.leave, editing),
    ];
    const form = make("form", parts, { ...about, method: "post", autocomplete: "off" });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#act(form, () => this.#save(editing, form));
    });
    return form;
  }

  #choice(save, leave, editing) {
    const ways = [make("button", save, { type: "submit" }), quiet(leave, () => this.#close(editing))];
    return make("div", ways, { class: "ways" });
  }

  #close(editing) {
    this.#open.delete(editing.id);
    this.#lesson.draw();
    this.#lesson.focus(editing.id, "edit");
  }

  /** Whether there is what a form changes; else it makes a new part. */
  #there({ list, id }) {
    return list === "title" || this.#part(list, id) !== undefined;
  }

  async #save(editing, form) {
    const { list, id } = editing;
    const there = this.#there(editing);
    const changed = there ? differing(editing) : editing.read();
    if (changed === null) {
      this.#lesson.said(EDIT.same);
      this.#close(editing);
      return;
    }
    const before = this.#lesson.content();
    marked(form, {});
    // What is known by now is other than what the form was opened on: it is shown before it is written over.
    if (there && this.#now(list, id) !== editing.seen) return this.#meanwhile(editing, form);
    const part = there ? { id, ...changed } : changed;
    const body = list === "title" ? changed : { [SIDES[list]]: { [list]: [part] } };
    this.#lesson.said(EDIT.saving);
    try {
      const made = await this.#change("PATCH", "", body);
      const stayed = stays(form);
      this.#open.delete(id);
      this.#lesson.draw();
      this.#lesson.said(made.revision === before.revision ? EDIT.same : EDIT.saved(made.revision));
      if (stayed) this.#lesson.focus(there ? id : newest(this.#parts(list, made)), "edit");
    } catch (fault) {
      this.#lesson.said("");
      if (!(fault instanceof Refusal)) throw fault;
      if (!refused(fault, 412)) return this.#faults(editing, form, fault);
      await this.#lesson.refresh();
      this.#meanwhile(editing, form);
    }
  }

  /** Say at each field what the server has against it; returns what is to be said of the whole. */
  #faults(editing, form, refusal) {
    const path = editing.list === "title" ? /^/ : new RegExp(`^${SIDES[editing.list]}\\.${editing.list}(\\[0\\]\\.?)?`);
    const fields = {};
    const others = [];
    for (const [name, text] of Object.entries(refusal.fields)) {
      const field = editing.names(name.replace(path, ""));
      const said = EDIT.place(text);
      if (form.elements.namedItem(field) === null) others.push(said);
      else fields[field] = field in fields ? `${fields[field]}; ${said}` : said;
    }
    if (!marked(form, fields)) throw refusal;
    return [EDIT.lookAtFields, ...others].join(" ");
  }

  /** There is a newer revision: what it is, beside what was typed. */
  #meanwhile(editing, form) {
    const place = form.querySelector(".conflict");
    const { list, id } = editing;
    const there = this.#there(editing);
    const theirs = there ? [make("p", EDIT.thereNow), this.#lesson.shown(list, this.#part(list, id))] : [];
    const told = make("p", this.#lesson.changedSince(editing.revision), { tabindex: "-1" });
    place.replaceChildren(
      told,
      make("p", there || id.startsWith("new-") ? EDIT.notMine : EDIT.isGone),
      make("div", theirs, { class: "theirs" }),
      this.#choice(EDIT.mine, EDIT.theirs, editing),
    );
    editing.revision = this.#lesson.content().revision;
    if (there) editing.seen = this.#now(list, id);
    told.focus();
  }

  // ---- without a form ----

  #another(list, id, part) {
    const place = this.#parts(list).findIndex((part) => part.id === id);
    const change = ["POST", `/${list}/${id}/regenerate`, {}];
    const next = (made) => [this.#parts(list, made)[place].id, "another"];
    return this.#alone(part, change, EDIT.made, next);
  }

  #remove(list, id, part) {
    const change = ["PATCH", "", { [SIDES[list]]: { [list]: [{ id, removed: true }] } }];
    return this.#alone(part, change, EDIT.removed, () => [null, "undo"]);
  }

  /** The ids of a list as they would be with one of them moved; undefined where it can go no further. */
  #moved(list, id, does, content) {
    const ids = this.#parts(list, content).map((part) => part.id);
    const place = ids.indexOf(id);
    const there = ids[place + MOVES[does]];
    return there && ids.with(place, there).with(place + MOVES[does], id);
  }

  #move(list, id, does, part) {
    // A list that names every part is an order.
    const order = (content) => this.#moved(list, id, does, content)?.map((each) => ({ id: each }));
    const change = ["PATCH", "", (content) => ({ [SIDES[list]]: { [list]: order(content) } })];
    const next = () => [id, this.#moved(list, id, does) ? does : "edit"];
    return this.#alone(part, change, EDIT.moved, next);
  }

  #alone(place, change, told, next) {
    return this.#act(place, async () => {
      this.#lesson.said(EDIT.working);
      const made = await this.#change(...change);
      const stayed = stays(place);
      this.#lesson.draw();
      this.#lesson.said(told(made.revision));
      if (stayed) this.#lesson.focus(...next(made));
    });
  }

  // ---- inside ----

  /** What the form of a part would hold in the newest revision. */
  #now(list, id) {
    return JSON.stringify(this.#built(list, id).was);
  }

  #parts(list, content = this.#lesson.content()) {
    return content[SIDES[list]]?.[list] ?? []; // the title has none
  }

  #part(list, id) {
    return this.#parts(list).find((part) => part.id === id);
  }

  /** Do something at a part, once at a time, and tell there what went wrong; what `work` returns is told, too. */
  async #act(place, work) {
    if (place.ariaBusy === "true") return;
    place.ariaBusy = "true";
    const before = this.#lesson.content().revision;
    tell(place, "");
    try {
      tell(place, (await work()) ?? "");
    } catch (fault) {
      this.#lesson.said("");
      if (fault instanceof SignedOut) trouble(fault);
      else if (refused(fault, 412)) {
        await this.#lesson.refresh().catch(trouble);
        this.#lesson.said(`${this.#lesson.changedSince(before)} ${EDIT.shownNow}`);
      } else if (refused(fault, 409)) tell(place, EDIT.noOther);
      else tell(place, place.matches("form") ? EDIT.notSaved(plain(fault)) : plain(fault));
    } finally {
      place.ariaBusy = "false";
    }
  }

  /** Make a change of the newest revision; `body` may be what makes it of that one. */
  #change(method, path, body) {
    const content = this.#lesson.content();
    const mine = this.#line.then(() => {
      const now = this.#lesson.content();
      const newest = now?.content_id === content.content_id ? now : content;
      return this.#send(newest, method, path, typeof body === "function" ? body(newest) : body);
    });
    this.#line = mine.catch(() => {});
    return mine;
  }

  async #send({ content_id, revision }, method, path, body) {
    const url = `/api/v1/content/${content_id}${path}`;
    const text = JSON.stringify([method, url, revision, body]);
    if (this.#sent?.text !== text) this.#sent = { text, key: randomKey() };
    const made = await this.#service.call(method, url, body, { "If-Match": `"r${revision}"`, "Idempotency-Key": this.#sent.key });
    this.#sent = null;
    await this.#lesson.took(made);
    return made;
  }
}

/** The fields that are other than they were; null when none is. */
function differing({ read, was }) {
  const changed = Object.entries(read()).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(was[name]));
  return changed.length === 0 ? null : Object.fromEntries(changed);
}

/** Whether whoever began something is still there, and wants to go on from it: only then the focus is moved. */
function stays(place) {
  return document.activeElement === document.body || place.contains(document.activeElement);
}

/** Id of the part that was added last. */
function newest(parts) {
  const numbers = parts.map(({ id }) => Number(id.slice(1)));
  return parts[numbers.indexOf(Math.max(...numbers))].id;
}

function tell(place, text) {
  let line = place.querySelector(":scope > [role=alert]");
  if (line === null && text !== "") {
    line = make("p", "", { class: "fault", role: "alert" });
    place.append(line);
  }
  if (line !== null) line.textContent = text;
}
