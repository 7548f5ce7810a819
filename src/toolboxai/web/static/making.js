// A lesson that is being made, as pupils watch it: how far it is, and which stage is at work.

import { at, make } from "./dom.js";
import { LEARN } from "./learn_words.js";
import { LINK, STAGES, STAGE_STATES } from "./words.js";

const MARKS = { waiting: "", working: "…", done: "✓", failed: "!" };

export class Making {
  /** Empty, for a lesson that is watched from its beginning. */
  reset() {
    at("lesson-title").textContent = LEARN.waits;
    at("lesson-facts").textContent = LEARN.soon;
    at("message").textContent = at("said").textContent = at("link").textContent = "";
    at("stages").replaceChildren(...Object.keys(STAGES).map(row));
    this.#percent(0);
    at("making").hidden = false;
  }

  /** How the live connection is. */
  link(state) {
    at("link").dataset.state = state;
    at("link").textContent = LINK[state];
  }

  /** One event, the next in order. */
  event({ type, data, seq }) {
    at("stages").dataset.seq = String(seq);
    if (type === "progress_update") this.#progress(data);
    if (type === "stage_complete") this.#stageDone(data);
    if (type === "error") this.#stopped(data);
  }

  /** The lesson is there: nothing of this is shown any more. */
  done() {
    at("link").textContent = "";
    at("making").hidden = true;
  }

  #progress(data) {
    const waits = data.queue_position !== undefined;
    this.#title(waits ? LEARN.waits : LEARN.works, LEARN.soon);
    this.#percent(data.progress_percent);
    at("message").textContent = data.message;
    for (const { dataset } of at("stages").children) if (dataset.state === "failed") mark(dataset.stage, "waiting");
    if (!waits && state(data.stage) !== "done") mark(data.stage, "working");
  }

  #stageDone(data) {
    mark(data.completed_stage, "done");
    at("said").textContent = LEARN.stageDone(data.completed_stage);
    if (data.next_stage !== null) mark(data.next_stage, "working");
  }

  // Why is for whoever made it.
  #stopped(data) {
    this.#title(LEARN.stopped, LEARN.stoppedWhy);
    at("message").textContent = "";
    at("said").textContent = `${LEARN.stopped}. ${LEARN.stoppedWhy}`;
    if (state(data.details?.stage) !== "done") mark(data.details?.stage, "failed");
  }

  #title(title, facts) {
    at("lesson-title").textContent = title;
    at("lesson-facts").textContent = facts;
  }

  #percent(value) {
    at("progress").value = value;
    at("percent").textContent = `${value} %`;
  }
}

function row(stage) {
  const made = make("li", undefined, { "data-stage": stage, "data-state": "waiting" });
  made.append(
    make("span", MARKS.waiting, { class: "mark", "aria-hidden": "true" }),
    make("span", STAGES[stage]),
    make("span", STAGE_STATES.waiting, { class: "state" }),
  );
  return made;
}

function found(stage) {
  return [...at("stages").children].find((item) => item.dataset.stage === stage);
}

function state(stage) {
  return found(stage)?.dataset.state;
}

function mark(stage, state) {
  const item = found(stage);
  if (item === undefined) return; // a stage of a newer server
  item.dataset.state = state;
  item.querySelector(".mark").textContent = MARKS[state];
  item.querySelector(".state").textContent = STAGE_STATES[state];
}
