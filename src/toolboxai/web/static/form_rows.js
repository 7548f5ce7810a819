// Fields of a form, and rows of them that come as often as somebody wants: each can be taken away, and one more be added.

import { make, quiet } from "./dom.js";
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
  const made = make("div", [make("label", label, { for: id }), control], { class: "field" });
  if (hint !== "") made.append(make("p", hint, { class: "hint", id: `${id}-hint` }));
  made.append(make("p", "", { class: "fault", id: `${id}-fault`, hidden: true }));
  return made;
}

/**
 * Fields by the names of the API: {fields: elements, read(): what they hold now}.
 * @param rows [name, label, control, hint?, read?(text)]; without `read` it is a number, or one line
 */
export function fieldsOf(prefix, rows) {
  const plain = ({ type, value }) => (type === "number" ? Number(value) : oneLine(value));
  return {
    fields: rows.map(([name, label, control, hint]) => field(prefix, name, label, control, hint)),
    read: () =>
      Object.fromEntries(rows.map(([name, , control, , read]) => [name, read ? read(control.value) : plain(control)])),
  };
}

/** A control with a value. */
export function input(value, attributes = {}, tag = "input") {
  const made = make(tag, "", attributes);
  made.value = value;
  return made;
}

/** A field for a longer text. */
export const area = (value, rows, attributes) => input(value, { rows, ...attributes }, "textarea");

/** A choice; `options` are [value, label]. */
export function choice(value, options) {
  const made = make("select", options.map(([each, label]) => make("option", label, { value: each })));
  made.value = value;
  return made;
}

/** Something to tick, behind its control: {element, control}. */
export function ticked(type, is, label, attributes = {}) {
  const control = make("input", "", { type, checked: is, ...attributes });
  return { element: make("label", [control, label], { class: "mark" }), control };
}

export class Rows {
  #rows = [];
  #count = 0; // rows so far, also those that were taken away: no name comes twice
  #list = make("div");
  #of; // {title, most, build, fixed}
  #add;

  /**
   * `build(value, number)` makes {parts: elements, of which the first is a field, first: its control, label?(place),
   * read(): null when empty}; none of those that are `fixed` is taken away.
   */
  constructor(values, { legend, add, ...of }) {
    this.#of = of;
    this.#add = quiet(add, () => this.add(undefined).first.focus());
    this.element = make("fieldset", [make("legend", legend), this.#list, this.#add]);
    for (const value of values) this.add(value);
  }

  /** One more row; returns it. */
  add(value) {
    const row = this.#of.build(value, this.#count);
    this.#count += 1;
    row.button = quiet(EDIT.takeAway, () => this.#remove(row));
    row.button.hidden = this.#of.fixed === true;
    row.element = make("div", [...row.parts, row.button], { class: "row" });
    this.#rows.push(row);
    this.#list.append(row.element);
    this.#renumber();
    return row;
  }

  /** The rows that hold something, in order. */
  filled() {
    return this.#rows.filter((row) => row.read() !== null);
  }

  /** The name of the first control. */
  get first() {
    return this.#rows[0]?.first.name;
  }

  #remove(row) {
    const place = this.#rows.indexOf(row);
    this.#rows.splice(place, 1);
    row.element.remove();
    this.#renumber();
    (this.#rows[place]?.first ?? this.#rows[place - 1]?.first ?? this.#add).focus();
  }

  #renumber() {
    this.#rows.forEach((row, place) => {
      const title = this.#of.title(place + 1);
      row.parts[0].firstChild.textContent = title;
      row.label?.(place + 1);
      row.button.ariaLabel = EDIT.takeAwayOf(title);
    });
    this.#add.hidden = this.#rows.length >= this.#of.most;
  }
}
