// A finished lesson as a teacher reads it, and where it is changed, gone back on, shared and fetched.

import { at, fill, hide, make, on, say } from "./dom.js";
import { offer } from "./downloads.js";
import { LessonEdit } from "./lesson_edit.js";
import { showWorld } from "./lesson_world.js";
import { coverageTable, questionPart, sectionPart, wordPart } from "./lesson_parts.js";
import { SignedOut, refused } from "./service.js";
import { Sharing } from "./sharing.js";
import { act, plain, trouble } from "./trouble.js";
import { Versions, nameOf, timeline } from "./versions.js";
import { EDIT, LESSON, VERSIONS } from "./lesson_words.js";
import { RUN } from "./words.js";

const BUILDS = { sections: sectionPart, vocabulary: wordPart };

export class LessonView {
  #door;
  #wanted = null; // id of the content that is shown or being fetched
  #content = null; // the newest revision that is known
  #looking = null; // an earlier one that is looked at
  #versions;
  #edit;
  /** The dialog with which a session is shared: `open(sessionId, title)`. */
  sharing;

  /** @param door who is signed in; `door.show("lesson")` is called when a lesson is to be seen */
  constructor(door) {
    this.#door = door;
    this.#versions = new Versions(door.service);
    this.sharing = new Sharing(door);
    this.#edit = new LessonEdit(door.service, this);
    on("undo", "click", () => this.#step("undo", EDIT.undone));
    on("redo", "click", () => this.#step("redo", EDIT.redone));
    on("lesson-share", "click", () => this.sharing.open(this.#content.session_id, this.#content.title));
    on("lesson-sources", "click", () => this.#sources());
    for (const { dataset, id, textContent } of this.#edits()) {
      on(id, "click", () => this.#edit.edit(dataset.edit, null, textContent));
    }
    on("lesson-now", "click", () => this.#lookAt(null));
    on("lesson-again", "click", () => this.show(this.#wanted));
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
    say("lesson-title", this.#content?.title ?? LESSON.loading);
    this.#door.show("lesson");
    if (this.#content === null) this.#state(RUN.looking, false);
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
    showWorld(this.#door.service, null);
    this.sharing.close();
    this.said("");
    at("lesson-title").removeAttribute("lang");
    hide("lesson-body");
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
    if (this.#wanted !== wanted || content.revision < this.#content?.revision) return;
    const first = this.#content === null;
    this.#content = content;
    this.draw();
    if (first) at("lesson-title").focus();
    showWorld(this.#door.service, wanted);
  }

  /** It was changed from here; to be drawn. */
  async took(content) {
    if (content.content_id !== this.#wanted) return;
    this.#content = content;
    this.#looking = null;
    await this.#versions.load(this.#wanted).catch(trouble);
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

  /** What undo and redo lead to: nothing, as long as the newest revision is not among those that were read. */
  get #timeline() {
    const { items } = this.#versions;
    return timeline(items.at(-1)?.revision === this.#content.revision ? items : []);
  }

  // ---- what is seen ----

  #state(text, again) {
    hide("lesson-state", false);
    say("lesson-state-text", text);
    hide("lesson-again", !again);
    hide("lesson-body");
  }

  #failed(fault) {
    // One that was fetched before is still there to be read.
    if (fault instanceof SignedOut || this.#content !== null) return trouble(fault);
    const missing = refused(fault, 403, 404, 422);
    say("lesson-title", missing ? RUN.missing : LESSON.failed);
    this.#state(missing ? RUN.missingWhy : plain(fault), !missing);
    at("lesson-title").focus();
  }

  /** Say what became of a change. */
  said(text) {
    say("lesson-said", text);
  }

  /** Show it as it is known, with the forms that are open. */
  draw() {
    const shown = this.#looking ?? this.#content;
    if (shown === null) return; // it was left meanwhile
    const focus = this.#held();
    const { lesson, quiz } = shown;
    hide("lesson-state");
    hide("lesson-body", false);
    say("lesson-title", shown.title);
    at("lesson-title").lang = lesson.language;
    say("lesson-about", `${LESSON.about(lesson, shown.summary)} · ${LESSON.version(shown.revision)}`);
    fill("lesson-titled", this.#parts("title", [], shown));
    hide("lesson-warnings", shown.warnings.length === 0);
    fill("lesson-warning-list", shown.warnings.map((warning) => make("li", warning)));
    fill("lesson-sections", this.#parts("sections", lesson.sections, shown));
    fill("lesson-words", this.#parts("vocabulary", lesson.vocabulary, shown));
    hide("lesson-no-words", lesson.vocabulary.length > 0);
    fill("lesson-questions", this.#parts("questions", quiz.questions, shown));
    hide("lesson-no-questions", quiz.questions.length > 0);
    fill("lesson-coverage", coverageTable(shown));
    offer(this.#door.service, shown, at("lesson-files"));
    this.#past();
    focus();
  }

  /** What gives the focus back to where it stands now, when that was moved or built anew. */
  #held() {
    const focused = document.activeElement;
    const { way } = focused.dataset;
    const part = focused.closest("[data-part]")?.dataset.part;
    return () => {
      if (focused === document.activeElement) return;
      if (focused.isConnected) focused.focus();
      else if (part !== undefined && way !== undefined) this.focus(part, way);
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
    const read = (part, place) => this.#read(list, part, place, content);
    if (!this.#editable) return parts.map(read);
    const forms = this.#edit.forms(list);
    const made = parts.map((part, place) => {
      const element = forms.get(part.id) ?? read(part, place);
      if (!forms.delete(part.id)) element.append(this.#edit.ways(list, part, nameOf(part.id, content)));
      return element;
    });
    return [...made, ...forms.values()];
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

  #bar() {
    const editable = this.#editable;
    hide("lesson-past", this.#looking === null);
    if (this.#looking !== null) say("lesson-past-text", VERSIONS.looking(this.#looking.revision));
    for (const button of [at("undo"), at("redo"), ...this.#edits()]) button.hidden = !editable;
    hide("lesson-share", this.#content.role !== "owner");
    const { undo, redo, done, undone } = this.#timeline;
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
        const [{ revision }] = this.#versions.items;
        await this.#versions.more();
        this.#past();
        this.focus(`r${revision - 1}`, "look"); // the first of those that came
      }),
    };
    fill("lesson-version-list", this.#versions.list(this.#content, ways));
  }

  /** Go to a button of a part, or, without the id of one, to the button of that id. */
  focus(id, way) {
    const button = id === null ? at(way) : at(`edit-${id}`);
    (button ?? at("lesson").querySelector(`[data-part="${id}"] [data-way="${way}"]`))?.focus();
  }

  /** The buttons that open the form of the title, and of new parts. */
  #edits() {
    return at("lesson").querySelectorAll("[data-edit]");
  }

  // ---- what is done ----

  #step(which, told) {
    const number = this.#timeline[which];
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
