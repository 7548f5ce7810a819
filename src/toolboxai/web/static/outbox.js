// Answers on their way to the server: kept until it has taken them, each sent until it answers, and counted once.

import { Pause, all } from "./patience.js";
import { Refusal, Unreachable, passes } from "./service.js";
import { trouble } from "./trouble.js";

const ANSWER_MS = 20000; // a line that is half there leaves a question unanswered for minutes
const KEPT_MS = 30 * 24 * 3600 * 1000;
const TIME_CHARS = 12; // of a key
const KEY_CHARS = TIME_CHARS + 24;
const KEPT = "toolboxai-answer-"; // then the user's id and the key; one item each, so that windows do not overwrite another's

export class Outbox {
  #service;
  #tell;
  #user = null;
  #waiting = []; // {key, content_id, class_id, question_id, answer}, oldest first
  #sending = false;
  #timer = null;
  #pause = new Pause();
  #windows = new BroadcastChannel("toolboxai-answers"); // of this server in this browser

  /**
   * @param service as whoever is signed in
   * @param tell {graded(content_id, question_id, result), changed(), refused(entry, fault)}; `result` is what the server
   *   says of an answer, with the answer; `changed` when one waits, or waits no more
   */
  constructor(service, tell) {
    this.#service = service;
    this.#tell = tell;
    this.#windows.onmessage = ({ data }) => this.#heard(data);
    addEventListener("online", () => this.#send());
  }

  /** Whose answers these are; what this browser still keeps of theirs is sent now. */
  begin(userId) {
    this.#user = userId;
    const mine = new Set(this.#waiting.map(({ key }) => key));
    this.#waiting.push(...stored(userId).filter(({ key }) => !mine.has(key)));
    this.#tell.changed();
    this.#send();
  }

  /**
   * They are here no more.
   * @param keep whether this browser keeps what still waits, for when they come back
   */
  end(keep) {
    clearTimeout(this.#timer);
    if (!keep) for (const { key } of this.#waiting) storing((store) => store.removeItem(this.#name(key)));
    this.#waiting = [];
    this.#user = null;
  }

  /** The answer that waits for this question, or undefined. */
  waiting(contentId, questionId) {
    return this.#waiting.find((entry) => entry.content_id === contentId && entry.question_id === questionId);
  }

  /** How many wait. */
  get count() {
    return this.#waiting.length;
  }

  /** Whether the last try to send found no answer. */
  away = false;

  /** Hand in one answer. */
  give(entry) {
    const kept = { ...entry, key: randomKey() };
    this.#waiting.push(kept);
    this.#keep(kept);
    this.#tell.changed();
    this.#send();
  }

  /** All of one's own answers to a quiz so far: a function calls `take(question_id, result)` for each, oldest first. */
  async read(contentId, take) {
    const asked = `content_id=${encodeURIComponent(contentId)}&user_id=${encodeURIComponent(this.#user)}`;
    const attempts = await all(this.#service, `/api/v1/attempts?${asked}`);
    for (const attempt of attempts.reverse()) {
      for (const { question_id, ...result } of attempt.answers) take(question_id, result);
    }
  }

  // ---- sending, one after the other ----

  async #send() {
    if (this.#sending || this.#user === null) return;
    clearTimeout(this.#timer);
    this.#sending = true;
    let fault = null;
    const user = this.#user;
    try {
      while (fault === null && this.#waiting.length > 0 && this.#user === user) fault = await this.#one(this.#waiting[0], user);
    } finally {
      this.#sending = false;
    }
    if (this.#user !== user) return void this.#send();
    this.away = fault !== null;
    this.#tell.changed();
    if (fault === null) return;
    if (passes(fault)) this.#timer = setTimeout(() => this.#send(), this.#pause.after(fault));
    else trouble(fault); // nobody is signed in, or a fault of ours: it is sent when somebody comes
  }

  /** Send one; the fault for which it has to wait, or null. */
  async #one(entry, user) {
    const { key, content_id, class_id, question_id, answer } = entry;
    const body = { content_id, class_id, answers: [{ question_id, answer }] };
    try {
      const told = await this.#post(key, body);
      if (this.#user !== user) return null;
      this.#pause.reset();
      this.#drop(entry);
      const [result] = told.items;
      this.#windows.postMessage({ user, key, content_id, question_id, result: { ...result, answer } });
      this.#tell.graded(content_id, question_id, { ...result, answer });
    } catch (fault) {
      if (this.#user !== user) return null;
      if (!(fault instanceof Refusal) || passes(fault) || fault.status === 401) return fault;
      // It may be that the class is not theirs any more, and the lesson is all the same.
      if (fault.status === 404 && class_id !== null) {
        entry.class_id = null;
        this.#keep(entry);
        return null;
      }
      this.#drop(entry);
      this.#tell.refused(entry, fault);
    }
    return null;
  }

  async #post(key, body) {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), ANSWER_MS);
    const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
    try {
      const sent = { method: "POST", headers, body: JSON.stringify(body), signal: late.signal };
      const answer = await this.#service.fetch("/api/v1/attempts", sent);
      return await answer.json().catch((fault) => {
        throw new Unreachable(String(fault));
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #name(key) {
    return `${KEPT}${this.#user}-${key}`;
  }

  #keep(entry) {
    storing((store) => store.setItem(this.#name(entry.key), JSON.stringify(entry)));
  }

  #drop(entry) {
    this.#waiting = this.#waiting.filter((other) => other !== entry);
    storing((store) => store.removeItem(this.#name(entry.key)));
  }

  /** Another window of the same person has had an answer taken. */
  #heard({ user, key, content_id, question_id, result }) {
    if (user !== this.#user) return;
    const mine = this.#waiting.find((entry) => entry.key === key);
    if (mine !== undefined) this.#drop(mine);
    this.#tell.graded(content_id, question_id, result);
  }
}

/** What this browser keeps of a person's answers, in the order in which they were given. */
function stored(userId) {
  const found = [];
  storing((store) => {
    for (const name of Object.keys(store)) {
      if (!name.startsWith(KEPT)) continue;
      const made = parseInt(name.slice(-KEY_CHARS, TIME_CHARS - KEY_CHARS), 16);
      if (Date.now() - made > KEPT_MS) store.removeItem(name); // whosever it is: nobody has come back for it
      else if (name.startsWith(`${KEPT}${userId}-`)) found.push(JSON.parse(store.getItem(name)));
    }
  });
  return found.sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** A browser may keep nothing, or be full: then it is kept as long as the page is open. */
function storing(work) {
  try {
    work(localStorage);
  } catch (fault) {
    console.debug(fault);
  }
}

/** Keys sort by the time at which they were made. */
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12)); // randomUUID is not there on plain http
  const time = Date.now().toString(16).padStart(TIME_CHARS, "0");
  return time + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
