/** `true` writes to the console; or a function that takes the lines. */
export type Debug = boolean | ((line: string) => void);

// As toolboxai.client masks them.
const SECRETS: [RegExp, string][] = [
  // A member of JSON, also of JSON inside of JSON: the quote that ends it has the backslashes of the one that began. Without
  // a lookbehind, since browsers that know none would not load the module.
  [
    /(\\*)"([a-z_-]*(?:auth|authorization|token|secret|password|api_?key))\1"(\s*:\s*)\1"(?:(?:[^]*?[^\\])??\1"|[^]*)/gi,
    '$1"$2$1"$3$1"********$1"',
  ],
  [/([?&][a-z_]*(?:token|secret|key)=)[^&\s"\\]+/gi, "$1********"],
  [/\b(Bearer\s+)\S+/gi, "$1********"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "********"],
];

/** The line without tokens and signatures. */
export function masked(line: string): string {
  return SECRETS.reduce((text, [pattern, instead]) => text.replace(pattern, instead), line);
}

/** Where debug lines go. They are made only where somebody reads them. */
export function debugLines(debug: Debug): (line: () => string) => void {
  if (debug === false) return () => {};
  const write = debug === true ? (line: string) => console.debug(`toolboxai-client: ${line}`) : debug;
  return (line) => write(masked(line()));
}
