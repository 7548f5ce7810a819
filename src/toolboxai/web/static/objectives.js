// What pupils shall be able to do: objectives that are proposed, ticked, changed, and added.

import { at, make, on } from "./dom.js";
import { DESK } from "./desk_words.js";

const TICKED = 3; // of those that are proposed first, so that a lesson is one step away

export class Objectives {
  #rows = []; // {place, tick, text, title, level, touched}

  constructor() {
    on("add-objective", "click", () => this.#take());
    on("learning_objectives", "keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // Enter would send the form
      this.#take();
    });
  }

  /** Offer what a text offers; what somebody has ticked, changed or added stays. */
  propose(offered) {
    const kept = this.#rows.filter((row) => row.touched);
    const known = new Set(kept.map((row) => row.title));
    const fresh = offered.filter(({ title }) => !known.has(title)).map((each) => this.#row(each));
    if (!kept.some((row) => row.tick.checked)) for (const row of fresh.slice(0, TICKED)) row.tick.checked = true;
    this.#show([...kept, ...fresh]);
  }

  /** Have these, ticked, and no others. */
  set(titles) {
    this.#show(titles.map((title) => this.#own(title)));
  }

  /** Those that are ticked, as a request has them; one that is still being written counts. */
  get chosen() {
    this.#take();
    return this.#ticked().map(({ text, title, level }) => {
      const now = line(text.value);
      return level !== null && now === title ? { title, bloom_level: level } : now;
    });
  }

  /** Say at each objective what is wrong with it; whether there was something. */
  refused(fields) {
    const ticked = this.#ticked();
    let first = null;
    for (const row of this.#rows) {
      const told = fields[`learning_objectives[${ticked.indexOf(row)}]`];
      const place = row.place.querySelector(".fault");
      place.textContent = told ?? "";
      place.hidden = told === undefined;
      row.text.ariaInvalid = String(told !== undefined);
      if (told !== undefined) first ??= row.text;
    }
    first?.focus();
    return first !== null;
  }

  clear() {
    this.#show([]);
  }

  #ticked() {
    return this.#rows.filter((row) => row.tick.checked && line(row.text.value) !== "");
  }

  #take() {
    const title = line(at("learning_objectives").value);
    at("learning_objectives").value = "";
    if (title !== "") this.#show([...this.#rows, this.#own(title)]);
  }

  #own(title) {
    const row = this.#row({ title, bloom_level: null, sentences: [] });
    row.tick.checked = row.touched = true;
    return row;
  }

  #row({ title, bloom_level: level, sentences }) {
    const tick = make("input", "", { type: "checkbox" });
    const text = make("textarea", "", { rows: 1, maxlength: 300 });
    text.value = title;
    const parts = [make("label", [tick], { class: "tick" }), text];
    if (level !== null) {
      const quotes = sentences.map((sentence) => make("blockquote", sentence));
      parts.push(make("details", [make("summary", DESK.from(level)), ...quotes]));
    }
    parts.push(make("p", "", { class: "fault", hidden: true }));
    const place = make("li", parts, { class: "objective" });
    const row = { place, tick, text, title, level, touched: false };
    tick.addEventListener("change", () => (row.touched = true));
    text.addEventListener("input", () => {
      row.touched = tick.checked = true;
      text.value = text.value.replace(/\n/g, " ");
    });
    return row;
  }

  #show(rows) {
    this.#rows = rows;
    rows.forEach(({ tick, text }, place) => {
      tick.ariaLabel = DESK.take(place + 1);
      text.ariaLabel = DESK.objective(place + 1);
    });
    const stay = new Set(rows.map((row) => row.place));
    for (const place of [...at("objectives").children]) if (!stay.has(place)) place.remove();
    at("objectives").append(...rows.map((row) => row.place).filter((place) => place.parentElement === null));
  }
}

function line(text) {
  return text.replace(/\s+/g, " ").trim();
}
