// What one generation looks like: bar, stages, events, files. It shows what it is told and decides nothing.

import { at, fill, hide, make, say } from "./dom.js";
import { offer } from "./downloads.js";
import { sentence } from "./trouble.js";
import { FACTS, LINK, RUN, STAGES, STAGE_STATES, clock } from "./words.js";

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
    say("run-title", RUN.looking);
    hide(["going", "cancel", "log", "share-run"]);
  }

  /** There is none, or not for this account. */
  missing() {
    this.#ended = true;
    say("run-title", RUN.missing);
    say("link", "");
    hide("going", false);
    for (const part of at("going").children) part.hidden = part.id !== "message";
    say("message", RUN.missingWhy);
    at("run-title").focus();
  }

  /** Empty, for a generation that begins. */
  reset() {
    this.#ended = false;
    say("run-title", RUN.waiting);
    for (const part of at("going").children) part.hidden = false;
    say(["message", "left", "said", "link", "files", "warning-list", "log-list"], "");
    hide(["result", "warnings", "retry", "writing", "open-lesson"]);
    hide(["going", "cancel", "log", "share-run"], false);
    say("log-count", "0");
    this.#percent(0);
    fill("stages", Object.keys(STAGES).map(row));
    for (const stage of Object.keys(STAGES)) this.#mark(stage, "waiting");
  }

  /** The stage that stopped begins again. */
  retried() {
    if (!this.#ended) return; // it was heard of already
    this.#ended = false;
    say("run-title", RUN.retried);
    say("message", "");
    hide("retry");
    hide(["cancel", "left"], false);
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
    if (state === "away") say("left", ""); // an estimate that nobody renews
  }

  /** One event, the next in order. */
  event({ type, data, seq, timestamp }) {
    say("log-count", String(seq));
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
    hide("writing", false);
    place.scrollTop = place.scrollHeight;
  }

  /** The end that was hoped for: what was made, to be fetched. */
  finished(content) {
    this.#ended = true;
    say("run-title", RUN.done(content.title));
    say("link", "");
    say("message", RUN.made(content.summary));
    offer(this.#service, content, at("files"));
    at("open-lesson").href = `#content=${content.content_id}`;
    fill("warning-list", content.warnings.map((warning) => make("li", warning)));
    hide("warnings", content.warnings.length === 0);
    hide("left");
    hide(["result", "open-lesson"], false);
    at("run-title").focus();
  }

  #progress(data, timestamp) {
    this.retried();
    const waits = data.queue_position !== undefined;
    say("run-title", waits ? RUN.waiting : RUN.working);
    this.#percent(data.progress_percent);
    say("message", data.message);
    // Both times are the server's: this clock may be wrong.
    const left = (Date.parse(data.estimated_completion) - Date.parse(timestamp)) / 1000;
    say("left", left >= 1 ? RUN.left(left) : "");
    if (!waits && this.#state(data.stage) !== "done") this.#mark(data.stage, "working");
  }

  #stageDone(data) {
    const facts = told(data.stage_results);
    hide("writing");
    this.#mark(data.completed_stage, "done", facts);
    say("said", RUN.stageDone(data.completed_stage, facts));
    if (data.next_stage !== null) this.#mark(data.next_stage, "working");
    else say("left", "");
  }

  #failed(data) {
    const again = data.details?.retry_possible === true;
    const cancelled = data.error_code === "GENERATION_CANCELLED";
    this.#ended = true;
    say("run-title", cancelled ? RUN.cancelled : RUN.failed);
    hide(["cancel", "writing", "left"]);
    say("link", "");
    say("message", `${sentence(data.message)} ${again ? RUN.again : RUN.notAgain}`);
    say("said", at("message").textContent);
    if (this.#state(data.details?.stage) !== "done") this.#mark(data.details?.stage, "failed");
    hide("retry", !again);
    at("run-title").focus();
  }

  #complete() {
    hide(["cancel", "left"]);
    say("message", RUN.fetching);
  }

  #percent(value) {
    at("progress").value = value;
    say("percent", `${value} %`);
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

function row(stage) {
  const name = make("span", STAGES[stage]);
  const [state, facts] = ["state", "facts"].map((part) => make("span", "", { class: part }));
  return make("li", [make("span", "", { class: "mark", "aria-hidden": "true" }), name, state, facts], { "data-stage": stage });
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
