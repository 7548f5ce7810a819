// A table of what a route lists, page by page.

import { at, make } from "./dom.js";
import { read } from "./rounds.js";
import { act, trouble } from "./trouble.js";
import { CONSOLE } from "./console_words.js";

const WORDS = CONSOLE.listing;

/**
 * Fills the elements `ID-rows` and `ID-none`, and has `ID-more` where there may be another page.
 * Of two questions that are asked at the same time the later one is answered.
 */
export class Listing {
  #service;
  #id;
  #row;
  #path = "";
  #asked = {};
  #cursor = null;
  #turn = 0;

  /** @param row (item) => a row of the table */
  constructor(service, id, row) {
    this.#service = service;
    this.#id = id;
    this.#row = row;
    at(`${id}-more`)?.addEventListener("click", (event) => act(event, at(`${id}-more`), () => this.#page()));
  }

  /** Show what the route lists; returns its whole answer. */
  async load(path, asked) {
    this.#path = path;
    this.#asked = asked;
    this.#cursor = null;
    if (at(`${this.#id}-rows`).childElementCount === 0) this.#say(WORDS.reading);
    return this.#page();
  }

  clear() {
    this.#turn += 1;
    at(`${this.#id}-rows`).replaceChildren();
    this.#say("");
    this.#offer(null);
  }

  async #page() {
    const turn = (this.#turn += 1);
    const first = this.#cursor === null;
    let answer;
    try {
      answer = await read(this.#service, this.#path, { ...this.#asked, cursor: this.#cursor });
    } catch (fault) {
      if (turn === this.#turn && first) this.#say(at(`${this.#id}-rows`).childElementCount > 0 ? WORDS.old : WORDS.unread);
      throw fault;
    }
    if (turn !== this.#turn) return answer;
    const place = at(`${this.#id}-rows`);
    const rows = answer.items.map(this.#row);
    if (first) place.replaceChildren(...rows);
    else {
      place.append(...rows);
      rows[0]?.querySelector("a, button")?.focus();
    }
    this.#say(place.childElementCount === 0 ? WORDS.none : "");
    this.#offer(answer.next_cursor ?? null);
    return answer;
  }

  #say(text) {
    at(`${this.#id}-none`).textContent = text;
    at(`${this.#id}-none`).hidden = text === "";
  }

  #offer(cursor) {
    this.#cursor = cursor;
    const more = at(`${this.#id}-more`);
    if (more !== null) more.hidden = cursor === null;
  }
}

/** Ask anew at once, also while an earlier question is under way: the later one is answered. Trouble is told. */
export function ask(form, load) {
  trouble(null);
  load().catch((fault) => trouble(fault, form));
}

/** The same whenever the form is sent, or one of its choices changes. */
export function asks(form, load) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form, load);
  });
  form.addEventListener("change", ({ target }) => target.matches("select") && ask(form, load));
}

/** The address of one thing in a part of the console. */
export const place = (...parts) => `#${parts.map(encodeURIComponent).join("/")}`;

/** A link to it. */
export const linked = (text, ...parts) => make("a", text, { href: place(...parts) });

/** Names and values of a list of facts. */
export const listed = (facts) => facts.flatMap(([name, value]) => [make("dt", name), make("dd", value)]);

/** A row: the first cell is its heading, and each is a text, an element, or null for what is not known. */
export function cells(first, ...others) {
  const row = make("tr");
  [first, ...others].forEach((content, index) => {
    const cell = index === 0 ? make("th", undefined, { scope: "row" }) : make("td");
    cell.append(content === null || content === "" ? WORDS.unknown : content);
    row.append(cell);
  });
  return row;
}
