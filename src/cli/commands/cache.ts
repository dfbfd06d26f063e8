import { ToolError } from "../../model/problem.ts";
import { sanitize } from "../../model/sanitize.ts";
import { bytesText, counted } from "../../report/index.ts";
import { cacheFolder, clearFolder, storedBytes, Store } from "../../store/index.ts";

/** `leaktrace cache show|clear`: what earlier scans left, and getting rid of it. Gives the exit code. */
export async function run(
  args: readonly string[],
  options: { readonly cacheFolder?: string },
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  const { cacheFolder: asked } = options;
  const folder = cacheFolder({ ...(asked === undefined ? {} : { asked }), env, platform: process.platform });
  if (args[0] === "clear") {
    const bytes = await clearFolder(folder);
    say(bytes === 0 ? `nothing to clear in ${folder}` : `${bytesText(bytes)} cleared in ${folder}`);
    return 0;
  }
  if (storedBytes(folder) === 0) {
    say(`${folder}: empty`);
    return 0;
  }
  const store = await Store.open(folder);
  if (typeof store === "string") throw new ToolError("cache", store, { hint: "scans run without a cache" });
  const { path, entries } = store.facts();
  store[Symbol.dispose]();
  say(`${path}: ${bytesText(storedBytes(folder))}`);
  say(`  ${counted(entries.snapshot, "target")} as they were left by their last scan`);
  say(`  ${counted(entries.layer, "layer")} of images, ${counted(entries.document, "document")} of registries`);
  say(`  ${counted(entries.committed, "file")} with secrets, by the commits that brought them`);
  say(`  ${counted(entries.segment, "list")} of clean contents, for ${counted(entries.ruleMarks, "set")} of rules`);
  return 0;
}

function say(line: string): void {
  process.stdout.write(`${sanitize(line)}\n`);
}
