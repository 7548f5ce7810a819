// Changing a lesson in place. Each change names the revision that it was made at; somebody else's is never written over
// without being seen, and what was typed stays until it is saved or left.

import { make } from "./dom.js";
import { randomKey } from "./keys.js";
import { sectionForm, titleForm, wordForm } from "./lesson_forms.js";
import { questionForm } from "./question_form.js";
import { Refusal, SignedOut } from "./service.js";
import { marked, plain, trouble } from "./trouble.js";
import { way } from "./versions.js";
import { EDIT } from "./lesson_words.js";

const SIDES = { sections: "lesson", vocabulary: "lesson", questions: "quiz" };
const FORMS = { sections: sectionForm, vocabulary: wordForm, questions: questionForm };

export class LessonEdit {
  #service;
  #lesson;
  #open = new Map(); // id of a part -> {element, editing}: forms that are open
  #line = Promise.resolve(); // one change after the other: each names the revision that the one before has made
  #sent = null; // {text, key}: the same change sent again is made once

  /** @param lesson the LessonView, which knows the newest revision */
  constructor(service, lesson) {
    this.#service = service;
    this.#lesson = lesson;
  }

  /** Whether something is typed that is not saved. */
  get unsaved() {
    return [...this.#open.values()].some(({ editing }) => differing(editing.read(), editing.was) !== null);
  }

  /** Forget what is open. */
  clear() {
    this.#open.clear();
    this.#sent = null;
  }

  /** The form that is open for a part, or null. */
  form(id) {
    return this.#open.get(id)?.element ?? null;
  }

  /** Forms whose part is not among these ids. */
  orphans(list, ids) {
    return [...this.#open.values()]
      .filter(({ editing }) => editing.list === list && editing.id !== "new" && !ids.includes(editing.id))
      .map(({ element }) => element);
  }

  /** The buttons of a part; `name` is what it is called. */
  ways(list, part, name) {
    const made = make("div", undefined, { class: "ways" });
    const add = (does, work) => made.append(way(does, EDIT[does], `${EDIT[does]}: ${name}`, work));
    add("edit", () => this.edit(list, part, name));
    if (list === "questions" || part.statements?.some(({ sentence }) => sentence !== null)) {
      add("another", (event) => this.#another(list, part.id, event.currentTarget));
    }
    add("remove", (event) => this.#remove(list, part.id, event.currentTarget));
    return made;
  }

  /** Open the form of a part, null for a new one; `name` is what it is called. */
  edit(list, part, name) {
    const content = this.#lesson.content();
    const editing = list === "title" ? titleForm(content) : FORMS[list](part, content.lesson);
    if (!this.#open.has(editing.id)) {
      editing.revision = content.revision;
      editing.seen = JSON.stringify(editing.was);
      this.#open.set(editing.id, { element: this.#form(editing, name), editing });
      this.#lesson.draw();
    }
    this.form(editing.id).querySelector("input, textarea, select").focus();
  }

  /** Take up an earlier revision; `told` makes words of the number of the new one; the focus goes to the button of this id. */
  restore(number, told, place, button) {
    const how = { kind: "restored", restores: number, told, next: () => [null, button] };
    return this.#alone(place, ["POST", `/revisions/${number}/restore`, undefined], how);
  }

  // ---- a form ----

  #form(editing, name) {
    const about = { class: "part editing", "data-part": editing.id, "aria-label": EDIT.editing(name) };
    const form = make("form", undefined, { ...about, method: "post", autocomplete: "off" });
    const conflict = make("div", undefined, { class: "conflict", role: "status" });
    const fault = make("p", "", { class: "fault", role: "alert" });
    const ways = make("div", undefined, { class: "ways" });
    const leave = make("button", EDIT.leave, { type: "button", class: "quiet" });
    leave.addEventListener("click", () => this.#close(editing));
    ways.append(make("button", EDIT.save, { type: "submit" }), leave);
    form.append(conflict, ...editing.fields, fault, ways);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#act(form, () => this.#save(editing, form));
    });
    return form;
  }

  #close(editing) {
    this.#open.delete(editing.id);
    this.#lesson.draw();
    this.#lesson.focus(editing.id, "edit");
  }

  async #save(editing, form) {
    const { list, id } = editing;
    const there = list === "title" || this.#part(list, id) !== undefined; // else it is a new one
    const fields = editing.read();
    const changed = there ? differing(fields, editing.was) : fields;
    if (changed === null) {
      this.#lesson.said(EDIT.same);
      this.#close(editing);
      return;
    }
    const before = this.#lesson.content();
    marked(form, {});
    // What is known by now is other than what the form was opened on: it is shown before it is written over.
    if (there && this.#now(editing) !== editing.seen) return this.#meanwhile(editing, form);
    const part = there ? { id, ...changed } : changed;
    const body = list === "title" ? changed : { [SIDES[list]]: { [list]: [part] } };
    this.#lesson.said(EDIT.saving);
    try {
      const made = await this.#change("PATCH", "", body);
      const stayed = stays(form);
      this.#open.delete(id);
      this.#lesson.took(made, "edited", null);
      this.#lesson.said(made.revision === before.revision ? EDIT.same : EDIT.saved(made.revision));
      if (stayed) this.#lesson.focus(there ? id : newest(made, list), "edit");
    } catch (fault) {
      this.#lesson.said("");
      if (!(fault instanceof Refusal)) throw fault;
      if (fault.status !== 412) return this.#faults(editing, form, fault);
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
    const part = this.#part(editing.list, editing.id);
    const gone = editing.list !== "title" && editing.id !== "new" && part === undefined;
    const theirs = make("div", undefined, { class: "theirs" });
    if (!gone && editing.id !== "new") theirs.append(make("p", EDIT.thereNow), this.#lesson.shown(editing.list, part));
    const save = make("button", EDIT.mine, { type: "submit" });
    const drop = make("button", EDIT.theirs, { type: "button", class: "quiet" });
    drop.addEventListener("click", () => this.#close(editing));
    const ways = make("div", undefined, { class: "ways" });
    ways.append(save, drop);
    const told = make("p", this.#lesson.changedSince(editing.revision), { tabindex: "-1" });
    place.replaceChildren(told, make("p", gone ? EDIT.isGone : EDIT.notMine), theirs, ways);
    editing.revision = this.#lesson.content().revision;
    if (!gone) editing.seen = this.#now(editing);
    told.focus();
  }

  // ---- without a form ----

  #another(list, id, button) {
    const place = this.#lesson.content()[SIDES[list]][list].findIndex((part) => part.id === id);
    const change = ["POST", `/${list}/${id}/regenerate`, {}];
    const next = (made) => [made[SIDES[list]][list][place].id, "another"];
    return this.#alone(button.closest(".part"), change, { kind: "regenerated", told: EDIT.made, next });
  }

  #remove(list, id, button) {
    const change = ["PATCH", "", { [SIDES[list]]: { [list]: [{ id, removed: true }] } }];
    return this.#alone(button.closest(".part"), change, { kind: "edited", told: EDIT.removed, next: () => [null, "undo"] });
  }

  #alone(place, change, { kind, restores = null, told, next }) {
    return this.#act(place, async () => {
      this.#lesson.said(EDIT.working);
      const made = await this.#change(...change);
      const stayed = stays(place);
      this.#lesson.took(made, kind, restores);
      this.#lesson.said(told(made.revision));
      if (stayed) this.#lesson.focus(...next(made));
    });
  }

