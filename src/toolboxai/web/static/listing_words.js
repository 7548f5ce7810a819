// What is said of lists that are read page by page.

export const LISTING = {
  reading: "One moment …",
  failed: "This could not be read.",
  again: "Try again",
};
