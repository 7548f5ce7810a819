// What one generation looks like: bar, stages, events, files. It shows what it is told and decides nothing.

import { at, make } from "./dom.js";
import { offer } from "./downloads.js";
import { FACTS, LINK, RUN, STAGES, STAGE_STATES } from "./words.js";

const MARKS = { waiting: "", working: "…", done: "✓", failed: "!" };

export class RunView {
  #ended = false; // whether it has stopped or is done: the connection is nobody's concern then
  #link = "joining";
  #words = 0; // of what is being written, how many characters came

  #service;

  /** @param service from which the files come */
  constructor(service) {
    this.#service = service;
  }

  /** Nothing is known of it yet. */
  looking() {
    this.reset();
    at("run-title").textContent = RUN.looking;
    for (const id of ["going", "cancel", "log", "share-run"]) at(id).hidden = true;
  }

  /** There is none, or not for this account. */
  missing() {
    this.#ended = true;
    at("run-title").textContent = RUN.missing;
    at("link").textContent = "";
    at("going").hidden = false;
    for (const part of at("going").children) part.hidden = part.id !== "message";
    at("message").textContent = RUN.missingWhy;
    at("run-title").focus();
  }

  /** Empty, for a generation that begins. */
  reset() {
    this.#ended = false;
    at("run-title").textContent = RUN.waiting;
    for (const part of at("going").children) part.hidden = false;
    for (const id of ["message", "left", "said", "link"]) at(id).textContent = "";
    for (const id of ["result", "warnings", "retry", "writing", "open-lesson"]) at(id).hidden = true;
    for (const id of ["going", "cancel", "log", "share-run"]) at(id).hidden = false;
    for (const id of ["files", "warning-list", "log-list"]) at(id).replaceChildren();
    at("log-count").textContent = "0";
    this.#percent(0);
    at("stages").replaceChildren(...Object.keys(STAGES).map((stage) => this.#row(stage)));
  }

  /** The stage that stopped begins again. */
  retried() {
    if (!this.#ended) return; // it was heard of already
    this.#ended = false;
    at("run-title").textContent = RUN.retried;
    at("message").textContent = "";
    at("retry").hidden = true;
    at("cancel").hidden = at("left").hidden = false;
    this.link(this.#link);
    for (const row of at("stages").children) if (row.dataset.state === "failed") this.#mark(row.dataset.stage, "waiting");
  }

  /** How the live connection is. */
  link(state) {
    this.#link = state;
    if (this.#ended) return;
    const line = at("link");
    line.dataset.state = state;
    line.textContent = LINK[state];
    if (state === "away") at("left").textContent = ""; // an estimate that nobody renews
  }

  /** One event, the next in order. */
  event({ type, data, seq, timestamp }) {
    at("log-count").textContent = String(seq);
    at("log-list").append(make("li", `${seq} ${clock(timestamp)} ${type} ${gist(type, data)}`, { "data-seq": seq }));
    if (type === "progress_update") this.#progress(data, timestamp);
    if (type === "stage_complete") this.#stageDone(data);
    if (type === "error") this.#failed(data);
    if (type === "generation_complete") this.#complete();
  }

  /** Words that a language model writes just now; what came before somebody looked is not there. */
  words({ text, offset }) {
    const place = at("written");
    if (offset !== this.#words || at("writing").hidden) place.textContent = offset > 0 ? "…" : "";
    this.#words = offset + text.length;
    place.append(text);
    at("writing").hidden = false;
    place.scrollTop = place.scrollHeight;
  }

  /** The end that was hoped for: what was made, to be fetched. */
  finished(content) {
    this.#ended = true;
    at("run-title").textContent = RUN.done(content.title);
    at("link").textContent = "";
    at("message").textContent = RUN.made(content.summary);
    offer(this.#service, content, at("files"));
    at("open-lesson").href = `#content=${content.content_id}`;
    at("warning-list").replaceChildren(...content.warnings.map((warning) => make("li", warning)));
    at("warnings").hidden = content.warnings.length === 0;
    at("left").hidden = true;
    at("result").hidden = false;
    at("open-lesson").hidden = false;
    at("run-title").focus();
  }

  #progress(data, timestamp) {
    this.retried();
    const waits = data.queue_position !== undefined;
    at("run-title").textContent = waits ? RUN.waiting : RUN.working;
    this.#percent(data.progress_percent);
    at("message").textContent = data.message;
    // Both times are the server's: this clock may be wrong.
    const left = (Date.parse(data.estimated_completion) - Date.parse(timestamp)) / 1000;
    at("left").textContent = left >= 1 ? RUN.left(left) : "";
    if (!waits && this.#state(data.stage) !== "done") this.#mark(data.stage, "working");
  }

  #stageDone(data) {
    const facts = told(data.stage_results);
    at("writing").hidden = true;
    this.#mark(data.completed_stage, "done", facts);
    at("said").textContent = RUN.stageDone(data.completed_stage, facts);
    if (data.next_stage !== null) this.#mark(data.next_stage, "working");
    else at("left").textContent = "";
  }

  #failed(data) {
    const again = data.details?.retry_possible === true;
    const cancelled = data.error_code === "GENERATION_CANCELLED";
    this.#ended = true;
    at("run-title").textContent = cancelled ? RUN.cancelled : RUN.failed;
    at("cancel").hidden = at("writing").hidden = true;
    at("link").textContent = "";
    at("left").hidden = true;
    at("message").textContent = `${sentence(data.message)} ${again ? RUN.again : RUN.notAgain}`;
    at("said").textContent = at("message").textContent;
    if (this.#state(data.details?.stage) !== "done") this.#mark(data.details?.stage, "failed");
    at("retry").hidden = !again;
    at("run-title").focus();
  }

  #complete() {
    at("cancel").hidden = at("left").hidden = true;
    at("message").textContent = RUN.fetching;
  }

  #percent(value) {
    at("progress").value = value;
    at("percent").textContent = `${value} %`;
  }

  #row(stage) {
    const row = make("li", undefined, { "data-stage": stage, "data-state": "waiting" });
    row.append(
      make("span", MARKS.waiting, { class: "mark", "aria-hidden": "true" }),
      make("span", STAGES[stage]),
      make("span", STAGE_STATES.waiting, { class: "state" }),
      make("span", "", { class: "facts" }),
    );
    return row;
  }

  #find(stage) {
    return [...at("stages").children].find((row) => row.dataset.stage === stage);
  }

  #state(stage) {
    return this.#find(stage)?.dataset.state;
  }

  #mark(stage, state, facts = "") {
    const row = this.#find(stage);
    if (row === undefined) return; // a stage of a newer server
    row.dataset.state = state;
    row.querySelector(".mark").textContent = MARKS[state];
    row.querySelector(".state").textContent = STAGE_STATES[state];
    row.querySelector(".facts").textContent = facts;
  }
}

function told(results) {
  const facts = Object.keys(FACTS).filter((name) => name in results);
  return facts.map((name) => FACTS[name](results[name])).join(", ");
}

function gist(type, data) {
  if (type === "progress_update") return `${data.progress_percent} % ${data.message}`;
  if (type === "stage_complete") return `${data.completed_stage}: ${told(data.stage_results)}`;
  if (type === "generation_complete") return RUN.made(data.summary);
  return `${data.error_code}: ${data.message}`;
}

function clock(timestamp) {
  return new Date(timestamp).toLocaleTimeString();
}

function sentence(text) {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