  // ---- inside ----

  /** What the part of a form holds in the newest revision. */
  #now({ list, id, was }) {
    if (id === "new") return JSON.stringify(was);
    const content = this.#lesson.content();
    return JSON.stringify((list === "title" ? titleForm(content) : FORMS[list](this.#part(list, id), content.lesson)).was);
  }

  #part(list, id) {
    return list === "title" ? undefined : this.#lesson.content()[SIDES[list]][list].find((part) => part.id === id);
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
      else if (fault instanceof Refusal && fault.status === 412) {
        await this.#lesson.refresh().catch(trouble);
        this.#lesson.said(`${this.#lesson.changedSince(before)} ${EDIT.shownNow}`);
      } else if (fault instanceof Refusal && fault.status === 409) tell(place, EDIT.noOther);
      else tell(place, place.matches("form") ? EDIT.notSaved(plain(fault)) : plain(fault));
    } finally {
      place.ariaBusy = "false";
    }
  }

  #change(method, path, body) {
    const content = this.#lesson.content();
    const mine = this.#line.then(() => {
      const now = this.#lesson.content();
      return this.#send(now?.content_id === content.content_id ? now : content, method, path, body);
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
    return made;
  }
}

/** The fields that are other than they were; null when none is. */
function differing(fields, was) {
  const changed = Object.entries(fields).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(was[name]));
  return changed.length === 0 ? null : Object.fromEntries(changed);
}

/** Whether whoever began something is still there, and wants to go on from it: only then the focus is moved. */
function stays(place) {
  return document.activeElement === document.body || place === null || place.contains(document.activeElement);
}

/** Id of the part that was added last. */
function newest(content, list) {
  return content[SIDES[list]][list].map((part) => part.id).sort((one, other) => Number(one.slice(1)) - Number(other.slice(1))).at(-1);
}

function tell(place, text) {
  let line = place.querySelector(":scope > [role=alert]");
  if (line === null && text !== "") {
    line = make("p", "", { class: "fault", role: "alert" });
    place.append(line);
  }
  if (line !== null) line.textContent = text;
}
