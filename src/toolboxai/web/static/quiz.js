// A quiz that is taken: one question a screen, what each answer was worth, and at the end how it went.

import { at, make } from "./dom.js";
import { fieldsOf, shown } from "./question_fields.js";
import { QUIZ } from "./learn_words.js";

export const END = "end";

export class Quiz {
  #answers;
  #address;
  #content = null;
  #class = null; // id of the class in which it is taken, or null
  #results = new Map(); // question id -> the newest result, with `ever`: was one right; `at_first`: was the first
  #again = new Set(); // ids of questions that are to be tried once more
  #current = null; // id of the question that is shown, or END
  #fields = null; // of the question that is shown, while it can be answered

  /**
   * @param answers takes what is answered
   * @param address(question id or END): the page's address with it
   */
  constructor(answers, address) {
    this.#answers = answers;
    this.#address = address;
    at("question").addEventListener("submit", (event) => this.#give(event));
    at("skip").addEventListener("click", () => this.#go(this.#following()));
    at("onward").addEventListener("click", () => this.#go(this.#following()));
    at("once-more").addEventListener("click", () => this.#try([this.#current]));
    at("wrong-again").addEventListener("click", () => this.#try(this.#ids().filter((id) => this.#state(id) === "wrong")));
    at("rest").addEventListener("click", () => this.#go(this.#following()));
  }

  /** Take this content's quiz, or go on with it; what was answered before is read once. */
  async open(content, classId) {
    this.#class = classId;
    if (this.#content?.content_id === content.content_id) {
      if (this.#content.revision !== content.revision) this.#fields = null;
      this.#content = content;
      return;
    }
    const results = new Map();
    await this.#answers.read(content.content_id, (id, result) => record(results, id, result));
    this.#content = content;
    this.#results = results;
    this.#again.clear();
    this.#current = this.#fields = null;
  }

  /** Nothing of it is kept. */
  close() {
    this.#content = this.#current = this.#fields = null;
    this.#results = new Map();
    this.#again.clear();
  }

  /** How many questions of the quiz that is open have an answer. */
  get answered() {
    return this.#ids().filter((id) => this.#state(id) !== "open").length;
  }

  /** Show a question, or END; with no such id the first that is not answered. */
  show(id) {
    if (id !== END && !this.#ids().includes(id)) {
      this.#current = null;
      return this.#go(this.#following());
    }
    if (id !== this.#current) this.#fields = null;
    this.#current = id;
    this.#render();
    at("quiz-title").focus();
  }

  /** The server has graded an answer, of this window or another. */
  graded(contentId, id, result) {
    if (contentId !== this.#content?.content_id) return;
    record(this.#results, id, result);
    this.#again.delete(id);
    this.#renewed(id === this.#current);
  }

  /** An answer waits, or waits no more. */
  changed() {
    if (this.#content !== null) this.#renewed(this.#answers.away && this.#waiting(this.#current));
  }

  // ---- where one is ----

  #ids() {
    return this.#content?.quiz.questions.map(({ id }) => id) ?? [];
  }

  #waiting(id) {
    return this.#answers.waiting(this.#content.content_id, id);
  }

  #state(id) {
    if (this.#waiting(id) !== undefined) return "waiting";
    const result = this.#results.get(id);
    if (result === undefined) return "open";
    return result.ever ? "right" : "wrong";
  }

  /** The next to be answered, after the one that is shown and then from the beginning; or END. */
  #following() {
    const ids = this.#ids();
    const ahead = ids.filter((id) => id !== this.#current && (this.#again.has(id) || this.#state(id) === "open"));
    const place = ids.indexOf(this.#current);
    return ahead.find((id) => ids.indexOf(id) > place) ?? ahead[0] ?? END;
  }

  #go(id) {
    history.replaceState(null, "", this.#address(id));
    this.show(id);
  }

  #try(ids) {
    this.#again = new Set(ids);
    this.#fields = null;
    this.#go(ids[0]);
  }

  #give(event) {
    event.preventDefault();
    if (at("question").ariaBusy === "true") return;
    const entry = { content_id: this.#content.content_id, class_id: this.#class, question_id: this.#current };
    this.#answers.give({ ...entry, answer: this.#fields.answer() });
  }

  // ---- what is seen ----

  /** Something is known that was not; `here`: of what is shown. The focus is not left in what goes away. */
  #renewed(here) {
    const before = at("verdict-title").textContent;
    const answering = !at("question").hidden;
    this.#render();
    if (!here || at("quiz").hidden || at("verdict").hidden) return;
    if (answering) at("verdict-title").focus();
    else if (at("verdict-title").textContent !== before) at("quiz-said").textContent = at("verdict-title").textContent;
  }

  #render() {
    const { count, away } = this.#answers;
    at("unsent").textContent = away && count > 0 ? QUIZ.unsent(count) : "";
    at("quiz-progress").max = this.#ids().length;
    at("quiz-progress").value = this.answered;
    const id = this.#current;
    if (id === null) return;
    const question = this.#content.quiz.questions.find((other) => other.id === id);
    const form = question !== undefined && this.#answerable(id);
    at("end").hidden = question !== undefined;
    at("asked").hidden = question === undefined;
    at("question").hidden = !form;
    at("verdict").hidden = form || question === undefined;
    if (question === undefined) return this.#renderEnd();
    at("quiz-title").textContent = QUIZ.place(this.#ids().indexOf(id) + 1, this.#ids().length);
    at("asked").textContent = question.question;
    at("asked").lang = this.#content.lesson.language;
    if (form) this.#renderForm(question);
    else this.#renderVerdict(question);
  }

  #answerable(id) {
    if (this.#waiting(id) !== undefined) return this.#fields !== null && !this.#answers.away;
    return this.#state(id) === "open" || this.#again.has(id);
  }

  #renderForm(question) {
    const sending = this.#waiting(question.id) !== undefined;
    at("question").ariaBusy = String(sending);
    at("question").querySelector("[type=submit]").ariaDisabled = String(sending);
    if (sending) at("quiz-said").textContent = QUIZ.sending;
    if (this.#fields !== null) return; // what is written there stays
    this.#fields = fieldsOf(question, this.#content.lesson.language);
    at("fields").replaceChildren(...this.#fields.parts);
    at("quiz-said").textContent = "";
  }

  #renderVerdict(question) {
    this.#fields = null;
    const waits = this.#waiting(question.id);
    const result = waits ?? this.#results.get(question.id);
    const lang = this.#content.lesson.language;
    const title = at("verdict-title");
    title.textContent = waits === undefined ? verdict(question, result) : QUIZ.kept;
    title.dataset.state = waits !== undefined ? "waiting" : result.correct ? "right" : "wrong";
    const facts = [[QUIZ.yours, shown(question, result.answer, lang)]];
    const { correct, correct_answer: right, rationale } = result;
    if (!correct && right != null) facts.push([QUIZ.correct, shown(question, right, lang)]);
    if (rationale) facts.push([QUIZ.why, [make("span", rationale, { lang })]]);
    if (waits !== undefined) facts.push([QUIZ.kept, [QUIZ.waits]]);
    at("verdict-facts").replaceChildren(...facts.flatMap(([term, told]) => [make("dt", term), described(told)]));
    at("once-more").hidden = waits !== undefined || correct;
    at("onward").textContent = this.#following() === END ? QUIZ.toEnd : QUIZ.next;
  }

  #renderEnd() {
    const ids = this.#ids();
    const of = (state) => ids.filter((id) => this.#state(id) === state);
    const [right, open] = [of("right").length, of("open").length];
    const first = ids.filter((id) => this.#results.get(id)?.at_first).length;
    const said = [QUIZ.score(right, ids.length)];
    if (first !== right) said.push(QUIZ.first(first));
    if (open > 0) said.push(QUIZ.open(open));
    at("quiz-title").textContent = QUIZ.end;
    at("end-said").textContent = said.join(" ");
    at("end-list").replaceChildren(...this.#content.quiz.questions.map((question) => this.#line(question)));
    at("wrong-again").hidden = of("wrong").length === 0;
    at("rest").hidden = open === 0;
  }

  #line(question) {
    const state = this.#state(question.id);
    const line = make("li", undefined, { "data-state": state });
    line.append(
      make("a", question.question, { href: this.#address(question.id), lang: this.#content.lesson.language }),
      make("span", QUIZ.states[state], { class: "state" }),
    );
    return line;
  }
}

function described(parts) {
  const made = make("dd");
  made.append(...parts);
  return made;
}

function record(results, id, result) {
  const before = results.get(id);
  results.set(id, {
    ...result,
    ever: result.correct || before?.ever === true,
    at_first: before === undefined ? result.correct : before.at_first,
  });
}

function verdict(question, { correct, score }) {
  if (correct) return QUIZ.right;
  const of = question.type === "matching" ? question.prompts.length : question.options.length;
  const hits = Math.round(score * of);
  return ["matching", "ordering"].includes(question.type) && hits > 0 ? QUIZ.partly(hits, of) : QUIZ.wrong;
}
