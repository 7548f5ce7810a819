// What a teacher asks for: the text, what is proposed from it, and her choices.

import { DESK, SAMPLE } from "./desk_words.js";
import { at } from "./dom.js";
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
    for (const name of OWN) at(name).addEventListener("change", () => this.#touched.add(name));
    at("language").addEventListener("change", () => this.#tag());
    for (const name of ["language", "tag"]) at(name).addEventListener("change", () => this.#soon());
    at("propose-again").addEventListener("click", () => this.#propose());
  }

  /** The bundled text, and wishes that go with it. */
  async sample() {
    at("source_text").value = await open("/static/sample.md");
    for (const name of Object.keys(SAMPLE)) if (name !== "learning_objectives") at(name).value = SAMPLE[name];
    for (const name of ["subject", "grade_level"]) this.#touched.add(name);
    this.#objectives.set(SAMPLE.learning_objectives);
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
    at("sending").textContent = DESK.sending;
    try {
      const session = await this.#post("/api/v1/content/generate", body, { "Idempotency-Key": this.#sent.key });
      this.#sent = null; // taken: the same form sent once more is a new lesson
      return session;
    } catch (fault) {
      throw this.#place(fault);
    } finally {
      at("sending").textContent = "";
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
    this.#own("subject", offered.subject);
    this.#own("title", offered.title);
    if (offered.grade_level !== null) this.#own("grade_level", offered.grade_level);
    const known = FULL.includes(offered.language);
    if (known) this.#own("language", offered.language);
    this.#tag();
    this.#objectives.propose(offered.objectives);
    this.#say(DESK.looked(offered, known || this.#touched.has("language")), false);
  }

  #own(name, value) {
    if (!this.#touched.has(name)) at(name).value = value;
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
    at("proposing").textContent = text;
    at("propose-again").hidden = !again;
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
    if (fault.code.startsWith("SOURCE_")) return this.#told({ source_text: fault.message });
    return Object.keys(fault.fields).length > 0 ? this.#told(fault.fields) ?? fault : fault;
  }

  /** Mark what is wrong in the form; trouble that says so, or null when nothing in it is. */
  #told(fields) {
    const { learning_objectives: all, question_types: kinds, language, ...others } = fields;
    const ofOne = this.#objectives.refused(fields);
    const rest = Object.fromEntries(Object.entries(others).filter(([name]) => !name.startsWith("learning_objectives[")));
    if (all !== undefined) rest.learning_objectives = all;
    if (kinds !== undefined) rest.question_types = kinds;
    if (language !== undefined) rest[at("language").value === "other" ? "tag" : "language"] = language;
    if (["title", "difficulty", "question_types", "tag", "language"].some((name) => name in rest)) at("more").open = true;
    const ofOthers = marked(at("wish"), rest);
    return ofOne || ofOthers ? new Marked(TROUBLE.fields) : null;
  }
}
