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
  looking: "Looking for the lesson …",
  missing: "This lesson is not here",
  missingWhy: "There is none at this address, it was deleted, or it is not shared with you. Ask whoever gave you the address.",
  fetching: "All is made; one moment …",
  cancelled: "You stopped this lesson",
  waiting: "Your lesson waits for its turn",
  working: "Your lesson is being made",
  done: (title) => `Ready: ${title}`,
  made: ({ lesson_sections, duration_minutes, quiz_questions }) =>
    `A lesson of ${count(lesson_sections, "part")} and ${count(duration_minutes, "minute")}, a quiz of ` +
    `${count(quiz_questions, "question")}.`,
  failed: "Your lesson was not finished",
  retried: "Trying again from the stage that stopped",
  stageDone: (stage, facts) => `${STAGES[stage]}: done. ${facts}`,
  left: (seconds) =>
    seconds < 90 ? `about ${Math.max(1, Math.round(seconds))} seconds left` : `about ${Math.round(seconds / 60)} minutes left`,
  again: "You can try again; what was finished is kept.",
  notAgain: "Trying again would not help. Go back to the text, change it and make the lesson anew.",
};

export const FACTS = {
  concepts_identified: (n) => count(n, "idea"),
  difficulty_level: (level) => `difficulty: ${level}`,
  sentences: (n) => count(n, "sentence"),
  definitions: (n) => count(n, "definition"),
  sections: (n) => count(n, "part"),
  duration_minutes: (n) => count(n, "minute"),
  vocabulary: (n) => count(n, "word to learn", "words to learn"),
  questions: (n) => count(n, "question"),
  files: (n) => count(n, "file"),
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

export const size = (bytes) => (bytes < 1000 ? `${bytes} bytes` : `${Math.round(bytes / 1000)} kB`);

export const DOOR = {
  elsewhere: (label) => `Sign in with ${label}`,
  haveAccount: "I have an account",
  notNow: "Not now",
  word: "Write the word delete, or choose Keep it.",
  deleted: "Your account and what belonged to it are deleted.",
};

/** The pages, and one of which permissions an account needs to find them of use. */
export const WAYS = [
  { path: "/", label: "Make a lesson", needs: ["content:generate"] },
  { path: "/worlds", label: "Worlds", needs: ["roblox:write"] },
  { path: "/learn", label: "Learn", needs: ["content:read"] },
  { path: "/school", label: "School", needs: ["class:manage", "users:manage"] },
  { path: "/console", label: "Console", needs: ["admin:connections"] },
];

export const TROUBLE = {
  unreachable: "The server does not answer. What you wrote is still here: look at your connection, then try again.",
  signedOut: "Your sign-in has ended. Sign in again to go on; what you wrote is still here.",
  codeUsed:
    "This link does not sign you in: it works once, for ten minutes, and on the machine of the demo only. Start the " +
    "demo anew for another link, or sign in with name and password.",
  notSignedIn:
    "That sign-in took too long, was used already, or was begun in another browser. Begin again from this page.",
  signedOutElsewhere: "You were signed out in another window of this browser. Sign in again to go on.",
  badCode: {
    join: "This code lets nobody into a class any more, or was not written down right. Ask your teacher for the one that is shown now.",
    share: "This link leads to no lesson any more. Ask whoever gave it to you for a new one.",
    return: "This link was used already, or its day is over. Ask your teacher for another one.",
  },
  welcomeUsed:
    "This link was used already, or its three days are over. Ask your school's admin for another, or sign in with your password.",
  signedOutHere:
    "You are signed out in this window, and the server could not be told. Reload the page: if you are still in, sign out again.",
  ours: "Something in this page went wrong. Reload it and sign in again; lessons that were begun go on by themselves.",
  wrongPassword: "User name or password is wrong. Look at both and try again, or ask your school's admin for new ones.",
  fields: "Please look at what is marked below.",
  wait: (seconds) => `Please wait ${seconds} seconds, then try again.`,
  report: (id) => `If it stays, tell the people who run this server, and name them ${id}.`,
};

/** A number with its noun. */
export function count(n, one, many = `${one}s`) {
  return `${n} ${n === 1 ? one : many}`;
}
