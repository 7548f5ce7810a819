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

export const ASK = { no: "Leave it as it is" };

export const LISTING = {
  reading: "One moment …",
  failed: "This could not be read.",
  again: "Try again",
};

export const LINKS = {
  copy: "Copy",
  copied: "Copied.",
  copyByHand: "It is marked: copy it with Ctrl and C, or hold it.",
};

export const SCHOOL = {
  parts: { classes: "Classes", accounts: "Accounts", roster: "Roster", audit: "Audit" },
  reading: "One moment …",
  notShown: "This cannot be shown",

  // classes
  noClasses: "You have no class yet. Make the first one below; then it gets a code by which pupils join.",
  pupils: (n) => count(n, "pupil", "pupils"),
  open: (code) => `open with ${code}`,
  closed: "nobody can join now",
  askClassName: { title: "Rename the class", text: "Its pupils see this name.", yes: "Rename", label: "Name" },
  askDelete: (name) => ({
    title: `Delete ${name}?`,
    text:
      "Nobody is in it any more, and what was shared with it is not shared any more. The accounts of its pupils stay. " +
      "This cannot be undone.",
    yes: "Delete the class",
  }),

  // joining
  until: (day) => `Holds until ${day}.`,
  joinLink: "Link with the code in it",
  board: (name) => `Join ${name}`,
  boardWhere: (host) => `Open ${host} and type this code:`,

  // pupils
  noPupils: "Nobody is in this class yet. Show the code, and pupils appear here.",
  hereNow: "here",
  here: (here, all) => `${here} of ${count(all, "pupil", "pupils")} ${here === 1 ? "is" : "are"} here now.`,
  hereUnknown: "Who is here is not known while there is no live connection.",
  rename: "Rename …",
  linkBack: "Link back",
  takeOut: "Take out …",
  askPseudonym: (name) => ({ title: `Rename ${name}`, text: "The class sees this name. Take one that is made up.", yes: "Rename", label: "Name in this class" }),
  askTakeOut: (name) => ({
    title: `Take ${name} out?`,
    text: "What is shared with the class is theirs no more, at once. Answers that were given are kept.",
    yes: "Take out",
  }),
  linkBackLabel: (name) => `With this link ${name} is back, on any device`,
  linkBackNote: (day) => `It works once, until ${day}. Give it to nobody else: whoever opens it is this pupil.`,

  // lessons
  noLessons: "Nothing is shared with this class yet.",
  answers: "Answers",
  unshare: "Share no more …",
  askUnshare: (title) => ({
    title: `Share ${title} no more?`,
    text: "The class can read it no more, at once. Answers that were given are kept.",
    yes: "Share it no more",
  }),

  // results
  resultsTitle: (lesson, name) => `${lesson}: answers of ${name}`,
  pupil: "Pupil",
  right: "Right",
  question: "Question",
  sum: ({ pupils, begun, answered, right }, here) =>
    `${begun} of ${count(pupils, "pupil", "pupils")} ${begun === 1 ? "has" : "have"} answered: ` +
    `${count(answered, "answer", "answers")}, ${right} right.` +
    (here === null ? "" : ` ${here} ${here === 1 ? "is" : "are"} here now.`),
  rightOf: (right, answered) => `${right} of ${answered}`,
  kinds: {
    open: () => "not answered",
    right: () => "right",
    wrong: () => "wrong",
    partly: (score) => `${Math.round(score * 100)} % right`,
  },
  questionGone: "A question that has left the quiz since",
  answered: (answered, right) => (answered === 0 ? "Nobody has answered yet." : `${count(answered, "answer", "answers")}, ${right} right`),
  commonestWrong: (answer, times) => `Most often instead: ${answer} (${count(times, "time", "times")})`,
  plainAnswer: (answer) => ({ true: "true", false: "false" })[answer] ?? String(answer),

  // accounts
  role: "Role",
  roles: { student: "pupil", teacher: "teacher", admin: "admin" },
  nobodyFound: "Nobody is found so. Look for a part of the name, in all roles.",
  guest: "joined with a code, has no password",
  disabled: "out of use",
  changeRole: "Role …",
  enable: "Let in again",
  disable: "Take out of use …",
  reset: "New password …",
  whatDone: "What they did",
  askRole: (name) => ({ title: `Role of ${name}`, text: "Another role ends all sign-ins of the account.", yes: "Change the role" }),
  askDisable: (name) => ({
    title: `Take ${name} out of use?`,
    text: "All sign-ins end at once, and there are no new ones until you let the account in again. Nothing is deleted.",
    yes: "Take out of use",
  }),
  askReset: (name) => ({
    title: `A new password for ${name}?`,
    text: "The old password is void and all sign-ins end at once. You get a link with which another password is chosen.",
    yes: "Make the link",
  }),
  invited: (name) => `The account of ${name} is made.`,
  wasReset: (name) => `The password of ${name} is void.`,
  welcomeLink: (username) => `Link for ${username}`,
  welcomeNote: (day) => `It is shown this once and works once, until ${day}. Hand it to nobody else.`,

  // roster
  rosterTooLarge: "The file is larger than 1 MB. Make several of it, each with the line of columns at its top.",
  checking: (name) => `Checking ${name} …`,
  making: "Making the accounts …",
  faults: (n, lines) => `${count(n, "fault", "faults")} in ${count(lines, "line", "lines")}`,
  rosterGood: (n) => `The file is good: ${count(n, "person", "people")}`,
  newClasses: (names) =>
    (names.length === 0 ? "No new class." : `New ${names.length === 1 ? "class" : "classes"}: ${names.join(", ")}.`) + " Nothing is made yet.",
  rosterMade: (n) => `${count(n, "account is", "accounts are")} made`,
  linksOnce: (day) =>
    `Each link works once, until ${day}. They are shown this once: print them now. For a link that is lost you make a new ` +
    "password at the account.",
  rosterUnsure:
    "No answer came, so it is not known whether the accounts were made. Look for one of them at Accounts: either all are " +
    "there, or none. If they are there, make a new password for each who needs a link.",
  slipName: (username) => `User name: ${username}`,

  // audit
  nothingDone: "Nothing is found so.",
  noSuchUser: "Nobody of your school has this user name.",
  theOperator: "the operator, or whoever had a link",
  deletedAccount: "an account that is deleted",
  retention: ({ retention_days, audit_days }) =>
    (retention_days === 0
      ? "Lessons, answers and accounts of guests are kept until somebody deletes them."
      : `Lessons, answers and accounts of guests are deleted ${count(retention_days, "day", "days")} after they were last used.`) +
    (audit_days === 0 ? " This list is kept for ever." : ` This list goes back ${count(audit_days, "day", "days")}.`) +
    " Whoever runs this server sets that.",
};

