import { resolve, sep } from "node:path";
import type { Origin } from "../../model/content.ts";
import type { Finding } from "../../model/finding.ts";
import type { Progress } from "../../model/observer.ts";
import type { Ruleset } from "../../model/rule.ts";
import { counted, placeLines } from "../../report/index.ts";
import type { LookRow } from "../../review/index.ts";
import type { ScanOptions } from "../options.ts";
import { targetOf, type Target } from "../targets.ts";
import { kindAt } from "./path-kind.ts";
import { imageAtHand } from "./read-image.ts";

/** Rules that a change touches; `all` where an allowlist for all of them changed. */
export type Touched = ReadonlySet<string> | "all";

/** What other rules make of what was scanned. */
export interface Trial {
  readonly vanished: readonly Finding[];
  readonly appeared: readonly Finding[];
  /** Findings of the rules that are touched, of which a place could not be looked at again and no other has them. */
  readonly unknown: number;
  /** What could not be read of the rest. */
  readonly problems: number;
}

/** Targets that are looked at again: a report can name as many files as it has findings. */
const maxTargets = 500;
const shownOfEach = 100;
const tellMs = 200;

/** The rules that two rulesets do not have alike. */
export function touchedRules(before: Ruleset, after: Ruleset): Touched {
  const texts = (ruleset: Ruleset): Map<string, string> =>
    new Map(ruleset.rules.map((rule) => [rule.id, JSON.stringify(rule)]));
  const [old, fresh] = [texts(before), texts(after)];
  const touched = new Set([...old.keys(), ...fresh.keys()].filter((id) => old.get(id) !== fresh.get(id)));
  const lists = (ruleset: Ruleset): readonly string[] => ruleset.allowlists.map((one) => JSON.stringify(one));
  const [had, has] = [new Set(lists(before)), new Set(lists(after))];
  const changed = [
    ...before.allowlists.filter((_, i) => !has.has(lists(before)[i]!)),
    ...after.allowlists.filter((_, i) => !had.has(lists(after)[i]!)),
  ];
  if (changed.some(({ targetRules }) => targetRules.length === 0)) return "all";
  for (const { targetRules } of changed) for (const id of targetRules) touched.add(id);
  return touched;
}

/**
 * Scans again with other rules, those that are touched alone, and compares with what is known. `targets`: what was scanned; beside that, what the places of the findings name and
 * is here. Decisions stand for neither. Ends early when `signal` is aborted.
 */
export async function tryRules(
  options: ScanOptions,
  touched: Touched,
  after: Ruleset,
  asked: {
    readonly targets: readonly string[];
    readonly findings: ReadonlyMap<string, Finding>;
    readonly told: (rows: readonly LookRow[]) => void;
  },
): Promise<Trial> {
  const { findings } = asked;
  const here = createHere();
  const names = namesOf(asked.targets, findings, here);
  const enableRules = touched === "all" ? [] : after.rules.flatMap(({ id }) => (touched.has(id) ? [id] : []));
  const isNothingLeft = touched !== "all" && enableRules.length === 0;
  const observer = createTeller(findings, asked.told);
  const { runScan } = await import("../commands/scan.ts");
  const report =
    names.length === 0 || isNothingLeft
      ? undefined
      : await runScan(
          { targets: names.map((name): Target => targetOf(name, "any")), options: { ...options, enableRules } },
          observer,
        );
  const found = new Map(report?.findings.map((finding) => [finding.fingerprint, finding]));
  const gone = [...findings.values()].filter((finding) => isOf(finding, touched) && !found.has(finding.fingerprint));
  const covers = coverOf(names, here);
  const looked = ({ sightings }: Finding): boolean => isNothingLeft || sightings.every(({ origin }) => covers(origin));
  const vanished = gone.filter(looked);
  // That nothing is found by a few rules says nothing against them.
  const lost = (report?.problems ?? []).filter(({ effect, code }) => effect === "incomplete" && code !== "self-test");
  return {
    vanished,
    appeared: [...found.values()].filter(({ fingerprint }) => !findings.has(fingerprint)),
    unknown: gone.length - vanished.length,
    problems: lost.length,
  };
}

