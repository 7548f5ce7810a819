// The answers of a class to one lesson, as they come in.

import { pupilRow, pupilsHead, questionItem, redraw } from "./answers_table.js";
import { ClassAnswers } from "./class_answers.js";
import { ClassLine } from "./class_line.js";
import { at } from "./dom.js";
import { showLink } from "./line_view.js";
import { save } from "./save.js";
import { act, trouble } from "./trouble.js";
import { SCHOOL } from "./school_words.js";

const SOON_MS = 1500; // what only the server counts is read so long after an answer, and not for each one
const SAY_MS = 5000; // a screen reader is not told of every answer

export class ResultsView {
  #door;
  #asked = null; // {class_id, content_id}
  #answers = new ClassAnswers();
  #line = null;
  #here = null;
  #early = []; // answers that were told while the server was read
  #reading = false;
  #reads = Promise.resolve(); // one after the other: an earlier picture never comes after a later one
  #soon = null;
  #saying = null;
  #drawn = null;

  constructor(door) {
    this.#door = door;
    for (const by of ["pupil", "question"]) {
      at(`csv-${by}`).addEventListener("click", (event) => act(event, at(`csv-${by}`), () => this.#csv(by)));
    }
  }

  /** @param asked {class, lesson}: ids of the class and of the session; @param current whether this is still wanted */
  async open(asked, current) {
    at("results-title").textContent = SCHOOL.reading;
    at("results-back").href = `#class=${asked.class}`;
    at("results-body").hidden = true;
    this.#door.show("results");
    const read = (path, id) => this.#door.service.call("GET", `${path}/${encodeURIComponent(id)}`);
    try {
      const [classroom, session] = await Promise.all([
        read("/api/v1/classes", asked.class),
        read("/api/v1/content/sessions", asked.lesson),
      ]);
      if (!current()) return;
      this.#asked = { class_id: classroom.class_id, content_id: session.content_id, owner_id: classroom.owner_id };
      await this.#again();
      if (!current()) return;
      at("results-title").textContent = SCHOOL.resultsTitle(session.title ?? session.subject, classroom.name);
      at("results-body").hidden = false;
      this.#watch(classroom.presence_channel);
    } catch (fault) {
      if (current()) at("results-title").textContent = SCHOOL.notShown;
      throw fault;
    }
  }

  close() {
    this.#line?.stop();
    this.#line = this.#here = this.#asked = null;
    for (const timer of [this.#soon, this.#saying]) clearTimeout(timer);
    this.#soon = this.#saying = null;
    this.#answers = new ClassAnswers();
    at("results-said").textContent = "";
    showLink("");
  }

  clear() {
    for (const id of ["pupils-head", "pupils-rows", "questions"]) at(id).replaceChildren();
  }

  #watch(room) {
    this.#line = new ClassLine(this.#door.service, { room, own: `private-user-${this.#door.user.id}` }, {
      link: showLink,
      here: (found) => this.#present(found),
      answer: (data) => this.#answered(data),
      again: () => this.#again(),
      trouble,
    });
    this.#line.start();
  }

  // ---- answers ----

  #answered(data) {
    if (data.class_id !== this.#asked.class_id || data.content_id !== this.#asked.content_id) return;
    if (this.#reading) this.#early.push(data);
    const known = this.#answers.asks(data.question_id) && this.#answers.pupils.has(data.user_id);
    if (!this.#answers.take(data)) return;
    this.#draw();
    // The commonest wrong answer, and names in their order, are the server's to say.
    if (!data.correct || !known) this.#soon ??= setTimeout(() => this.#refresh(), SOON_MS);
  }

  /** Read what there is now; what another has asked for earlier may lack something of it. */
  #again() {
    const read = this.#reads.then(() => this.#read());
    this.#reads = read.catch(() => {});
    return read;
  }

  async #refresh() {
    this.#soon = null;
    try {
      await this.#again();
    } catch {
      // Where the server is away the line says so, and reads it all when it is back.
    }
  }

  async #read() {
    const asked = this.#asked;
    if (asked === null) return;
    this.#early = [];
    this.#reading = true;
    try {
      const results = await this.#door.service.call("GET", this.#path());
      if (asked !== this.#asked) return;
      this.#answers.read(results);
      this.#early.forEach((data) => this.#answers.take(data));
      this.#draw();
    } finally {
      this.#reading = false;
    }
  }

  #path(more = "") {
    const { class_id, content_id } = this.#asked;
    return `/api/v1/attempts/results?content_id=${content_id}&class_id=${class_id}${more}`;
  }

  // ---- who is there ----

  #present(found) {
    this.#here = found;
    const joined = [...(found?.keys() ?? [])].some((id) => id !== this.#asked.owner_id && !this.#answers.pupils.has(id));
    if (joined) this.#soon ??= setTimeout(() => this.#refresh(), SOON_MS);
    this.#draw();
  }

  // ---- what is seen ----

  /** Once for all that came since the last picture. */
  #draw() {
    this.#drawn ??= requestAnimationFrame(() => {
      this.#drawn = null;
      if (this.#asked === null) return;
      const answers = this.#answers;
      const here = (id) => this.#here?.has(id) ?? false;
      const present = this.#here === null ? null : [...answers.pupils.keys()].filter(here).length;
      at("results-sum").textContent = SCHOOL.sum(answers.sum, present);
      redraw(at("pupils-head"), pupilsHead(answers));
      redraw(at("pupils-rows"), [...answers.pupils.keys()].map((id) => pupilRow(answers, id, here(id))));
      redraw(at("questions"), answers.questions.map((question) => questionItem(answers, question)));
      at("results-state").textContent = answers.pupils.size === 0 ? SCHOOL.noPupils : "";
      this.#saying ??= setTimeout(() => {
        this.#saying = null;
        at("results-said").textContent = at("results-sum").textContent;
      }, SAY_MS);
    });
  }

  async #csv(by) {
    const answer = await this.#door.service.fetch(this.#path(`&format=csv&by=${by}`));
    const url = URL.createObjectURL(await answer.blob());
    await save(url, `results-by-${by}.csv`);
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}
