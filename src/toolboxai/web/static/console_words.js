// Every sentence that the scripts put on the page at /console, in one place.

import { clock, count, size } from "./words.js";

export const day = (time) => new Date(time).toLocaleDateString("en-GB", { dateStyle: "medium" });

export const CONSOLE = {
  parts: {
    live: "Live log",
    charts: "Charts",
    connections: "Connections",
    channels: "Channels",
    publish: "Send an event",
    refusals: "Refusals",
    webhooks: "Webhooks",
    migration: "Old sockets",
  },
  link: {
    live: "Live: what you see is what happens now.",
    away:
      "The connection to the server is away. What is shown is how it was; this page keeps looking for the server by itself.",
  },
  listing: {
    reading: "Reading …",
    none: "There is nothing of the kind now.",
    unread: "It could not be read. Try again.",
    old: "This is how it was; it could not be read anew. Try again.",
    unknown: "-",
  },
  feed: {
    kinds: {
      connection: "Connections",
      subscription: "Subscriptions",
      publication: "Publications",
      client_event: "Client events",
      error: "Errors",
      authorisation: "Authorisations",
      webhook: "Webhooks",
    },
    what: ({ kind, detail: { what } }) => FEED_WHAT[`${kind} ${what}`] ?? `${kind.replaceAll("_", " ")}: ${what}`,
    socket: (id) => `connection ${id}`,
    facts: ({ user_id, app_id, bytes, detail }) => [
      ...(user_id === null ? [] : [`user ${user_id}`]),
      ...(app_id === null ? [] : [`app ${app_id}`]),
      ...(bytes === null ? [] : [size(bytes)]),
      ...Object.entries(detail)
        .filter(([name, value]) => name !== "what" && value !== null && value !== "")
        .map(([name, value]) => FEED_FACTS[name]?.(value) ?? `${name.replaceAll("_", " ")} ${value}`),
    ],
    away: (counts, missed, since) =>
      [
        counts.length === 0
          ? ""
          : `Left out since ${clock(since)}, to go easy on the server: ` +
            `${counts.map(([kind, n]) => `${n.toLocaleString("en-GB")} ${CONSOLE.feed.kinds[kind].toLowerCase()}`).join(", ")}.`,
        missed === 0 ? "" : `${count(missed, "entry was", "entries were")} over before this page could read on.`,
      ]
        .filter(Boolean)
        .join(" "),
    shown: (shown, kept) => `${shown === kept ? "" : `${shown} of `}${count(kept, "entry", "entries")}`,
    meanwhile: (n) => `Paused: ${count(n, "entry", "entries")} came meanwhile.`,
    paused: "Paused. What comes meanwhile is counted.",
    pause: "Pause",
    goOn: "Go on",
    noKind: "Nothing is followed: choose what you want to see.",
    noneFits: "None of what is kept here fits. Look for another text, or choose more kinds.",
    opening: "Opening the log …",
    quiet: (since) => `Nothing has happened since ${clock(since)}. Whatever happens next appears here.`,
  },
  charts: {
    titles: {
      connections: "Connections",
      messages: "Messages a second",
      p99: "Delivery, milliseconds",
      jobs: "Lessons in the making",
    },
    open: "open",
    in: "from clients",
    out: "to clients",
    publications: "publications",
    p99: "99 of 100 within",
    running: "running",
    waiting: "waiting",
    finished: "finished",
    legend: (name, now, most) => `${name}: ${now} now, ${most} at most`,
    ago: (seconds) => `${Math.round(seconds / 60)} minutes ago`,
    now: "now",
    table: "As a table",
    tableOf: (title) => `${title}, as a table`,
    time: "Half minute from",
    none: "none",
  },
  connections: {
    title: (id) => `Connection ${id}`,
    app: "App",
    user: "User",
    client: "Client library",
    agent: "User agent",
    transport: "Transport",
    how: ({ transport, protocol }) => (protocol === "" ? transport : `${transport}, protocol ${protocol}`),
    address: "Address",
    since: "Connected since",
    sent: "Published for it",
    rates: ({ events_per_s, bytes_per_s, window_s }) =>
      `${events_per_s} events and ${Math.round(bytes_per_s)} bytes a second, over ${Math.round(window_s)} s`,
    received: "Messages from it",
    buffered: "Buffered",
    behind: (buffered, queued, lagging) =>
      `${buffered} bytes with the system, ${queued} bytes in all${lagging ? "; it reads more slowly than it is written to" : ""}`,
    pong: "Last pong",
    noPong: "none was needed yet",
    heard: "Last sign of life",
    silent: "it gives none",
    ago: (seconds, never) => (seconds === null ? never : `${Math.round(seconds)} s ago`),
    nobody: "not signed in",
    untold: "not told",
    member: "as a member",
    reader: "as a reader",
    refused: ({ channel, status, message }) => `${channel}: ${status}, ${message}`,
    looking: "Looking …",
    gone: "This connection is over: its client has left, or the server has begun anew.",
    ended: "Ended. Its client was told 4009, and stays away until somebody connects it anew.",
  },
  channels: {
    title: (channel, app) => `${channel}, app ${app}`,
    noEvent: "none yet",
  },
  publish: {
    hint: (channel, events, known) => {
      if (channel === "") return "";
      if (events.length === 0) return "No event models belong to this channel: any JSON goes.";
      return known ? "Its data has these fields:" : `On this channel: ${events.join(", ")}.`;
    },
    field: (kind, needed) => `${kind}, ${needed ? "needed" : "may be left out"}`,
    badChannel: "1 to 200 letters, digits and _ - = @ , . ;",
    noEvent: "An event has a name.",
    reserved: "Names that begin with pusher:, pusher_internal: or client- are not for servers.",
    noJson: (said) => `This is no JSON: ${said}`,
    tooLarge: "It has a number that is too large for this page to send unchanged. Send it as a program, or as a text in quotes.",
    unlike: "It is not as the event's model says:",
    notSent: "Nothing was sent. Please look at what is marked below.",
    sent: ({ event, channel }, id) =>
      `Sent: ${event} on ${channel}, ${id === null ? "through another Channels service" : `as publication ${id}`}.`,
    as: (language) => `As ${language}`,
    first: "The program stands here as soon as channel, event and data are good.",
    copied: "Copied.",
    selected: "Selected: copy it with your keyboard.",
  },
  schemas: {
    data: "the data",
    or: " or ",
    anything: "anything",
    fault: (path, what) => `${path} ${what}`,
    missing: (path) => `${path} is missing`,
    unknown: (path) => `${path} is not known`,
    kind: (kind) => `has to be: ${kind}`,
    minimum: (n) => `has to be ${n} or more`,
    maximum: (n) => `may be ${n} at most`,
    above: (n) => `has to be more than ${n}`,
    below: (n) => `has to be less than ${n}`,
    longer: (n) => `has to have ${count(n, "character", "characters")} or more`,
    shorter: (n) => `may have ${count(n, "character", "characters")} at most`,
    pattern: (pattern) => `has to fit ${pattern}`,
    time: "has to be a time such as 2026-01-31T08:00:00Z",
    more: (n) => `has to have ${count(n, "entry", "entries")} or more`,
    fewer: (n) => `may have ${count(n, "entry", "entries")} at most`,
  },
  refusals: {
    ways: { subscription: "subscription", old_socket: "old socket", event_stream: "event stream" },
    who: ({ user_id, role }) => (user_id === null ? "not known" : `${user_id}, ${role}`),
    when: (at, n) => (n === 1 ? at : `${at}, ${n} times in all`),
  },
  webhooks: {
    title: (id) => `Webhook ${id}`,
    states: { pending: "under way", delivered: "delivered", dead: "given up" },
    said: ({ state, attempts }) =>
      state === "pending"
        ? "It is under way; this page looks again every second."
        : `${state === "delivered" ? "Delivered" : "Given up"} after ${count(attempts, "try", "tries")}.`,
    looking: "Looking …",
    last: ({ last_status, last_error }) => last_error ?? (last_status === null ? "none yet" : `status ${last_status}`),
    app: "App",
    url: "Posted to",
    events: "Events",
    channels: "Channels",
    made: "Made",
    attempts: "Tries",
    answer: "Last answer",
    delivered: "Delivered",
    next: "Next try",
  },
  migration: {
    modes: { on: "on", warn: "on, with a warning", off: "off" },
    bars: (values) =>
      `Connections a day over ${count(values.length, "day", "days")}: ${values.at(-1) ?? 0} today, ` +
      `${Math.max(0, ...values)} at most`,
    never: "never",
    others: "not told",
  },
};

