// What is said of a world wherever one is shown: on its own page and on that of its lesson.

/** How a world is, by the status that the server gives it. */
export const WORLD_STATES = {
  queued: "It waits for its turn.",
  generating: "It is being built.",
  ready: "It is ready.",
  failed: "It could not be built.",
  cancelled: "You stopped it.",
};

export const PLAN = {
  inWords: (title) => `${title} in words`,
  of: (name, status, percent) => `${name}: ${WORLD_STATES[status]} ${percent} %`,
  open: "Open the world",
  build: "Build a world from this lesson",
};
