// The sentences of the desk. What other pages say too stands in words.js.

import { count, size } from "./words.js";

/** Text and wishes. */
export const DESK = {
  noText: "Write or paste a text, or add a file: a lesson is made from one, never invented.",
  lookAtFiles: "Please look at the files: what is said there is not used.",
  sending: "Sending the text …",
  looking: "Looking through the text for subject and objectives …",
  looked: ({ words, language, grade_level, objectives }, known) =>
    [
      `${count(words, "word")}${LANGUAGES[language] ? ` in ${LANGUAGES[language]}` : ""}` +
        `${grade_level === null ? "" : `, as grade ${grade_level} reads it`}.`,
      known ? "" : "Its language was not recognised: choose it under More choices.",
      objectives.length > 0
        ? "What is ticked below is made from the text's own words."
        : "Nothing can be proposed from it: write your own objectives.",
    ]
      .filter(Boolean)
      .join(" "),
  orByHand: "You can write subject and objectives yourself, too.",
  added: (n) => (n === 0 ? "" : `${count(n, "file")} added.`),
  out: (name) => `${name} was taken out.`,
  takeOut: "Take out",
  takeOutOf: (name) => `Take out ${name}`,
  read: (bytes, pages, characters) =>
    [size(bytes), pages > 0 ? count(pages, "page") : "", `${characters.toLocaleString("en")} characters read`]
      .filter(Boolean)
      .join(", ") + ".",
  refused: (text) => `Not used: it ${text}${/[.!?]$/.test(text) ? "" : "."}`,
  unreadable: "Not used: it cannot be opened. If it is a folder, add the files in it; if it was moved, add it again.",
  tooLarge: "Not used: the files would have more than 10 MB together. Take others out, or add one chapter.",
  tooMany: (n) => `Not used: at most ${n} files are taken. Take others out first.`,
  from: (level) => `From the text (${level.replace("ze", "se")})`,
  take: (place) => `Take objective ${place}`,
  objective: (place) => `Objective ${place}`,
};

const LANGUAGES = { en: "English", es: "Spanish", de: "German" };

/** The list of lessons. */
export const EARLIER = {
  looking: "Looking for your lessons …",
  again: "Try again",
  older: "Show older ones",
  shown: (n, more) =>
    n === 0
      ? "You have not had a lesson made yet. Begin with a text, or with the sample."
      : `${count(n, "lesson")}${more ? ", and older ones" : ""}.`,
  facts: ({ status, subject, title, progress_percent: percent }, at) =>
    [EARLIER.states[status]?.(percent) ?? status, title === null ? "" : subject, at].filter(Boolean).join(" · "),
  states: {
    queued: () => "waits for its turn",
    running: (percent) => `is being made, ${percent} %`,
    complete: () => "ready",
    failed: () => "stopped",
    cancelled: () => "you stopped it",
  },
};