const FEED_WHAT = {
  "connection opened": "Connected",
  "connection closed": "Disconnected",
  "subscription subscribed": "Subscribed",
  "subscription unsubscribed": "Unsubscribed",
  "subscription expired": "Subscription expired",
  "publication published": "Published",
  "client_event published": "Client event",
  "error told_client": "Client was told of an error",
  "error slow_consumer": "Slow reader is let go",
  "error connection refused": "Connection refused",
  "error stream refused": "Event stream refused",
  "authorisation allowed": "Authorised",
  "authorisation refused": "Authorisation refused",
  "webhook delivered": "Webhook delivered",
  "webhook failed": "Webhook failed, and is tried again",
  "webhook dead": "Webhook given up",
};

const FEED_FACTS = {
  by: (who) => `by the ${who}`,
  lasted_s: (seconds) => `after ${seconds} s`,
  channels: (n) => `on ${count(n, "channel", "channels")}`,
  handed: (n) => (n === 0 ? "no kept events" : `${count(n, "kept event", "kept events")} handed over`),
  origin: (who) => `by ${who}`,
  publication_id: (id) => `publication ${id}`,
  queued_bytes: (bytes) => `${size(bytes)} queued`,
  reason: (text) => String(text),
  webhook_id: (id) => String(id),
};
