// The versions of a lesson: what undo and redo lead to, and the list from which one is looked at or taken up again.

import { make, quiet } from "./dom.js";
import { LESSON, VERSIONS } from "./lesson_words.js";
import { clock } from "./words.js";

const PAGE = 50;

/**
 * What undo and redo would take up, from the revisions alone, so that a reload changes nothing: the numbers to restore, and
 * those of the revisions that are taken back (`done`) and done again (`undone`), or null.
 */
export function timeline(revisions) {
  const holds = new Map(); // number of a revision -> the one that first held the same
  const past = []; // {same, by}: what was held, and the revision that brought it
  const future = [];
  for (const { revision, restores } of revisions) {
    const same = restores === null ? revision : (holds.get(restores) ?? restores);
    holds.set(revision, same);
    if (restores !== null && past.at(-2)?.same === same) future.push(past.pop());
    else if (restores !== null && future.at(-1)?.same === same) past.push(future.pop());
    else {
      past.push({ same, by: revision });
      future.length = 0;
    }
  }
  const [before, now, next] = [past.at(-2), past.at(-1), future.at(-1)];
  return { undo: before?.same ?? null, redo: next?.same ?? null, done: now?.by ?? null, undone: next?.by ?? null };
}

export class Versions {
  #service;
  #url = "";
  #next = null; // cursor of those before the oldest that is known
  /** Oldest first, as the API answers them. */
  items = [];

  constructor(service) {
    this.#service = service;
  }

  /** Read the newest ones of a content. */
  async load(contentId) {
    const url = `/api/v1/content/${encodeURIComponent(contentId)}/revisions`;
    if (url !== this.#url) this.items = [];
    this.#url = url;
    const page = await this.#service.call("GET", `${url}?limit=${PAGE}`);
    // Of another content meanwhile, or one is known already that is newer.
    if (url !== this.#url || page.items[0].revision < this.items.at(-1)?.revision) return;
    this.items = page.items.reverse();
    this.#next = page.next_cursor;
  }

  /** Read those before. */
  async more() {
    const page = await this.#service.call("GET", `${this.#url}?limit=${PAGE}&cursor=${encodeURIComponent(this.#next)}`);
    this.items = [...page.items.reverse(), ...this.items];
    this.#next = page.next_cursor;
  }

  /** The content as it was. */
  at(number) {
    return this.#service.call("GET", `${this.#url}/${number}`);
  }

  /** Those after a revision. */
  since(number) {
    return this.items.filter(({ revision }) => revision > number);
  }

  /** What a revision changed, in words. */
  said(number, content) {
    const item = this.items.find(({ revision }) => revision === number);
    return item === undefined ? "" : saidOf(item, content);
  }

  /** The list, newest first; the newest content knows the names of its parts, `me` is the id of who looks. */
  list(content, { me, editable, look, restore, more }) {
    const lines = this.items.map((item) => {
      const { revision, kind } = item;
      const note = saidOf(item, content);
      const line = make("li", [make("strong", VERSIONS.line(revision, kind))], { "data-part": `r${revision}` });
      if (note !== VERSIONS.kinds[kind]) line.append(make("p", note));
      const who = item.author_id === me ? VERSIONS.you : VERSIONS.other;
      line.append(make("p", `${clock(item.created_at)}, ${who}`, { class: "hint" }));
      if (revision === content.revision) line.append(make("p", VERSIONS.now, { class: "hint" }));
      else {
        const ways = [way("look", VERSIONS.look, VERSIONS.lookAt(revision), () => look(revision))];
        if (editable) ways.push(way("restore", VERSIONS.restore, VERSIONS.restoreTo(revision), () => restore(revision)));
        line.append(make("div", ways, { class: "ways" }));
      }
      return line;
    });
    const list = make("ol", lines.reverse(), { class: "versions" });
    return this.#next === null ? [list] : [list, quiet(VERSIONS.more, more)];
  }
}

/** A button of a part: its text, and the name that says of which part. */
export function way(name, text, label, work) {
  return quiet(text, work, { "data-way": name, "aria-label": label });
}

/** The note of a revision with names for the ids in it. */
function saidOf({ kind, note, restores }, content) {
  if (restores !== null) return VERSIONS.again(restores);
  if (note === "") return VERSIONS.kinds[kind] ?? kind;
  return note.replace(/\b[qsv]\d+\b/g, (id) => nameOf(id, content));
}

/** What a part is called. */
export function nameOf(id, { lesson, quiz }) {
  const place = quiz.questions.findIndex((question) => question.id === id);
  if (place >= 0) return LESSON.question(place + 1).toLowerCase();
  const section = lesson.sections.find((one) => one.id === id);
  if (section !== undefined) return LESSON.section(section.title);
  const word = lesson.vocabulary.find((one) => one.id === id);
  return word !== undefined ? LESSON.word(word.term) : LESSON.gone;
}
