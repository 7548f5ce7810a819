// Keys under which a call may be made again without its effect being had twice.

/** A key that nobody else has. */
export function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is not there on plain http
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
