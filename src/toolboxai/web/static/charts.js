// Lines and bars, drawn by ourselves. A picture is never the only way to a number: each comes with words or a table.

import { make } from "./dom.js";
import { CONSOLE } from "./console_words.js";
import { clock } from "./words.js";

const WORDS = CONSOLE.charts;
const WIDTH = 600; // of a picture's own measure; the page stretches it
const HEIGHT = 150;
const ROW_S = 30; // of the table

/**
 * Numbers over time: a figure with a legend, a picture and a table.
 * @param lines [{name, value(point) => number | null, over: "mean" | "most" | "sum", unit}]: one or more of one measure
 */
export class LineChart {
  #lines;
  #spanS;
  #points = [];
  #legend;
  #most;
  #picture;
  #table;
  #rows;

  constructor(title, lines, spanS) {
    this.#lines = lines;
    this.#spanS = spanS;
    this.#legend = make("p", undefined, { class: "legend" });
    this.#most = make("span", "0");
    this.#picture = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
    this.#rows = make("tbody");
    this.#table = make("details");
    const [caption, plot, top, bottom] = [make("figcaption"), make("div", undefined, { class: "plot" }), ...axes()];
    caption.append(make("h4", title), this.#legend);
    top.append(this.#most);
    bottom.append(make("span", WORDS.ago(spanS)), make("span", WORDS.now));
    plot.append(top, this.#picture, bottom);
    this.#table.append(make("summary", WORDS.table), scrolled(title, this.#lines, this.#rows));
    this.#table.addEventListener("toggle", () => this.#fill());
    this.element = make("figure");
    this.element.append(caption, plot, this.#table);
    this.#picture.setAttribute("aria-label", title);
  }

  /** @param points oldest first, each with `at`, a time */
  show(points) {
    this.#points = points;
    const values = this.#lines.map(({ value }) => points.map(value));
    const most = ceiling(Math.max(0, ...values.flat().map(Number)));
    this.#most.textContent = number(most);
    this.#legend.replaceChildren(...this.#lines.map((line, which) => this.#told(line, which, values[which])));
    this.#picture.setAttribute("aria-label", this.#legend.textContent);
    this.#picture.replaceChildren(
      ...[0.25, 0.5, 0.75].map((part) => draw("path", { class: "grid", d: `M0 ${HEIGHT * part}H${WIDTH}` })),
      ...values.map((each, which) => draw("path", { class: `line line-${which}`, d: this.#path(each, most) })),
    );
    this.#fill();
  }

  #told(line, which, values) {
    const known = values.filter((value) => value !== null);
    const told = make("span", undefined, { class: `key key-${which}` });
    const most = known.length > 0 ? Math.max(...known) : null;
    told.textContent = WORDS.legend(line.name, number(values.at(-1) ?? null), number(most));
    return told;
  }

  #path(values, most) {
    const times = this.#points.map(({ at }) => Date.parse(at) / 1000);
    const from = times.at(-1) - this.#spanS;
    let path = "";
    let open = false; // whether the point before has a value: a gap is no line
    values.forEach((value, index) => {
      if (value !== null) {
        const [x, y] = [((times[index] - from) / this.#spanS) * WIDTH, HEIGHT - (value / most) * HEIGHT];
        path += `${open ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}${open ? "" : "h0.5"}`;
      }
      open = value !== null;
    });
    return path;
  }

  #fill() {
    if (!this.#table.open) return;
    const parts = new Map(); // begin of each half minute => its points
    for (const point of this.#points) {
      const begin = Math.floor(Date.parse(point.at) / 1000 / ROW_S) * ROW_S;
      parts.set(begin, [...(parts.get(begin) ?? []), point]);
    }
    const rows = [...parts].reverse().map(([begin, points]) => {
      const row = make("tr");
      row.append(make("th", clock(begin * 1000), { scope: "row" }));
      row.append(...this.#lines.map((line) => make("td", number(summed(line, points)))));
      return row;
    });
    this.#rows.replaceChildren(...rows);
  }
}

/** Small bars, one for each value, and what they say. */
export function bars(values, label) {
  const picture = draw("svg", { viewBox: `0 0 ${values.length * 4} 24`, preserveAspectRatio: "none", class: "bars" });
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", label);
  const most = Math.max(1, ...values);
  values.forEach((value, index) => {
    const height = value === 0 ? 0.5 : Math.max(2, (value / most) * 24);
    picture.append(draw("rect", { x: index * 4, y: 24 - height, width: 3, height }));
  });
  return picture;
}

function draw(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function axes() {
  return [make("p", undefined, { class: "axis" }), make("p", undefined, { class: "axis" })];
}

function scrolled(title, lines, rows) {
  const box = make("div", undefined, { class: "scroll", tabindex: "0", role: "region" });
  box.ariaLabel = WORDS.tableOf(title);
  const [table, head, names] = [make("table"), make("thead"), make("tr")];
  names.append(make("th", WORDS.time, { scope: "col" }), ...lines.map(({ name }) => make("th", name, { scope: "col" })));
  head.append(names);
  table.append(head, rows);
  box.append(table);
  return box;
}

function summed({ value, over }, points) {
  const known = points.map(value).filter((each) => each !== null);
  if (known.length === 0) return null;
  if (over === "most") return Math.max(...known);
  const sum = known.reduce((one, other) => one + other, 0);
  return over === "sum" ? sum : sum / known.length;
}

/** A round number that nothing stands above. */
function ceiling(most) {
  if (most <= 0) return 1;
  const step = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].find((times) => times * step >= most) * step;
}

function number(value) {
  if (value === null) return WORDS.none;
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en-GB");
  return String(Number(value.toPrecision(2)));
}
