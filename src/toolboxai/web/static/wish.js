// What a teacher asks for: the text, what is proposed from it, and her choices.

import { DESK } from "./desk_words.js";
import { at, hide, on, say } from "./dom.js";
import { randomKey } from "./keys.js";
import { Objectives } from "./objectives.js";
import { Refusal, SignedOut, open, passes } from "./service.js";
import { Sources } from "./sources.js";
import { Marked, marked, plain, trouble } from "./trouble.js";
import { TROUBLE } from "./words.js";

const PAUSE_MS = 400; // after a change: whoever goes straight to the button has the lesson made
const OWN = ["subject", "grade_level", "title", "language"]; // what is proposed, until somebody chooses
const FULL = ["en", "es", "de"];

export class Wish {
  #service;
  #sources = new Sources(() => this.#soon());
  #objectives = new Objectives();
  #touched = new Set();
  #sent = null; // {key, mark}: the same wish sent again is the same lesson
  #timer = null;
  #asking = null; // the one look through the text that is under way
  #looked = ""; // mark of what was looked through last

  constructor(service) {
    this.#service = service;
    for (const name of OWN) on(name, "change", () => this.#touched.add(name));
    on("language", "change", () => this.#tag());
    for (const name of ["language", "tag"]) on(name, "change", () => this.#soon());
    on("propose-again", "click", () => this.#propose());
  }

  /** The bundled text, and wishes that go with it. */
  async sample() {
    const [text, wishes] = await Promise.all([open("/static/sample.md"), open("/static/sample.json")]);
    const { learning_objectives: objectives, ...fields } = wishes;
    at("source_text").value = text;
    for (const [name, value] of Object.entries(fields)) at(name).value = value;
    for (const name of ["subject", "grade_level"]) this.#touched.add(name);
    this.#objectives.set(objectives);
    marked(at("wish"), {});
    this.#soon();
  }

  /** Have the lesson made; the session that has begun. */
  async send() {
    this.#told({});
    await this.#complete();
    clearTimeout(this.#timer);
    const body = this.#body();
    const mark = JSON.stringify([body, this.#sources.mark]);
    if (this.#sent?.mark !== mark) this.#sent = { key: randomKey(), mark };
    say("sending", DESK.sending);
    try {
      const session = await this.#post("/api/v1/content/generate", body, { "Idempotency-Key": this.#sent.key });
      this.#sent = null; // taken: the same form sent once more is a new lesson
      return session;
    } catch (fault) {
      throw this.#place(fault);
    } finally {
      say("sending", "");
    }
  }

  /** For whoever comes next. */
  clear() {
    clearTimeout(this.#timer);
    this.#sent = null;
    this.#looked = "";
    this.#touched.clear();
    at("wish").reset();
    this.#sources.clear();
    this.#objectives.clear();
    this.#tag();
    this.#say("", false);
    this.#told({});
  }

  // ---- proposals ----

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#propose(), PAUSE_MS);
  }

  /** Look through the text, one look at a time, and once more when it was changed meanwhile. */
  #propose() {
    clearTimeout(this.#timer);
    this.#asking ??= this.#look().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #look() {
    let asked;
    do {
      asked = this.#mark;
      if (this.#sources.empty || !this.#service.signedIn) {
        this.#say("", false);
        return;
      }
      await this.#ask(asked);
    } while (asked !== this.#mark);
  }

  /** What goes wrong is said where it stops nobody. */
  async #ask(asked) {
    this.#say(DESK.looking, false);
    const body = { source_text: this.#sources.text };
    if (this.#touched.has("language")) body.language = this.#language;
    try {
      const offered = await this.#post("/api/v1/content/proposals", body);
      if (asked !== this.#mark) return;
      this.#looked = asked;
      this.#offer(offered);
    } catch (fault) {
      if (asked !== this.#mark) return;
      if (fault instanceof SignedOut) {
        this.#say("", true);
        trouble(fault);
        return;
      }
      if (fault instanceof Refusal && this.#sources.refused(fault.fields)) return; // the rest is looked through without it
      this.#say(`${plain(fault)} ${passes(fault) ? DESK.orByHand : ""}`.trim(), true);
    }
  }

  get #mark() {
    return JSON.stringify([this.#sources.mark, this.#touched.has("language") ? this.#language : null]);
  }

  #offer(offered) {
    this.#sources.read(offered.source_files);
    const known = FULL.includes(offered.language);
    for (const name of OWN) {
      const fits = name === "language" ? known : offered[name] !== null;
      if (fits && !this.#touched.has(name)) at(name).value = offered[name];
    }
    this.#tag();
    this.#objectives.propose(offered.objectives);
    this.#say(DESK.looked(offered, known || this.#touched.has("language")), false);
  }

  /** What was left open is taken from the text, when it was not looked through yet. */
  async #complete() {
    if (this.#sources.empty) throw this.#told({ source_text: DESK.noText });
    const open = ["subject", "grade_level"].some((name) => at(name).value.trim() === "");
    if (open || this.#objectives.chosen.length === 0) {
      if (this.#looked !== this.#mark) await this.#propose();
      if (!this.#service.signedIn) throw new SignedOut();
    }
  }

  #say(text, again) {
    say("proposing", text);
    hide("propose-again", !again);
  }

  // ---- the form ----

  get #language() {
    return at("language").value === "other" ? at("tag").value.trim() : at("language").value;
  }

  #tag() {
    at("tag-field").hidden = at("language").value !== "other";
  }

  #body() {
    const body = {
      source_text: this.#sources.text,
      subject: at("subject").value.trim(),
      grade_level: at("grade_level").value.trim(),
      duration_minutes: Number(at("duration_minutes").value),
      num_questions: Number(at("num_questions").value),
      learning_objectives: this.#objectives.chosen,
      language: this.#language,
      question_types: [...at("kinds").querySelectorAll("input:checked")].map((kind) => kind.value),
    };
    for (const name of ["title", "difficulty"]) {
      const value = at(name).value.trim();
      if (value !== "") body[name] = value;
    }
    return body;
  }

  /** JSON, or a form where there are files. */
  async #post(path, body, headers = {}) {
    if (this.#sources.files.length === 0) return this.#service.call("POST", path, body, headers);
    const form = new FormData();
    for (const [name, value] of Object.entries(body)) {
      form.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
    }
    this.#sources.fill(form);
    return (await this.#service.fetch(path, { method: "POST", body: form, headers })).json();
  }

  /** Say at its place what the server refuses; what is left is for the top of the page. */
  #place(fault) {
    if (!(fault instanceof Refusal)) return fault;
    if (this.#sources.refused(fault.fields)) {
      this.#sources.focus();
      return new Marked(DESK.lookAtFiles);
    }
    // What is said of the text alone is said at the text.
    return this.#told(fault.code.startsWith("SOURCE_") ? { source_text: fault.message } : fault.fields) ?? fault;
  }

  /** Mark what is wrong in the form; trouble that says so, or null when nothing in it is. */
  #told(fields) {
    const ofOne = this.#objectives.refused(fields);
    const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith("learning_objectives[")));
    if ("language" in rest && at("language").value === "other") {
      rest.tag = rest.language;
      delete rest.language;
    }
    const ofOthers = marked(at("wish"), rest);
    return ofOne || ofOthers ? new Marked(TROUBLE.fields) : null;
  }
}
