// The sentences of the page of worlds. What is said of a world elsewhere too stands in plan_words.js.

import { WORLD_STATES } from "./plan_words.js";

export const THEMES = {
  classroom: "Classroom",
  laboratory: "Laboratory",
  outdoor: "Outdoors",
  historical: "Historical",
  futuristic: "Futuristic",
  underwater: "Under water",
  space_station: "Space station",
  fantasy: "Fantasy",
};

export const SIZES = { small: "Small", medium: "Medium", large: "Large", xlarge: "Very large" };

export const COMPONENTS = { terrain: "Land", buildings: "Rooms and ways", scripts: "Scripts and files" };

/** By the state that the server gives a component: what is shown, and said. */
export const COMPONENT_STATES = {
  pending: ["waiting", "waiting"],
  in_progress: ["working", "being built"],
  complete: ["done", "done"],
  failed: ["failed", "failed"],
  skipped: ["skipped", "not wanted"],
};

/** In this order they are offered. */
export const WORLD_FORMATS = {
  rbxlx: "Place for Roblox Studio (rbxlx)",
  rbxmx: "Model to insert (rbxmx)",
  rojo: "Rojo project (zip)",
  bundle: "Bundle for a plugin (JSON)",
  zip: "All files, with sums (zip)",
};

export const KINDS = { server: "runs on the server", client: "runs at each player", module: "is used by others" };

/** The list, and the form to begin one. */
export const WORLDS = {
  none: "You have had no world built yet.",
  nothing: "Nothing is shared with you. Ask your teacher for the link to a world.",
  facts: ({ status, theme, size, progress }, at) => {
    const percent = status === "generating" ? ` ${progress} %.` : "";
    return `${WORLD_STATES[status]}${percent} ${THEMES[theme] ?? theme}, ${(SIZES[size] ?? size).toLowerCase()} · ${at}`;
  },
  noLesson: "No lesson: a world without boards and stations",
  wholeNumber: "Write a whole number.",
};

/** One world. */
export const WORLD = {
  looking: "Looking for the world …",
  missing: "This world is not here",
  missingWhy: "There is none at this address, or it is not shared with you. Ask whoever gave you its address.",
  about: ({ theme, size, seed, max_players: players, revision }) =>
    [THEMES[theme] ?? theme, SIZES[size] ?? size, `seed ${seed}`, `${players} players at most`, `build ${revision}`].join(" · "),
  state: WORLD_STATES,
  part: (component, state) => `${COMPONENTS[component] ?? component}: ${state}.`,
  failed: (component, why) => (component === null ? why : `${COMPONENTS[component] ?? component}: ${why}`),
  retry: { failed: "Build again what failed", cancelled: "Go on building" },
  again: "Trying again can help: only what failed is built, what is done is kept.",
  notAgain: "Trying again would not help. Build it anew with another seed, theme or size.",
  code: (code, component) => [code, component].filter(Boolean).join(", "),
  old: (revision) => `These are of build ${revision}, until the new ones are ready.`,
  fetch: (name, bytes) => `${name}, ${bytes}`,
  sum: "SHA-256",
  atRoblox: (id) => `At Roblox it is ${id}.`,
  script: ({ script_type: kind, parent }) => `${KINDS[kind] ?? kind}, in ${parent}`,
  same: "Nothing is other than it was. Choose another seed, theme or size, or take the lesson as it is now.",
  share: "Share the world",
  shares: (title) =>
    `“${title}”: whoever you share it with sees how it is built and its plan. Teachers can read its scripts and fetch its ` +
    "files, in which the answers stand; those who may edit it change scripts and build it anew.",
};

/** One of its scripts. */
export const SCRIPT = {
  back: (name) => `Back to the world ${name}`,
  about: ({ script_type: kind, parent, revision }, bytes) =>
    `${KINDS[kind] ?? kind}, in ${parent} · revision ${revision} · ${bytes}`,
  editable: "Luau. It is compiled and looked through before it is saved, and never run here.",
  notYours: "You can read it. Who built the world changes it, and whoever may edit it.",
  notReady: "It can be changed when the world is ready.",
  missing: "This script is not in the world",
  missingWhy: "It belongs to another world, or to an earlier build. Go back and choose one of the list.",
  saving: "It is compiled and looked through …",
  saved: (revision) => `Saved as revision ${revision}; the files to download have it.`,
  same: "Nothing was other than it is, so nothing was saved.",
  restored: (number, revision) => `Revision ${number} is taken up again, as revision ${revision}.`,
  refused: "Not saved. Please look at what was found:",
  told: "Saved. Please look at what was found, too:",
  line: (line, text) => `Line ${line}: ${text}`,
  why: (message, advice) => `${message}. ${advice}`,
  risk: { true: (text) => `Not allowed: ${text}`, false: (text) => `To think about: ${text}` },
  go: (line) => `Go to line ${line}`,
  conflict: (revision) =>
    `Somebody saved revision ${revision} meanwhile. Yours is not saved: it stands beside what is there now. Put both together, ` +
    "or choose one.",
  mine: "Save mine over it",
  theirs: "Take what is there now",
  save: "Save",
  leave: "Leave it as it was",
  unsaved: "What you wrote in the script is not saved. Leave it?",
  newer: (revision) => `Revision ${revision} was saved meanwhile; you see both when you save.`,
  kinds: { generated: "as it was built", edited: "edited", restored: "taken up again" },
  revision: ({ revision, kind }) => `Revision ${revision}: ${SCRIPT.kinds[kind] ?? kind}`,
  of: (at, build, you) => `${at}, build ${build}, by ${you ? "you" : "somebody else"}`,
  now: "This is how it is now.",
  changes: "What it changed",
  changesOf: (revision) => `What it changed: revision ${revision}`,
  noChanges: "Nothing but the number.",
  restore: "Take it up again",
  restoreOf: (revision) => `Take it up again: revision ${revision}`,
};