/** What the audit knows, as it is told to an admin. */
export const AUDIT = {
  generated: "Began a lesson",
  edited: "Edited a lesson",
  regenerated: "Had a part of a lesson made anew",
  restored: "Went back to an earlier lesson",
  downloaded: "Downloaded a file",
  linked: "Made a link to a file",
  shared: "Shared",
  unshared: "Ended a share",
  link_redeemed: "Came to something shared by a link",
  class_made: "Made a class",
  class_changed: "Changed a class",
  class_deleted: "Deleted a class",
  class_opened: "Let pupils join a class by a new code",
  class_closed: "Let nobody join a class any more",
  class_joined: "Joined a class",
  member_added: "Took a pupil into a class",
  member_removed: "Took a pupil out of a class",
  member_linked: "Made a link back for a pupil",
  disconnected: "Ended a connection",
  triggered: "Sent an event",
  notified: "Sent a notice to everybody",
  app_created: "Made an app",
  app_changed: "Changed an app",
  app_removed: "Removed an app",
  app_key_added: "Added a key to an app",
  app_key_revoked: "Took a key from an app",
  apps_reloaded: "Had the apps read anew",
  signed_in: "Signed in with the school's account",
  welcomed: "Chose a password with a link",
  account_made: "Made an account",
  account_changed: "Changed an account",
  account_disabled: "Took an account out of use",
  account_enabled: "Let an account in again",
  account_reset: "Made a link for a new password",
  role_changed: "Had another role from the school's own accounts",
  roster_imported: "Made accounts from a roster",
  exported: "Downloaded what is kept of them",
  deleted: "Deleted an account",
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
