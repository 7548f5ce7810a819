// Times as people read them, in the language of their browser.

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** With the day of the week, for what lies ahead. */
export const day = (instant) => DAY.format(new Date(instant));

/** In a list. */
export const short = (instant) => SHORT.format(new Date(instant));
