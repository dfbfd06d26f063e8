import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { existsSync, readdirSync, statSync, type Stats } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import {
  loadEngine,
  packedFollow,
  prebuild,
  unpackPrebuilt,
  type Prebuilt,
  type RegexEngine,
} from "../detect/index.ts";
import { loadDeciders, loadDecidersOf, type Decider } from "../findings/index.ts";
import type { Problem } from "../model/problem.ts";
import type { Ruleset } from "../model/rule.ts";
import type { PoolOptions } from "../pool/index.ts";
import { loadRuleset } from "../rules/index.ts";
import { asset } from "../content/asset.ts";
import { builtinRules } from "./builtin-rules.ts";
import { patternFault } from "./load-rules.ts";
import type { ScanOptions } from "./options.ts";
import type { Target } from "./targets.ts";

export interface Prepared {
  readonly ruleset: Ruleset;
  readonly deciders: readonly Decider[];
  /** Compiles a path pattern (RE2 syntax) to a test. */
  readonly compile: (pattern: string) => (text: string) => boolean;
  readonly poolOptions: PoolOptions;
  readonly notes: readonly Problem[];
  /** The regex engine. */
  readonly engine: RegexEngine["name"];
}

/** A larger file, or more of packs, is worth a thread of its own. */
const smallBytes = 1 << 16;
/** More threads than this wait for the disk and for each other. */
const maxWorkers = 16;

/**
 * Loads what a scan needs before its first target: rules, decisions, engine, kernel. `isPart`: of the targets a part is scanned, whatever the options say.
 * Throws ToolError for what is wrong with them.
 */
export async function prepareScan(
  targets: readonly Target[],
  options: ScanOptions,
  { isPart = options.selection !== undefined }: { readonly isPart?: boolean } = {},
): Promise<Prepared> {
  await checkSelection(options);
  const engine = await loadEngine();
  // Before the others are begun: one of them that failed while this is awaited would fail with nobody listening.
  const folder = targets.length === 1 ? await folderOf(targets[0]!) : undefined;
  const loading = loadRuleset({
    ...(options.config === undefined ? {} : { config: options.config }),
    ...(options.draft === undefined ? {} : { draft: options.draft }),
    cwd: process.cwd(),
    env: process.env,
    ...(targets.length === 1 ? { target: targets[0]!.name } : {}),
    enableRules: options.enableRules,
    builtin: builtinRules,
    compile: (pattern) => patternFault(engine, pattern),
  });
  // Its own fault is told by who awaits the rules.
  const isRule = loading.then(({ ruleset }) => ruleTest(ruleset, options)).catch(() => undefined);
  const [loaded, decided, ofTarget, kernel, packed] = await Promise.all([
    loading,
    loadDeciders({
      folders: ["."],
      isRule,
      ...(options.ignorePath === undefined ? {} : { ignorePath: options.ignorePath }),
      ...(options.baselinePath === undefined ? {} : { baselinePath: options.baselinePath }),
    }),
    // What was decided in one repository says nothing about another; a sweep asks each target's folder for that target alone.
    folder === undefined ? { deciders: [], notes: [] } : loadDecidersOf(folder, isRule),
    readFile(asset("kernel.wasm")),
    readShared(asset("kernel.bin")),
  ]);
  const prebuilt = unpackPrebuilt(packed, loaded.ruleset) ?? (await prebuildOwn(loaded.ruleset, packed));
  return {
    ruleset: loaded.ruleset,
    deciders: [
      ...decided.deciders,
      ...ofTarget.deciders,
      ...(options.keeper === undefined ? [] : [options.keeper.decider]),
    ],
    compile: (pattern) => {
      const regex = engine.compile(pattern);
      return (text) => regex.test(text);
    },
    poolOptions: {
      workers: options.workers ?? Math.min(maxWorkers, availableParallelism()),
      ruleset: loaded.ruleset,
      kernel: new WebAssembly.Module(kernel),
      decodeDepth: options.maxDecodeDepth,
      archiveDepth: options.maxArchiveDepth,
      honourInlineAllow: !options.ignoreInlineAllow,
      inherits: options.delta,
      entry: asset("worker.js"),
      layerReader: asset("layer-reader.js"),
      prebuilt,
      // Of several targets those that follow need not scan what the others held.
      listsClean: options.cache || targets.length !== 1,
      expectsLittle: targets.length > 0 && targets.every((target) => mayBeLittle(target, isPart)),
    },
    engine: engine.name,
    notes: [
      ...decided.notes,
      ...ofTarget.notes,
      ...loaded.warnings.map((message) => note("config-invalid", "rules", message)),
      ...(engine.name === "re2"
        ? []
        : [
            note(
              "unsupported",
              "re2",
              "the native regex engine is not installed: scanning is slower (npm rebuild re2)",
            ),
          ]),
    ],
  };
}

