import { FindingStore } from "../findings/index.ts";
import type { Problem } from "../model/problem.ts";
import type { Ruleset } from "../model/rule.ts";
import type { InlineUnit, UnitResult } from "../model/unit.ts";
import { Pool } from "../pool/index.ts";
import { canariesOf, type Canary } from "../rules/canary.ts";
import { builtinExamples } from "./builtin-rules.ts";
import { withRules, type Prepared } from "./setup.ts";

/** Reported at one of them is reported: an allowlist may have good reasons to leave out a kind of file. */
const paths = ["canary", "src/canary.py", "conf/canary.conf", "lib/canary.ts"];

/**
 * Has a run scan secrets that nobody owns, by the way of all others: keywords, regexes, allowlists, places. Gives what makes a scan that found nothing incomplete:
 * rules or allowlists under which not one of them is reported, so that "nothing found" would mean nothing.
 */
export async function selfTest(
  prepared: Prepared,
  read: (unit: InlineUnit) => Promise<UnitResult>,
): Promise<readonly Problem[]> {
  const canaries = canariesOf(prepared.ruleset, await builtinExamples());
  if (canaries.length === 0) return [];
  const result = await read(unitOf(canaries));
  if (result.interrupted === true || reportsAny(result, prepared.ruleset, prepared)) return [];
  const isHidden = await isSeenWithoutAllowlists(canaries, prepared);
  if (!isHidden && !canaries.some(({ isKnown }) => isKnown)) return [];
  const message = isHidden
    ? "the allowlists of the configuration hide everything, a secret planted by leaktrace too: nothing found means nothing"
    : "the rules miss a secret that leaktrace planted: nothing found means nothing";
  return [{ code: "self-test", effect: "incomplete", target: "", subject: "self-test", message }];
}

function unitOf(canaries: readonly Canary[]): InlineUnit {
  const contents = canaries.map(({ text }, i) => ({ place: `canary ${i}`, bytes: Buffer.from(`${text}\n`) }));
  return { kind: "inline", target: "", weight: contents.reduce((sum, { bytes }) => sum + bytes.length, 0), contents };
}

function reportsAny({ hits }: UnitResult, ruleset: Ruleset, { compile }: Prepared): boolean {
  const store = new FindingStore({ ruleset, compile });
  for (const hit of hits) {
    store.addHit(hit);
    for (const path of paths) store.addSighting({ content: hit.content, origin: { kind: "file", path } });
  }
  return store.findings().length > 0;
}

async function isSeenWithoutAllowlists(canaries: readonly Canary[], prepared: Prepared): Promise<boolean> {
  if (prepared.ruleset.allowlists.length === 0) return false;
  const ruleset = { ...prepared.ruleset, allowlists: [] };
  await using pool = new Pool({ ...(await withRules(prepared.poolOptions, ruleset)), workers: 1 });
  await pool.ready();
  return reportsAny(await pool.run(unitOf(canaries)), ruleset, prepared);
}
