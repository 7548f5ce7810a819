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
export const size = (bytes) => (bytes < 1000 ? `${bytes} bytes` : `${Math.round(bytes / 1000)} kB`);

export const KINDS = {
  hook: "Beginning",
  vocabulary: "Words",
  explanation: "Explanation",
  activity: "Activity",
  check: "Check",
  exit_ticket: "Exit ticket",
};

export const QUESTIONS = {
  multiple_choice: "multiple choice",
  true_false: "true or false",
  fill_blank: "fill in",
  matching: "matching",
  ordering: "ordering",
  short_answer: "short answer",
  numeric: "number",
};

export const DIFFICULTIES = { easy: "easy", medium: "medium", hard: "hard", expert: "expert" };

/** A lesson as it is read. */
export const LESSON = {
  loading: "One moment",
  fetching: "The lesson is being fetched …",
  missing: "This lesson is not here",
  missingWhy: "It is not finished yet, has been deleted, or is not shared with you. Ask whoever gave you its address.",
  failed: "The lesson could not be fetched",
  pupils: "Your account reads lessons on the page Learn; this page is for those who teach.",
  learn: "Open it there",
  about: (lesson, summary) =>
    [
      lesson.subject,
      `grade ${lesson.grade_level}`,
      count(summary.duration_minutes, "minute", "minutes"),
      count(summary.lesson_sections, "part", "parts"),
      count(summary.quiz_questions, "question", "questions"),
    ].join(" · "),
  version: (number) => `version ${number}`,
  look: "Please look at",
  plan: "The lesson",
  words: "Words to learn",
  quiz: "The quiz",
  coverage: "What serves which objective",
  download: "Download",
  minutes: (n) => count(n, "minute", "minutes"),
  serves: (numbers) => `for ${numbers.length === 1 ? "objective" : "objectives"} ${numbers.join(", ")}`,
  teacher: "for you alone",
  fromText: (index) => `Sentence ${index + 1} of the text, word for word`,
  fromTexts: (indexes) => `Sentences ${indexes.map((index) => index + 1).join(", ")} of the text, word for word`,
  around: "Words around the text",
  written: "Written by hand",
  noWords: "This lesson has no words to learn.",
  noMeaning: "The text does not say what it means.",
  noQuestions: "The quiz has no question.",
  question: (place) => `Question ${place}`,
  section: (title) => `the part “${title}”`,
  word: (term) => `the word “${term}”`,
  gone: "something that is not here any more",
  options: "To choose from",
  right: "right",
  answer: "Answer",
  order: "In this order",
  pairs: "Pairs",
  accepted: "Counts as well",
  exactly: "exactly",
  within: (tolerance) => `up to ${tolerance} more or less counts`,
  why: "Why",
  source: "Source",
  noSource: "No sentence of the text has this answer.",
  objective: "Objective",
  noObjective: "none",
  objectiveAt: (place, title) => `${place}. ${title}`,
  difficulty: "Difficulty",
  parts: "Parts",
  questions: "Questions",
  noPart: "no part",
  noQuestion: "no question",
  gaps: (rows) => `${count(rows, "objective has", "objectives have")} a gap. It is named in the table.`,
  noGaps: "Every objective has a part of the lesson and a question.",
};