/** Tells ids of rules from those of other programs; undefined where that cannot be told, because some rules were left out or all are the user's own. */
export function ruleTest(
  { rules, origin }: Ruleset,
  { enableRules }: Pick<ScanOptions, "enableRules">,
): ((id: string) => boolean) | undefined {
  if (enableRules.length > 0 || !origin.includes("built-in")) return undefined;
  const ids = new Set(rules.map(({ id }) => id));
  return (id) => ids.has(id);
}

/** A file of ours in memory that threads share. */
async function readShared(file: URL): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const bytes = new Uint8Array(new SharedArrayBuffer((await handle.stat()).size));
    for (let filled = 0; filled < bytes.length;) {
      const { bytesRead } = await handle.read(bytes, filled);
      if (bytesRead === 0) throw new Error(`${file.pathname} is shorter than it was`);
      filled += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

/** The same for workers that look for other rules. */
export async function withRules(options: PoolOptions, ruleset: Ruleset): Promise<PoolOptions> {
  return { ...options, ruleset, prebuilt: await prebuildOwn(ruleset, await readShared(asset("kernel.bin"))) };
}

/** With more rules of their own than this, users wait less for slower scans than for a slower start. */
const mostOwnPrograms = 300;
/** A keyword of more rules than this asks all of them wherever it stands: then no start is too slow. */
const sharedKeyword = 64;

/** What the build made serves the built-in rules, also among others; what is missing is made here, once for all workers. */
async function prebuildOwn(ruleset: Ruleset, packed: Uint8Array): Promise<Prebuilt> {
  const { followOf } = await import("../rules/follow-program.ts");
  const uses = new Map<string, number>();
  for (const keyword of ruleset.rules.flatMap(({ keywords }) => keywords))
    uses.set(keyword, (uses.get(keyword) ?? 0) + 1);
  let left = mostOwnPrograms;
  return prebuild(
    ruleset,
    packedFollow(packed, (rule) => {
      const isShared = rule.keywords.some((keyword) => uses.get(keyword)! > sharedKeyword);
      return isShared || left-- > 0 ? followOf(rule) : [];
    }),
  );
}

/** Whether a target may be little, as far as that can be told at once. What of it turns out not to be is scanned by workers, which then begin later. */
function mayBeLittle({ name, as, address }: Target, isPart: boolean): boolean {
  if (as === "image" || as === "stdin" || address !== undefined) return false;
  const facts = factsOf(name);
  if (facts?.isDirectory() !== true) return facts?.isFile() === true && facts.size <= smallBytes;
  // Of a part it is told by its first objects.
  return as === "files" || isPart || packedBytes(name) <= smallBytes;
}

/** What the packs of a repository take, where they lie as they do in most. */
function packedBytes(folder: string): number {
  const packs = [".git/objects/pack", "objects/pack"].map((path) => join(folder, path)).find(existsSync);
  if (packs === undefined || factsOf(packs)?.isDirectory() !== true) return 0;
  let bytes = 0;
  try {
    for (const name of readdirSync(packs)) if (name.endsWith(".pack")) bytes += factsOf(join(packs, name))?.size ?? 0;
  } catch {
    // It cannot be listed: who reads it tells so.
  }
  return bytes;
}

/** Undefined where nothing can be said of it: it is gone, or a link in a circle. What comes of that is told by who reads it. */
function factsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function note(code: Problem["code"], subject: string, message: string): Problem {
  return { code, effect: "note", target: "", subject, message };
}

/** The folder of a target, where it is another one than the current one. */
async function folderOf({ name }: Target): Promise<string | undefined> {
  if (resolve(name) === process.cwd()) return undefined;
  return (await stat(name).catch(() => undefined))?.isDirectory() === true ? name : undefined;
}

/** A selection that is not understood is told before any target is opened. */
async function checkSelection({ selection }: ScanOptions): Promise<void> {
  if (selection?.kind !== "range") return;
  const { readRangeRequest } = await import("../sources/git/range/index.ts");
  readRangeRequest(selection, Date.now() / 1000);
}
