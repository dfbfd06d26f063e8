import { readFileSync } from "node:fs";

/** Set by the build; absent when the sources run as they are. */
declare const LEAKTRACE_VERSION: string | undefined;

/** Prints the version, and nothing else. */
export function run(_args: readonly string[]): number {
  process.stdout.write(`${toolVersion()}\n`);
  return 0;
}

/** The version of this program. */
export function toolVersion(): string {
  if (typeof LEAKTRACE_VERSION === "string") return LEAKTRACE_VERSION;
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  const isManifest = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return isManifest && typeof manifest.version === "string" ? manifest.version : "0.0.0";
}
