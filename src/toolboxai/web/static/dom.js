// The page's elements, found and made.

/** The element with this id. */
export const at = (id) => document.getElementById(id);

/** Set the text of the elements with these ids, one or a list. */
export function say(ids, text) {
  for (const id of [ids].flat()) at(id).textContent = text;
}

/** Hide them; with false show them. */
export function hide(ids, is = true) {
  for (const id of [ids].flat()) at(id).hidden = is;
}

/** Have these parts in the element with this id, and nothing else. */
export const fill = (id, parts) => at(id).replaceChildren(...parts);

/** Have something called when this happens at the element with this id. */
export const on = (id, type, call) => at(id).addEventListener(type, call);

/**
 * An element with content and attributes. Content is a text, or a list of elements and texts; text never becomes markup.
 * An attribute that is true stands without a value.
 */
export function make(tag, content = "", attributes = {}) {
  const made = document.createElement(tag);
  if (Array.isArray(content)) made.append(...content);
  else made.textContent = content;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  return made;
}

/** A button of less weight. */
export function quiet(text, work, attributes = {}) {
  const made = make("button", text, { type: "button", class: "quiet", ...attributes });
  made.addEventListener("click", work);
  return made;
}
