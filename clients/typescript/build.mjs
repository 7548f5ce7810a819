// Each module once as an ES module and once for `require`, with its types beside it. Modules stay apart, so that whoever
// bundles takes only what is used, and an error is of the same class whichever way it was imported.
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, process.argv[2] ?? "dist");
const sources = readdirSync(join(here, "src"), { recursive: true }).filter((name) => name.endsWith(".ts"));

rmSync(out, { recursive: true, force: true });
cpSync(join(here, "..", "..", "LICENSE"), join(out, "LICENSE"));
for (const [format, type] of [
  ["esm", "module"],
  ["cjs", "commonjs"],
]) {
  buildSync({
    absWorkingDir: here,
    entryPoints: sources.map((name) => join("src", name)),
    outbase: "src",
    outdir: join(out, format),
    format,
    target: "es2022",
    sourcemap: false,
  });
  writeFileSync(join(out, format, "package.json"), `{ "type": "${type}", "sideEffects": false }\n`);
}
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
execFileSync(process.execPath, [tsc, "-p", here, "--outDir", join(out, "esm")], { stdio: "inherit" });
for (const name of sources) {
  const types = name.replace(/\.ts$/, ".d.ts");
  cpSync(join(out, "esm", types), join(out, "cjs", types));
}
