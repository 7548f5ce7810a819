// Fields of a form that come as often as somebody wants: each row can be taken away, and one more be added.

import { make } from "./dom.js";
import { EDIT } from "./lesson_words.js";

/** One text on one line: what was broken over several becomes one. */
export const oneLine = (text) => text.replace(/\s*\n\s*/g, " ").trim();

/** Several texts, one a line. */
export const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** A field: label, control, hint, and the place where its fault is told; prefix and name make its id. */
export function field(prefix, name, label, control, hint = "") {
  const id = `${prefix}-${name}`;
  const described = hint === "" ? `${id}-fault` : `${id}-hint ${id}-fault`;
  for (const [key, value] of Object.entries({ id, name, "aria-describedby": described })) control.setAttribute(key, value);
  const made = make("div", undefined, { class: "field" });
  made.append(make("label", label, { for: id }), control);
  if (hint !== "") made.append(make("p", hint, { class: "hint", id: `${id}-hint` }));
  made.append(make("p", "", { class: "fault", id: `${id}-fault`, hidden: true }));
  return made;
}

/** A control with a value. */
export function input(value, attributes = {}) {
  const made = make("input", undefined, attributes);
  made.value = value;
  return made;
}

/** A field for a longer text. */
export function area(value, rows, attributes = {}) {
  const made = make("textarea", undefined, { rows, ...attributes });
  made.value = value;
  return made;
}

/** A choice; `options` are [value, label]. */
export function choice(value, options, attributes = {}) {
  const made = make("select", undefined, attributes);
  for (const [each, label] of options) made.append(make("option", label, { value: each }));
  made.value = value;
  return made;
}

export class Rows {
  #rows = [];
  #count = 0; // rows so far, also those that were taken away: no name comes twice
  #list = make("div");
  #most;
  #build;
  #title;
  #add;

  /** `build(value, number)` makes {parts: elements, first: its first control, label(place), read(): null when empty}. */
  constructor(values, { legend, add, title, most, build }) {
    this.#most = most;
    this.#build = build;
    this.#title = title;
    this.element = make("fieldset");
    this.#add = make("button", add, { type: "button", class: "quiet" });
    this.#add.addEventListener("click", () => this.add(undefined).first.focus());
    this.element.append(make("legend", legend), this.#list, this.#add);
    for (const value of values) this.add(value);
  }

  /** One more row; returns it. */
  add(value) {
    const row = this.#build(value, this.#count);
    this.#count += 1;
    row.element = make("div", undefined, { class: "row" });
    row.button = make("button", EDIT.takeAway, { type: "button", class: "quiet" });
    row.button.addEventListener("click", () => this.#remove(row));
    row.element.append(...row.parts, row.button);
    this.#rows.push(row);
    this.#list.append(row.element);
    this.#renumber();
    return row;
  }

  /** The rows that hold something, in order. */
  filled() {
    return this.#rows.filter((row) => row.read() !== null);
  }

  /** Every row, in order. */
  all() {
    return [...this.#rows];
  }

  #remove(row) {
    const place = this.#rows.indexOf(row);
    this.#rows.splice(place, 1);
    row.element.remove();
    this.#renumber();
    (this.#rows[place] ?? this.#rows[place - 1])?.first.focus();
    if (this.#rows.length === 0) this.#add.focus();
    this.element.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #renumber() {
    this.#rows.forEach((row, place) => {
      row.label(place + 1);
      row.button.ariaLabel = EDIT.takeAwayOf(this.#title(place + 1));
    });
    this.#add.hidden = this.#rows.length >= this.#most;
  }
}