/** The trial for people. */
export function trialRows({ vanished, appeared, unknown, problems }: Trial): readonly LookRow[] {
  const list = (sign: string, tone: LookRow["tone"], findings: readonly Finding[]): LookRow[] => {
    const shown = findings.slice(0, shownOfEach).map(({ masked, rule, sightings: [first] }): LookRow => {
      const place = first === undefined ? "" : placeLines(first)[0];
      return { text: `${sign} ${masked}  ${rule.id}  ${place}`, tone };
    });
    const more = findings.length - shown.length;
    return more > 0 ? [...shown, { text: `${sign} and ${more.toLocaleString("en")} more`, tone }] : shown;
  };
  return [
    {
      text: `${vanished.length.toLocaleString("en")} vanish, ${appeared.length.toLocaleString("en")} appear`,
      tone: "strong",
    },
    ...list("-", "alert", vanished),
    ...list("+", "good", appeared),
    ...(unknown === 0
      ? []
      : [
          {
            text: `${unknown.toLocaleString("en")} of the rule lie where nothing can be read again here: not known`,
            tone: "dim",
          } as const,
        ]),
    ...(problems === 0 ? [] : [{ text: `${counted(problems, "part")} could not be read`, tone: "dim" } as const]),
  ];
}

/** Whether only rules that are touched know a finding: another one would report it still. */
function isOf({ rule, otherRules }: Finding, touched: Touched): boolean {
  return touched === "all" || [rule.id, ...otherRules].every((id) => touched.has(id));
}

/** What is scanned again: the targets that are here, and what lies elsewhere and is here by itself. */
function namesOf(targets: readonly string[], findings: ReadonlyMap<string, Finding>, here: Here): readonly string[] {
  const names = new Set(targets.flatMap((target) => (here.has(target) ? [target] : (imageAtHand([target]) ?? []))));
  const covers = coverOf([...names], here);
  for (const { sightings } of findings.values())
    for (const { origin } of sightings) {
      const name = covers(origin) ? undefined : targetNamed(origin, here);
      if (name !== undefined) names.add(name);
      if (names.size >= maxTargets) return [...names].slice(0, maxTargets);
    }
  return [...names];
}

/** Asks whether an origin lies in one of these targets. */
function coverOf(names: readonly string[], here: Here): (origin: Origin) => boolean {
  const all = new Set(names);
  const folders = names.map((name) => resolve(name) + sep);
  return (origin) => {
    const name = targetNamed(origin, here);
    if (name === undefined) return false;
    if (all.has(name)) return true;
    const path = resolve(name);
    return origin.kind === "file" && folders.some((folder) => path.startsWith(folder));
  };
}

/** What of this machine an origin lies in; undefined where it does not, or lies there no more. */
function targetNamed(origin: Origin, here: Here): string | undefined {
  switch (origin.kind) {
    case "git":
      return here.has(origin.repository) ? origin.repository : undefined;
    case "image":
      return imageAtHand([origin.image]);
    case "file":
      return here.has(origin.path, "file") ? origin.path : undefined;
    case "stdin":
      return undefined;
  }
}

/** What of this machine is there, for as long as one trial takes. */
interface Here {
  /** Whether a path is a file or folder; or a file. */
  has(path: string, kind?: "file"): boolean;
}

/** Asks for each path once: of fifty thousand findings each asks. */
function createHere(): Here {
  const known = new Map<string, ReturnType<typeof kindAt>>();
  return {
    has(path, kind) {
      if (!known.has(path)) known.set(path, kindAt(path));
      const found = known.get(path);
      return found !== undefined && (kind === undefined || found === kind);
    },
  };
}

/** Says now and then how far the scan is. */
function createTeller(findings: ReadonlyMap<string, Finding>, told: (rows: readonly LookRow[]) => void) {
  const appeared = new Set<string>();
  let last = 0;
  return {
    finding: ({ fingerprint }: Finding) => {
      if (!findings.has(fingerprint)) appeared.add(fingerprint);
    },
    problem: () => {},
    progress({ bytesDone, bytesPlanned, target }: Progress) {
      if (Date.now() - last < tellMs) return;
      last = Date.now();
      const share = bytesPlanned > 0 ? ` ${Math.min(99, Math.floor((100 * bytesDone) / bytesPlanned))} %` : "";
      told([{ text: `${target}${share}; ${appeared.size.toLocaleString("en")} appear so far`, tone: "plain" }]);
    },
  };
}
