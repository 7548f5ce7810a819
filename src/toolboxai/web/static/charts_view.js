// The last ten minutes as charts, kept up to date while they are looked at.

import { LineChart } from "./charts.js";
import { at } from "./dom.js";
import { Rounds, read } from "./rounds.js";
import { CONSOLE } from "./console_words.js";

const WORDS = CONSOLE.charts;
const EVERY_MS = 2000;
const SPAN_S = 600;

const CHARTS = [
  ["connections", [{ name: WORDS.open, value: (point) => point.connections, over: "most" }]],
  [
    "messages",
    [
      { name: WORDS.out, value: (point) => point.messages_out, over: "mean" },
      { name: WORDS.in, value: (point) => point.messages_in, over: "mean" },
      { name: WORDS.publications, value: (point) => point.publications, over: "mean" },
    ],
  ],
  ["p99", [{ name: WORDS.p99, value: (point) => point.p99_ms, over: "most" }]],
  [
    "jobs",
    [
      { name: WORDS.running, value: (point) => point.jobs_running, over: "most" },
      { name: WORDS.waiting, value: (point) => point.jobs_waiting, over: "most" },
      { name: WORDS.finished, value: (point) => point.jobs_finished, over: "sum" },
    ],
  ],
];

export class ChartsView {
  #service;
  #rounds;
  #charts;
  #points = [];
  #next = 0;

  constructor(service, tell) {
    this.#service = service;
    this.#rounds = new Rounds((signal) => this.#round(signal), tell);
    this.#charts = CHARTS.map(([name, lines]) => new LineChart(WORDS.titles[name], lines, SPAN_S));
    at("charts-list").append(...this.#charts.map((chart) => chart.element));
  }

  start() {
    this.#rounds.start();
  }

  stop() {
    this.#rounds.stop();
  }

  clear() {
    this.#points = [];
    this.#next = 0;
    this.#charts.forEach((chart) => chart.show([]));
  }

  async #round(signal) {
    const { items, next } = await read(this.#service, "/api/v1/admin/series", { after: this.#next }, signal);
    if (signal.aborted) return null;
    if (next < this.#next) this.#points = []; // the server has begun anew, and told all it has
    this.#next = next;
    this.#points = [...this.#points, ...items];
    const from = Date.parse(this.#points.at(-1)?.at) - SPAN_S * 1000;
    this.#points = this.#points.filter((point) => Date.parse(point.at) >= from);
    at("charts-none").hidden = this.#points.length > 0;
    this.#charts.forEach((chart) => chart.show(this.#points));
    return EVERY_MS;
  }
}
