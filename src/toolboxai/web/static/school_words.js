// Every sentence that the scripts put on the page at /school, in one place.

import { count } from "./words.js";

export const ASK = { no: "Leave it as it is" };

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
  roles: { student: "pupil", teacher: "teacher", parent: "parent", admin: "admin" },
  nobodyFound: "Nobody is found so. Look for a part of the name, in all roles.",
  guest: "joined with a code, has no password",
  disabled: "out of use",
  changeRole: "Role …",
  enable: "Let in again",
  disable: "Take out of use …",
  reset: "New password …",
  remove: "Delete …",
  whatDone: "What they did",
  askRole: (name) => ({ title: `Role of ${name}`, text: "Another role ends all sign-ins of the account.", yes: "Change the role" }),
  askDisable: (name) => ({
    title: `Take ${name} out of use?`,
    text: "All sign-ins end at once, and there are no new ones until you let the account in again. Nothing is deleted.",
    yes: "Take out of use",
  }),
  askRemove: (name) => ({
    title: `Delete ${name}?`,
    text:
      "Lessons, classes, answers and shares of this account go with it, at once and for good. Whoever is only to be kept " +
      "out is taken out of use instead.",
    yes: "Delete the account",
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
  world_begun: "Began a world",
  world_changed: "Stopped a world, or had it built again",
  world_deleted: "Deleted a world",
  script_changed: "Changed a script of a world",
  game_server_added: "Made a token for a running world",
  agent_added: "Registered an agent",
  agent_deleted: "Deleted an agent",
  game_server_revoked: "Revoked the token of a running world",
  plugin_registered: "Registered a plugin for Studio",
  plugin_revoked: "Revoked a plugin",
  plugin_commanded: "Had a plugin do something",
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
