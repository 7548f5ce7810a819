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
  missingWhy: "There is none at this address, or it belongs to another account. Go back to the text, or to your earlier lessons.",
  fetching: "All is made; one moment …",
  cancelled: "You stopped this lesson",
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
export const size = (bytes) => (bytes < 1000 ? `${bytes} bytes` : `${Math.round(bytes / 1000)} kB`);

export const DOOR = {
  elsewhere: (label) => `Sign in with ${label}`,
  haveAccount: "I have an account",
  notNow: "Not now",
  word: "Write the word delete, or choose Keep it.",
  deleted: "Your account and what belonged to it are deleted.",
};

/** The pupils' page. */
export const LEARN = {
  away: "The server does not answer at the moment. Nothing is lost: this page asks again by itself.",
  mayNot: "Your account may not read lessons. Ask your school's admin if that should change.",
  looking: "Looking …",
  nothing: "Nothing is shared with you yet. Join a class with the code that your teacher shows, or open the link that you were given.",
  noLessons: "No lesson is shared with this class yet. It appears here by itself.",
  ownClass: "This class is yours. What you share with it appears here for its pupils.",
  members: (n) => count(n, "pupil", "pupils"),
  here: (n) => (n === 1 ? "You are the only one here at the moment." : `${n} are here at the moment.`),
  facts: (parts) => parts.filter(Boolean).join(" · "),
  inClass: (name) => `in ${name}`,
  making: "is being made now",
  unfinished: "not finished yet",
  newLesson: (title) => `New: ${title}`,
  goneLesson: "This lesson is not open to you",
  endedLesson: "This lesson is not shared with you any more",
  goneClass: "This class is not open to you",
  whyGone:
    "The link was not written down right, or whoever shared it has ended that. Ask your teacher; what you have answered is kept.",
  whyGoneClass: "You are not in it, or not any more. Ask your teacher for the code, and join it anew.",
  toShelf: "All that is shared with you",
  toClass: "Back to the class",
  waits: "This lesson is about to be made",
  works: "This lesson is being made now",
  soon: "You can watch it; the lesson appears here by itself.",
  stopped: "This lesson was not finished",
  stoppedWhy: "Your teacher can try again. When it goes on, you see it here.",
  stageDone: (stage) => `${STAGES[stage]}: done.`,
  minutes: (n) => count(n, "minute", "minutes"),
  objectives: "What you will learn",
  vocabulary: "Words to know",
  quiz: (n) => count(n, "question", "questions"),
  begin: "Take the quiz",
  goOn: "Go on with the quiz",
  look: "See how it went",
  soFar: (done, n) => `${done} of ${count(n, "question", "questions")} answered`,
};

/** A quiz that is taken. */
export const QUIZ = {
  place: (n, of) => `Question ${n} of ${of}`,
  choose: "Choose one",
  answer: "Your answer",
  number: (unit) => (unit === "" ? "Your answer, a number" : `Your answer, a number (${unit})`),
  pick: "Choose …",
  order: "Put these in order: first above, last below.",
  up: (text) => `Move up: ${text}`,
  down: (text) => `Move down: ${text}`,
  moved: (text, n, of) => `${text} is now number ${n} of ${of}.`,
  sending: "Your answer is on its way …",
  kept: "Your answer is kept",
  right: "Right!",
  wrong: "Not right",
  partly: (hits, of) => `Partly right: ${hits} of ${of}`,
  yours: "Your answer",
  correct: "Right answer",
  why: "Why",
  waits: "It is sent by itself as soon as the server answers. You can go on meanwhile.",
  unsent: (n) =>
    `The server does not answer at the moment. ${n === 1 ? "One answer is" : `${n} answers are`} kept here, and sent by ` +
    "themselves when it does. You can go on.",
  next: "Next question",
  toEnd: "See how it went",
  end: "How it went",
  score: (right, of) => (right === of ? `All ${of} are right. Well done!` : `${right} of ${of} are right.`),
  first: (n) => `At the first try it was ${n}.`,
  open: (n) => `${count(n, "question is", "questions are")} not answered yet.`,
  states: { right: "right", wrong: "not right", waiting: "on its way", open: "not answered" },
  changed: "Your teacher has changed the quiz meanwhile. This is how it is now; please answer again.",
};

/** The pages, and one of which permissions an account needs to find them of use. */
export const WAYS = [
  { path: "/", page: "desk", label: "Make a lesson", needs: ["content:generate"] },
  { path: "/learn", page: "learn", label: "Learn", needs: ["content:read"] },
  { path: "/school", page: "school", label: "School", needs: ["class:manage", "users:manage"] },
  { path: "/console", page: "console", label: "Console", needs: ["admin:connections"] },
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
    "You are signed out in this browser. The server could not be told; its side ends by itself when the sign-in is over.",
  ours: "Something in this page went wrong. Reload it and sign in again; lessons that were begun go on by themselves.",
  wrongPassword: "User name or password is wrong. Look at both and try again, or ask your school's admin for new ones.",
  fields: "Please look at what is marked below.",
  wait: (seconds) => `Please wait ${seconds} seconds, then try again.`,
  report: (id) => `If it stays, tell the people who run this server, and name them ${id}.`,
};

export function count(n, one, many) {
  return `${n} ${n === 1 ? one : many}`;
}
