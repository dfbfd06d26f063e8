/**
 * Completes package-lock.json after `npm install`: adds the native parts of tools for other platforms where the registry at hand does not hold
 * them. npm leaves those out, and `npm ci` then refuses the lock file everywhere. They are optional, pinned by the package that wants
 * them, and installed on their own platform alone.
 *
 *   npm install --package-lock-only && node .ci/complete-lock.mjs
 */
import { readFile, writeFile } from "node:fs/promises";

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(await readFile(path, "utf8"));
const added = [];

for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!/^\d+\.\d+\.\d+$/.test(version) || lock.packages[`node_modules/${name}`] !== undefined) continue;
    lock.packages[`node_modules/${name}`] = { version, ...platformOf(name), dev: true, optional: true };
    added.push(name);
  }
}

const [root, ...rest] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => (a < b ? -1 : 1))]);
await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added.length} packages of other platforms added\n`);

/** `…/binding-linux-arm64-musl` → what npm compares with the machine. */
function platformOf(name) {
  const [, os, cpu, libc] =
    /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x|loong64)(?:-(\w+))?$/.exec(
      name,
    ) ?? [];
  if (os === undefined || cpu === undefined) throw new Error(`${name} does not say which platform it is for`);
  const family = libc?.startsWith("musl") ? "musl" : "glibc";
  return { cpu: [cpu], os: [os], ...(os === "linux" ? { libc: [family] } : {}) };
}
