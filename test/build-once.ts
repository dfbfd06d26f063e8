import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** What the build makes last is as old as the whole of it; missing: there was no build. */
const products = [
  "dist/cli.js",
  "dist/worker.js",
  "dist/kernel.wasm",
  "dist/lzma.wasm",
  "dist/rules.json",
  "dist/rule-notes.json",
  "dist/kernel.bin",
];
const sources = ["src", "patterns", "fixtures", ".ci", "package.json", "bin"];

/** Vitest's global setup: workers, command line and terminals are tested as they ship, so they are built first where a source is newer. */
export default function buildOnce(): void {
  const paths = products.map((product) => join(root, product));
  const built = paths.every(existsSync) ? Math.min(...paths.map((path) => statSync(path).mtimeMs)) : 0;
  if (Math.max(...sources.map((source) => newest(join(root, source)))) <= built) return;
  execFileSync(process.execPath, [join(root, ".ci/build.mjs")], { stdio: "inherit" });
}

/** When the file, or the newest in the folder, was changed. */
function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}
