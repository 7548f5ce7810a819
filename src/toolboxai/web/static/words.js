// Every sentence that the scripts put on the page, in one place. What a refusal says comes from the server.

export const STAGES = {
  content_analysis: "Read the text",
  lesson_generation: "Build the lesson",
  quiz_generation: "Write the quiz",
  packaging: "Make the files",
};

export const STAGE_STATES = { waiting: "waiting", working: "working", done: "done", failed: "stopped" };

export const LINK = {
  joining: "Connecting for live updates …",
  live: "Live: what you see is what happens now.",
  away:
    "The connection to the server is away. Nothing is lost: what is finished is kept, and this page keeps looking for " +
    "the server by itself.",
  back: "The connection is back. Nothing was missed.",
};

export const RUN = {
  waiting: "Your lesson waits for its turn",
  working: "Your lesson is being made",
  done: (title) => `Ready: ${title}`,
  made: ({ lesson_sections, duration_minutes, quiz_questions }) =>
    `A lesson of ${count(lesson_sections, "part", "parts")} and ${count(duration_minutes, "minute", "minutes")}, ` +
    `a quiz of ${count(quiz_questions, "question", "questions")}.`,
  failed: "Your lesson was not finished",
  retried: "Trying again from the stage that stopped",
  stageDone: (stage, facts) => `${STAGES[stage]}: done. ${facts}`,
  left: (seconds) =>
    seconds < 90 ? `about ${Math.max(1, Math.round(seconds))} seconds left` : `about ${Math.round(seconds / 60)} minutes left`,
  again: "You can try again; what was finished is kept.",
  notAgain: "Trying again would not help. Go back to the text, change it and make the lesson anew.",
};

export const FACTS = {
  concepts_identified: (n) => count(n, "idea", "ideas"),
  difficulty_level: (level) => `difficulty: ${level}`,
  sentences: (n) => count(n, "sentence", "sentences"),
  definitions: (n) => count(n, "definition", "definitions"),
  sections: (n) => count(n, "part", "parts"),
  duration_minutes: (n) => count(n, "minute", "minutes"),
  vocabulary: (n) => count(n, "word to learn", "words to learn"),
  questions: (n) => count(n, "question", "questions"),
  files: (n) => count(n, "file", "files"),
};

export const SHEETS = { teacher: "For you, with the answers", student: "For pupils, without answers" };
/** In this order they are offered. */
export const FORMATS = {
  html: "Web page",
  docx: "Word",
  pdf: "PDF",
  md: "Markdown",
  moodle_xml: "Moodle (XML)",
  gift: "Moodle (GIFT)",
  aiken: "Moodle (Aiken)",
  qti12: "Canvas (QTI 1.2)",
  qti21: "QTI 2.1",
  imscc: "Common Cartridge 1.3",
  csv: "Table (CSV)",
  json: "Data (JSON)",
  zip: "All files (zip)",
};
/** A time as the clock on the wall shows it; with the day where it was not today. */
export function clock(time) {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return today ? at.toLocaleTimeString("en-GB") : at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

export const day = (time) => new Date(time).toLocaleDateString("en-GB", { dateStyle: "medium" });

export const size = (bytes) => (bytes < 1000 ? `${bytes} bytes` : `${Math.round(bytes / 1000)} kB`);

export const DOOR = {
  elsewhere: (label) => `Sign in with ${label}`,
  word: "Write the word delete, or choose Keep it.",
  deleted: "Your account and what belonged to it are deleted.",
};

/** The pages, and one of which permissions an account needs to find them of use. */
export const WAYS = [
  { path: "/", page: "desk", label: "Make a lesson", needs: ["content:generate"] },
  { path: "/learn", page: "learn", label: "Learn", needs: ["content:read"] },
  { path: "/school", page: "school", label: "School", needs: ["class:manage", "users:manage"] },
  { path: "/console", page: "console", label: "Console", needs: ["admin:connections"] },
];

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
    atLeast: (n) => `has to be ${n} or more`,
    atMost: (n) => `may be ${n} at most`,
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
    who: ({ user_id, role }) => `${user_id}, ${role}`,
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

export const TROUBLE = {
  unreachable: "The server does not answer. What you wrote is still here: look at your connection, then try again.",
  signedOut: "Your sign-in has ended. Sign in again to go on; what you wrote is still here.",
  codeUsed:
    "This link does not sign you in: it works once, for ten minutes, and on the machine of the demo only. Start the " +
    "demo anew for another link, or sign in with name and password.",
  notSignedIn:
    "That sign-in took too long, was used already, or was begun in another browser. Begin again from this page.",
  signedOutElsewhere: "You were signed out in another window of this browser. Sign in again to go on.",
  badCode: (kind) =>
    kind === "join"
      ? "This code lets nobody into a class any more, or was not written down right. Ask your teacher for the one that is shown now."
      : "This link leads to no lesson any more. Ask whoever gave it to you for a new one.",
  welcomeUsed:
    "This link was used already, or its three days are over. Ask your school's admin for another, or sign in with your password.",
  signedOutHere:
    "You are signed out in this browser. The server could not be told; its side ends by itself when the sign-in is over.",
  ours: "Something in this page went wrong. Reload it and sign in again; lessons that were begun go on by themselves.",
  wrongPassword: "User name or password is wrong. Look at both and try again, or ask your school's admin for new ones.",
  fields: "Please look at what is marked below.",
  wait: (seconds) => `Please wait ${seconds} seconds, then try again.`,
  report: (id) => `If it stays, tell the people who run this server, and name them ${id}.`,
  noStudents: "Your account may read lessons but not make them. Ask your school's admin if that should change.",
};

export const SAMPLE = {
  subject: "Science",
  grade_level: "6-8",
  duration_minutes: 45,
  num_questions: 10,
  learning_objectives: [
    "Explain how evaporation and condensation move water between the surface and the atmosphere",
    "Describe the main forms of precipitation",
    "Identify where the fresh water of the Earth is found",
  ],
};

function count(n, one, many) {
  return `${n} ${n === 1 ? one : many}`;
}
