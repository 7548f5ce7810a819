// The events of the AsyncAPI document: which channel carries which, what is wrong with a payload, and one that fits.

import { CONSOLE } from "./console_words.js";

const WORDS = CONSOLE.schemas;
const MOST_FAULTS = 8;
const ID = "[A-Za-z0-9_\\-=@,.;]+";

export class EventModels {
  #document;
  #channels;

  /** @param document AsyncAPI 3, as `/asyncapi.json` has it */
  constructor(document) {
    this.#document = document;
    this.#channels = Object.values(document.channels)
      .filter(({ address }) => !address.startsWith("/")) // those are the old sockets
      .map(({ address, messages }) => ({ address, messages, pattern: patternOf(address) }));
  }

  /** The addresses of channels, with names of ids in braces. */
  get addresses() {
    return this.#channels.map(({ address }) => address);
  }

  /** Names of the events that a channel is made for; none where it is no channel of the application. */
  eventsOf(channel) {
    return Object.keys(this.#of(channel)?.messages ?? {});
  }

  /** What is wrong with the data of an event on a channel, a sentence each; null where nothing is known of it. */
  faults(channel, event, data) {
    const payload = this.#payload(channel, event);
    if (payload === null) return null;
    const found = [];
    this.#check(payload, data, "", found);
    return found.slice(0, MOST_FAULTS);
  }

  /** Data that fits, with the ids that the channel's name has; null where nothing is known of it. */
  example(channel, event, now) {
    const payload = this.#payload(channel, event);
    if (payload === null) return null;
    return this.#made(payload, { now, ids: this.#of(channel).pattern.exec(channel).groups ?? {} });
  }

  /** What the data has to have: [{name, kind, needed}]. */
  fields(channel, event) {
    const payload = this.#payload(channel, event);
    if (payload === null) return [];
    const fields = [];
    this.#list(payload, "", fields);
    return fields;
  }

  // ---- what is what ----

  #of(channel) {
    return this.#channels.find(({ pattern }) => pattern.test(channel));
  }

