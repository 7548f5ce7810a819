// A finished lesson as a teacher reads it, and where it is changed, gone back on, shared and fetched.

import { at, make } from "./dom.js";
import { offer } from "./downloads.js";
import { LessonEdit } from "./lesson_edit.js";
import { coverageTable, questionPart, sectionPart, wordPart } from "./lesson_parts.js";
import { Refusal, SignedOut } from "./service.js";
import { Sharing } from "./sharing.js";
import { act, plain, trouble } from "./trouble.js";
import { Versions, timeline } from "./versions.js";
import { EDIT, LESSON, VERSIONS } from "./lesson_words.js";

const BUILDS = { sections: sectionPart, vocabulary: wordPart };

export class LessonView {
  #door;
  #place;
  #wanted = null; // id of the content that is shown or being fetched
  #content = null; // the newest revision that is known
  #looking = null; // an earlier one that is looked at
  #versions;
  #edit;
  /** The dialog with which a session is shared: `open(sessionId, title)`. */
  sharing;

  /**
   * @param door who is signed in; `door.show("lesson")` is called when a lesson is to be seen
   * @param place the section of the page, `#lesson` of desk.html
   */
  constructor(door, place) {
    this.#door = door;
    this.#place = place;
    this.#versions = new Versions(door.service);
    this.sharing = new Sharing(door);
    this.#edit = new LessonEdit(door.service, this);
    at("undo").addEventListener("click", () => this.#step("undo", EDIT.undone));
    at("redo").addEventListener("click", () => this.#step("redo", EDIT.redone));
    at("lesson-share").addEventListener("click", () => this.sharing.open(this.#content.session_id, this.#content.title));
    at("lesson-sources").addEventListener("click", () => this.#sources());
    at("lesson-edit-title").addEventListener("click", () => this.#edit.edit("title", null, EDIT.whole));
    at("lesson-add").addEventListener("click", () => this.#edit.edit("questions", null, EDIT.addQuestion));
    at("lesson-now").addEventListener("click", () => this.#lookAt(null));
    at("lesson-again").addEventListener("click", () => this.show(this.#wanted));
    addEventListener("beforeunload", (event) => this.#edit.unsaved && event.preventDefault());
  }

  /** Fetch a content and show it, with the forms that are open in it when it is the one that is shown. */
  async show(contentId) {
    if (this.#wanted !== contentId) {
      // As the browser asks whoever leaves the page.
      if (this.#edit.unsaved && !confirm(EDIT.unsaved)) {
        location.hash = `content=${this.#wanted}`;
        return;
      }
      this.clear();
    }
    this.#wanted = contentId;
    at("lesson-title").textContent = this.#content?.title ?? LESSON.loading;
    this.#door.show("lesson");
    if (this.#content === null) this.#state(LESSON.fetching, false);
    try {
      await this.refresh();
    } catch (fault) {
      if (this.#wanted === contentId) this.#failed(fault);
    }
  }

  /** Show nothing, and forget what was typed. */
  clear() {
    this.#wanted = this.#content = this.#looking = null;
    this.#edit.clear();
    this.sharing.close();
    this.said("");
    at("lesson-title").removeAttribute("lang");
    at("lesson-body").hidden = true;
    at("lesson-versions").open = false;
  }

  // ---- what is known ----

  /** The newest revision that is known. */
  content() {
    return this.#content;
  }

  /** Read it anew, and show it. */
  async refresh() {
    const wanted = this.#wanted;
    if (wanted === null) return;
    const [content] = await Promise.all([
      this.#door.service.call("GET", `/api/v1/content/${encodeURIComponent(wanted)}`),
      this.#versions.load(wanted),
    ]);
    if (this.#wanted !== wanted) return;
    const first = this.#content === null;
    this.#content = content;
    this.draw();
    if (first) at("lesson-title").focus();
  }

  /** It was changed from here. */
  took(content, kind, restores) {
    if (content.content_id !== this.#wanted) return;
    const fresh = content.revision > this.#content.revision;
    this.#content = content;
    this.#looking = null;
    if (fresh) {
      this.#versions.add({ revision: content.revision, kind, restores, author_id: this.#door.user.id });
      // The list has notes and times that only the server knows.
      this.#versions.load(this.#wanted).then(() => this.#past(), trouble);
    }
    this.draw();
  }

  /** What was changed after a revision, and by whom, in words. */
  changedSince(revision) {
    const later = this.#versions.since(revision);
    const notes = later.map((item) => this.#versions.said(item.revision, this.#content)).join("; ");
    const mine = later.every((item) => item.author_id === this.#door.user.id);
    return mine ? EDIT.changedByYou(notes) : EDIT.changedByOther(notes);
  }

  get #editable() {
    return this.#looking === null && this.#content.role !== "viewer";
  }

  // ---- what is seen ----

  #state(text, again) {
    at("lesson-state").hidden = false;
    at("lesson-state-text").textContent = text;
    at("lesson-again").hidden = !again;
    at("lesson-body").hidden = true;
  }

  #failed(fault) {
    // One that was fetched before is still there to be read.
    if (fault instanceof SignedOut || this.#content !== null) return trouble(fault);
    const missing = fault instanceof Refusal && [403, 404, 422].includes(fault.status);
    at("lesson-title").textContent = missing ? LESSON.missing : LESSON.failed;
    this.#state(missing ? LESSON.missingWhy : plain(fault), !missing);
    at("lesson-title").focus();
  }

  /** Say what became of a change. */
  said(text) {
    at("lesson-said").textContent = text;
  }

  /** Show it as it is known, with the forms that are open. */
  draw() {
    const shown = this.#looking ?? this.#content;
    const focus = this.#held();
    const { lesson, quiz } = shown;
    at("lesson-state").hidden = true;
    at("lesson-body").hidden = false;
    at("lesson-title").textContent = shown.title;
    at("lesson-title").lang = lesson.language;
    at("lesson-about").textContent = `${LESSON.about(lesson, shown.summary)} · ${LESSON.version(shown.revision)}`;
    const titled = this.#edit.form("title");
    at("lesson-titled").replaceChildren(...(titled !== null && this.#editable ? [titled] : []));
    at("lesson-warnings").hidden = shown.warnings.length === 0;
    at("lesson-warning-list").replaceChildren(...shown.warnings.map((warning) => make("li", warning)));
    at("lesson-sections").replaceChildren(...this.#parts("sections", lesson.sections, shown));
    at("lesson-words").replaceChildren(...this.#parts("vocabulary", lesson.vocabulary, shown));
    if (lesson.vocabulary.length === 0) at("lesson-words").append(make("p", LESSON.noWords, { class: "hint" }));
    at("lesson-questions").replaceChildren(...this.#parts("questions", quiz.questions, shown));
    if (quiz.questions.length === 0) at("lesson-questions").append(make("p", LESSON.noQuestions, { class: "hint" }));
    const added = this.#edit.form("new");
    if (added !== null && this.#editable) at("lesson-questions").append(added);
    at("lesson-coverage").replaceChildren(...coverageTable(shown));
    offer(this.#door.service, shown, at("lesson-files"));
    this.#past();
    focus();
  }

  /** What gives the focus back to where it stands now, when that was moved or built anew. */
  #held() {
    const focused = document.activeElement;
    const { way } = focused.dataset;
    const part = focused.closest("[data-part]")?.dataset.part;
    const revision = focused.closest("[data-revision]")?.dataset.revision;
    return () => {
      if (focused === document.activeElement) return;
      if (focused.isConnected) focused.focus();
      else if (part !== undefined && way !== undefined) this.focus(part, way);
      else if (revision !== undefined) this.#place.querySelector(`[data-revision="${revision}"] [data-way="${way}"]`)?.focus();
    };
  }

  /** What undo, redo and the list of versions lead to. */
  #past() {
    if (this.#content === null) return;
    const focus = this.#held();
    this.#bar();
    this.#list();
    focus();
  }

  #parts(list, parts, content) {
    const made = parts.map((part, place) => {
      const form = this.#editable ? this.#edit.form(part.id) : null;
      if (form !== null) return form;
      const element = this.#read(list, part, place, content);
      if (this.#editable) element.append(this.#edit.ways(list, part, this.#name(list, part, place)));
      return element;
    });
    return this.#editable ? [...made, ...this.#edit.orphans(list, parts.map(({ id }) => id))] : made;
  }

  #read(list, part, place, content) {
    return list === "questions" ? questionPart(part, place + 1, content.lesson) : BUILDS[list](part, content.lesson);
  }

  /** A part of the newest as it is read. */
  shown(list, part) {
    if (list === "title") return make("p", this.#content.title, { lang: this.#content.lesson.language });
    const place = this.#content.quiz.questions.indexOf(part);
    return this.#read(list, part, place, this.#content);
  }

  #name(list, part, place) {
    if (list === "questions") return LESSON.question(place + 1).toLowerCase();
    return list === "sections" ? LESSON.section(part.title) : LESSON.word(part.term);
  }

  #bar() {
    const editable = this.#editable;
    at("lesson-past").hidden = this.#looking === null;
    if (this.#looking !== null) at("lesson-past-text").textContent = VERSIONS.looking(this.#looking.revision);
    for (const id of ["undo", "redo", "lesson-edit-title", "lesson-add"]) at(id).hidden = !editable;
    at("lesson-share").hidden = this.#content.role !== "owner";
    const { undo, redo, done, undone } = timeline(this.#versions.items);
    label(at("undo"), undo, EDIT.undo, EDIT.nothingToUndo, this.#versions.said(done, this.#content));
    label(at("redo"), redo, EDIT.redo, EDIT.nothingToRedo, this.#versions.said(undone, this.#content));
  }

  #list() {
    const ways = {
      me: this.#door.user?.id,
      editable: this.#content.role !== "viewer",
      look: (number) => this.#lookAt(number),
      restore: (number) => this.#edit.restore(number, (made) => EDIT.restored(number, made), at("lesson-versions"), "undo"),
      more: () => act(null, at("lesson-versions"), async () => {
        await this.#versions.more();
        this.#past();
      }),
    };
    at("lesson-version-list").replaceChildren(...this.#versions.list(this.#content, ways));
  }

  /** Go to a button of a part, or, without the id of one, to the button of that id. */
  focus(id, way) {
    if (id === null) at(way).focus();
    else if (id === "title") at("lesson-edit-title").focus();
    else if (id === "new") at("lesson-add").focus();
    else this.#place.querySelector(`[data-part="${id}"] [data-way="${way}"]`)?.focus();
  }

  // ---- what is done ----

  #step(which, told) {
    const number = timeline(this.#versions.items)[which];
    if (number !== null) this.#edit.restore(number, told, at("lesson-bar"), which);
  }

  #sources() {
    const shown = at("lesson-sources").ariaPressed !== "true";
    at("lesson-sources").ariaPressed = String(shown);
    at("lesson-body").dataset.sources = shown ? "shown" : "";
  }

  #lookAt(number) {
    return act(null, at("lesson-versions"), async () => {
      const wanted = this.#wanted;
      const earlier = number === null ? null : await this.#versions.at(number);
      if (this.#wanted !== wanted) return;
      this.#looking = earlier;
      this.draw();
      at("lesson-title").focus();
    });
  }
}

function label(button, target, can, cannot, what) {
  button.ariaDisabled = String(target === null);
  button.ariaLabel = target === null ? cannot : can(what);
}
