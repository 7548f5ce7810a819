/** `true` writes to the console; or a function that takes the lines. */
export type Debug = boolean | ((line: string) => void);

const SECRETS: [RegExp, string][] = [
  [/(\\?"(?:auth|token|[a-z_]*secret|[a-z_]*token|password)\\?"\s*:\s*\\?")[^"\\]+/g, "$1********"],
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
