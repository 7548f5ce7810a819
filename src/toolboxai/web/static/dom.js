// The page's elements, found and made.

/** The element with this id. */
export const at = (id) => document.getElementById(id);

/** An element with text and attributes; text never becomes markup. An attribute that is true stands without a value. */
export function make(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  return made;
}

/** Show one of these sections and hide the others; the focus goes to its heading. */
export function show(name, among) {
  for (const id of among) at(id).hidden = id !== name;
  at(`${name}-title`).focus();
}