/** Changing a lesson. */
export const EDIT = {
  edit: "Edit",
  editing: (name) => `Edit: ${name}`,
  whole: "the title",
  another: "Another",
  remove: "Remove",
  addQuestion: "Add a question",
  addSentence: "Add a sentence",
  addOption: "Add an answer to choose from",
  addPair: "Add a pair",
  save: "Save",
  leave: "Leave it as it was",
  title: "Title",
  minutes: "Minutes",
  minutesHint: "1 to 240",
  sentences: "Sentences",
  sentence: (place) => `Sentence ${place}`,
  teacher: "For you alone; pupils do not see it",
  takeAway: "Take away",
  takeAwaySentence: (place) => `Take away sentence ${place}`,
  takeAwayOption: (place) => `Take away answer ${place}`,
  takeAwayPair: (place) => `Take away pair ${place}`,
  term: "Word",
  meaning: "Meaning",
  meaningHint: "Empty where none is to be said",
  kind: "Kind of question",
  question: "Question",
  blankHint: "The blank is five low lines: _____",
  options: "Answers; mark the right one",
  option: (place) => `Answer ${place}`,
  isRight: (place) => `Answer ${place} is the right one`,
  trueFalse: (language) =>
    ({ es: ["Verdadero", "Falso"], de: ["Richtig", "Falsch"] })[language.split("-")[0]] ?? ["True", "False"],
  answer: "Answer",
  numberHint: "Digits, with a decimal point and a minus sign if need be",
  accepted: "Counts as well",
  acceptedHint: "One a line",
  tolerance: "How far off still counts",
  unit: "What is counted",
  unitHint: "Such as metres; may be empty",
  order: "What to put in order",
  orderHint: "One a line, in the right order; pupils get them mixed",
  prompt: (place) => `Pair ${place}`,
  partner: (place) => `Partner of ${place}`,
  pairs: "Pairs; pupils get the partners mixed",
  why: "Why the answer is right",
  difficulty: "Difficulty",
  objective: "Objective",
  place: (text) => text.replace(/number (\d+): /, (_, place) => `number ${Number(place) + 1}: `),
  saving: "Saving …",
  saved: (number) => `Saved as version ${number}. Undo takes it back.`,
  same: "Nothing was changed.",
  removed: (number) => `Removed, and saved as version ${number}. Undo brings it back.`,
  made: (number) => `Made anew, and saved as version ${number}. Undo brings the former back.`,
  making: "Looking through the text for another …",
  undone: (number) => `Undone: the lesson is as it was before. This is version ${number}.`,
  redone: (number) => `Done again. This is version ${number}.`,
  restored: (from, number) => `Version ${from} is taken up again, as version ${number}.`,
  undo: (what) => `Undo: ${what}`,
  redo: (what) => `Do again: ${what}`,
  nothingToUndo: "Undo: there is nothing to undo",
  nothingToRedo: "Do again: nothing was undone",
  noOther:
    "The text carries no other one that neither repeats what stays nor gives any of it away. Change it by hand, or leave it.",
  notSaved: (why) => `Not saved, and what you wrote is still here. ${why}`,
  lookAtFields: "Not saved: please look at what is marked.",
  changedByYou: (what) => `You changed this lesson meanwhile: ${what}.`,
  changedByOther: (what) => `Somebody else changed this lesson meanwhile: ${what}.`,
  notMine: "Nothing of yours is saved yet, and nothing of it is lost: it stands in the fields below. What is there now:",
  isGone: "What you were changing was taken away. Saving puts yours in as a new one.",
  mine: "Save mine all the same",
  theirs: "Take what is there now",
  shownNow: "You see the lesson as it is now. If you still want your change, make it again.",
};

/** Versions of a lesson. */
export const VERSIONS = {
  kinds: { generated: "made from the text", edited: "edited", regenerated: "made anew", restored: "restored" },
  line: (number, kind) => `Version ${number}: ${VERSIONS.kinds[kind] ?? kind}`,
  again: (number) => `version ${number} again`,
  you: "by you",
  other: "by somebody else",
  now: "as it is now",
  look: "Look",
  restore: "Restore",
  lookAt: (number) => `Look at version ${number}`,
  restoreTo: (number) => `Restore version ${number}`,
  more: "Show earlier ones",
  looking: (number) => `You look at version ${number}. It cannot be changed here.`,
  back: "Back to the lesson as it is now",
};

/** Sharing. */
export const SHARING = {
  what: (title) => `“${title}”: whoever you share it with reads it and takes the quiz; nobody but you shares or deletes it.`,
  running: "Whoever you share it with follows it while it is made, and has it when it is ready.",
  roles: { viewer: "may read", editor: "may edit" },
  noClass: "You have no class yet. Make one on the page School.",
  looking: "Looking with whom it is shared …",
  nobody: "Nobody but you sees it.",
  user: (name) => name ?? "an account that is gone",
  classroom: (name) => `Class ${name ?? "that is gone"}`,
  link: (until) => `A link, until ${until}`,
  done: (name, role) => `${name}: ${role}.`,
  linked: "The link is made. It is shown here once: copy it now.",
  copied: "Copied.",
  copyByHand: "It is marked: copy it with Ctrl+C, or with what your device has for it.",
  end: "End",
  endOf: (name) => `End the share: ${name}`,
  ended: (name) => `${name}: ended.`,
  noSuchUser: "Your school has no account of that name. Look at its spelling; you need not ask for the e-mail address.",
};

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