  #payload(channel, event) {
    const named = this.#of(channel)?.messages[event];
    return named === undefined ? null : this.#real(this.#real(named).payload);
  }

  /** What a schema is, behind its reference. */
  #real(schema) {
    let found = schema;
    while (found.$ref !== undefined) {
      const names = found.$ref.slice(2).split("/").map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
      found = names.reduce((place, name) => place[name], this.#document);
    }
    return found;
  }

  #list(schema, prefix, fields) {
    for (const [name, each] of Object.entries(schema.properties ?? {})) {
      const real = this.#real(each);
      const needed = (schema.required ?? []).includes(name);
      if (real.properties !== undefined && prefix === "") this.#list(real, `${name}.`, fields);
      else fields.push({ name: prefix + name, kind: this.#kind(real), needed });
    }
  }

  #kind(schema) {
    const real = this.#real(schema);
    if (real.const !== undefined) return JSON.stringify(real.const);
    if (real.enum !== undefined) return real.enum.map((each) => JSON.stringify(each)).join(WORDS.or);
    const choices = real.anyOf ?? real.oneOf;
    if (choices !== undefined) return [...new Set(choices.map((each) => this.#kind(each)))].join(WORDS.or);
    return [real.type ?? [WORDS.anything]].flat().join(WORDS.or);
  }

  // ---- what fits ----

  #check(schema, value, path, found) {
    const real = this.#real(schema);
    const say = (what) => found.push(WORDS.fault(path || WORDS.data, what));
    const choices = real.anyOf ?? real.oneOf;
    for (const each of real.allOf ?? []) this.#check(each, value, path, found);
    const fits =
      (choices === undefined || choices.some((each) => this.#fits(each, value))) &&
      (real.const === undefined || same(real.const, value)) &&
      (real.enum === undefined || real.enum.some((each) => same(each, value))) &&
      (real.type === undefined || [real.type].flat().some((type) => isA(type, value)));
    if (!fits) return say(WORDS.kind(this.#kind(real)));
    if (typeof value === "number") this.#number(real, value, say);
    if (typeof value === "string") this.#text(real, value, say);
    if (Array.isArray(value)) this.#items(real, value, path, found, say);
    else if (isA("object", value)) this.#properties(real, value, path, found);
  }

  #fits(schema, value) {
    const found = [];
    this.#check(schema, value, "", found);
    return found.length === 0;
  }

  #number(schema, value, say) {
    if (value < schema.minimum) say(WORDS.minimum(schema.minimum));
    if (value > schema.maximum) say(WORDS.maximum(schema.maximum));
    if (value <= schema.exclusiveMinimum) say(WORDS.above(schema.exclusiveMinimum));
    if (value >= schema.exclusiveMaximum) say(WORDS.below(schema.exclusiveMaximum));
  }

  #text(schema, value, say) {
    const length = [...value].length;
    if (length < schema.minLength) say(WORDS.longer(schema.minLength));
    if (length > schema.maxLength) say(WORDS.shorter(schema.maxLength));
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) say(WORDS.pattern(schema.pattern));
    if (schema.format === "date-time" && !(value.includes("T") && Date.parse(value) >= 0)) say(WORDS.time);
  }

  #items(schema, value, path, found, say) {
    if (value.length < schema.minItems) say(WORDS.more(schema.minItems));
    if (value.length > schema.maxItems) say(WORDS.fewer(schema.maxItems));
    if (schema.items) value.forEach((each, index) => this.#check(schema.items, each, `${path}[${index}]`, found));
  }

  #properties(schema, value, path, found) {
    for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) found.push(WORDS.missing(within(path, name)));
    const known = schema.properties ?? {};
    for (const [name, each] of Object.entries(value)) {
      if (Object.hasOwn(known, name)) this.#check(known[name], each, within(path, name), found);
      else if (schema.additionalProperties === false) found.push(WORDS.unknown(within(path, name)));
      else if (isA("object", schema.additionalProperties)) {
        this.#check(schema.additionalProperties, each, within(path, name), found);
      }
    }
  }

  // ---- one that fits ----

  #made(schema, known, name = "") {
    const real = this.#real(schema);
    if (real.const !== undefined) return real.const;
    if (real.enum !== undefined) return real.enum[0];
    const choices = real.anyOf ?? real.oneOf;
    if (choices !== undefined) return this.#made(choices.find((each) => this.#real(each).type !== "null"), known, name);
    switch ([real.type].flat()[0]) {
      case "object": {
        const needed = real.required ?? [];
        return Object.fromEntries(needed.map((each) => [each, this.#made(real.properties[each], known, each)]));
      }
      case "array":
        return Array.from({ length: real.minItems ?? 0 }, () => this.#made(real.items, known, name));
      case "string":
        return text(real, known, name);
      case "integer":
      case "number":
        return real.minimum ?? (real.exclusiveMinimum === undefined ? 0 : real.exclusiveMinimum + 1);
      case "boolean":
        return true;
      default:
        return null;
    }
  }
}

function patternOf(address) {
  const parts = address.split(/\{([a-z_]+)\}/);
  return new RegExp(`^${parts.map((part, index) => (index % 2 === 1 ? `(?<${part}>${ID})` : escaped(part))).join("")}$`);
}

function within(path, name) {
  return path === "" ? name : `${path}.${name}`;
}

/** A text that fits: the id of the channel's name, a time, or what a pattern of plain signs and classes asks for. */
function text({ format, pattern, minLength = 0, maxLength = Infinity }, { ids, now }, name) {
  if (name in ids && new RegExp(pattern ?? "").test(ids[name])) return ids[name];
  if (format === "date-time") return now.toISOString();
  if (pattern === undefined) return name.slice(0, maxLength).padEnd(minLength, "_");
  const least = (_class, sign, _times, times = 1) => sign.repeat(Number(times));
  const made = pattern.replaceAll(/^\^|\$$/g, "").replaceAll(/\[([^\]])[^\]]*\]([*+?]|\{([0-9]+)[^}]*\})?/g, least);
  return made.padEnd(minLength, made.at(-1));
}

function escaped(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function isA(type, value) {
  if (type === "integer") return Number.isInteger(value);
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
