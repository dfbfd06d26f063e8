import { readFileSync } from "node:fs";
import {
  createDetector,
  instantiateKernel,
  loadEngine,
  packedFollow,
  prebuild,
  unpackPrebuilt,
  type Detector,
  type DetectorOptions,
} from "../../src/detect/index.ts";
import type { Ruleset } from "../../src/model/rule.ts";
import { compileRule } from "../../src/rules/compile.ts";
import { followOf } from "../../src/rules/follow-program.ts";
import type { Random } from "../../src/rules/random.ts";
import { finishRuleset } from "../../src/rules/ruleset.ts";
import type { RuleEntry } from "../../src/rules/toml.ts";

const dist = new URL("../../dist/", import.meta.url);
const kernel = new WebAssembly.Module(readFileSync(new URL("kernel.wasm", dist)));
export const engine = await loadEngine();

/** The rules that the program brings, as the build wrote them. */
export function builtinRuleset(): Ruleset {
  // Written by our own build from checked rules.
  return JSON.parse(readFileSync(new URL("rules.json", dist), "utf8")) as Ruleset;
}

const packed = readFileSync(new URL("kernel.bin", dist));
/** What must stand behind the keywords of a rule: of a built-in one as the build packed it. */
export const followAsPacked = packedFollow(packed, followOf);

/** A ruleset of a few lines, compiled as a user's file is. */
export function rulesetOf(
  rules: readonly (Partial<RuleEntry> & { readonly id: string })[],
  allowlists: Ruleset["allowlists"] = [],
): Ruleset {
  const compiled = rules.map((rule) =>
    compileRule(
      { keywords: [], tags: [], allowlists: [], required: [], examples: [], counterExamples: [], ...rule },
      { policy: "user", file: "test" },
    ),
  );
  return finishRuleset(compiled, allowlists, "test");
}

/** A detector on the built kernel. Takes whatever options the test is about. */
export function detectorOf(ruleset: Ruleset, options: Partial<DetectorOptions> = {}): Detector {
  return createDetector({
    ruleset,
    engine,
    code: instantiateKernel(kernel),
    decodeDepth: 3,
    honourInlineAllow: true,
    prebuilt: unpackPrebuilt(packed, ruleset) ?? prebuild(ruleset, followAsPacked),
    ...options,
  });
}

/** Rules of every reach: with a window, with a wide window, for whole contents, without keywords. */
export const probes: Ruleset = rulesetOf([
  { id: "probe-token", regex: "\\b(prb_[0-9A-Za-z]{30})\\b", keywords: ["prb_"] },
  { id: "probe-assigned", regex: "(?i)probekey[\\w.-]{0,20}[ =:\"']{1,4}([a-z0-9]{24})\\b", keywords: ["probekey"] },
  {
    id: "probe-block",
    regex: "-----BEGIN PROBE-----[\\r\\n]((?:[A-Za-z0-9+/=]{40,240}[\\r\\n]){2})-----END PROBE-----",
    keywords: ["begin probe"],
  },
  { id: "probe-whole", regex: "\\bwhole:([0-9A-F]{32,600})\\b", keywords: ["probe-anywhere"] },
  { id: "probe-always", regex: "\\bnokey-([0-9A-Z]{20})\\b", keywords: [] },
]);

const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A text with a fresh secret for one of the probes. */
export const plants: Readonly<Record<string, (random: Random) => string>> = {
  token: (random) => `prb_${random.chars(alnum, 30)}`,
  assigned: (random) =>
    `probekey_${random.chars("abc", random.integer(9))} = "${random.chars("0123456789abcdefghijklmnopqrstuvwxyz", 24)}"`,
  block: (random) =>
    `-----BEGIN PROBE-----\n${random.chars(alnum, 60)}\n${random.chars(alnum, 40 + random.integer(200))}\n-----END PROBE-----`,
  whole: (random) => `whole:${random.chars("0123456789ABCDEF", 32 + random.integer(300))}`,
  always: (random) => `nokey-${random.chars("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 20)}`,
};
