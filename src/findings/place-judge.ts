import { originPath, type Origin } from "../model/content.ts";
import type { Detection } from "../model/detection.ts";
import type { Allowlist, Confidence, Rule, Ruleset } from "../model/rule.ts";
import { passes } from "../model/score.ts";
import { weighPlace } from "./weigh-place.ts";

/** Makes a matcher of a pattern in RE2 syntax. This room has no regex engine of its own; whoever opens the store gives one. */
export type CompilePattern = (pattern: string) => (text: string) => boolean;

/**
 * What one detection is worth at one place: its confidence there, or undefined where the place says that it is no secret. `crowd`: how many values
 * of the rule lie in the content.
 */
export type PlaceJudge = (rule: Rule, detection: Detection, origin: Origin, crowd: number) => Confidence | undefined;

interface PlaceAllowlist {
  readonly all: boolean;
  readonly commits: ReadonlySet<string>;
  readonly paths: readonly ((text: string) => boolean)[];
  readonly target: Allowlist["regexTarget"];
  readonly regexes: readonly ((text: string) => boolean)[];
  readonly stopwords: readonly string[];
}

/** Confidences of paths remembered by rule; emptied when full, since a hostile tree has any number of paths. */
const maxRemembered = 100_000;

/**
 * The part of judging that needs to know the place: `path` of rules, allowlists with paths or commits (gitleaks' semantics: with `OR`
 * one of the two is enough, with `AND` every part that is present has to agree), and the kind of place.
 * Allowlists without paths and commits were applied by detection already.
 */
export function createPlaceJudge(ruleset: Ruleset, compile: CompilePattern): PlaceJudge {
  const compiled = new Map<string, (text: string) => boolean>();
  const matcher = (pattern: string): ((text: string) => boolean) => {
    let match = compiled.get(pattern);
    if (match === undefined) compiled.set(pattern, (match = compile(pattern)));
    return match;
  };
  const prepare = (list: Allowlist): PlaceAllowlist => ({
    all: list.condition === "AND",
    commits: new Set(list.commits.map((commit) => commit.trim().toLowerCase())),
    paths: list.paths.map(matcher),
    target: list.regexTarget,
    regexes: list.regexes.map(matcher),
    stopwords: list.stopwords.map((word) => word.toLowerCase()),
  });
  const namesPlaces = (list: Allowlist): boolean => list.paths.length > 0 || list.commits.length > 0;
  const ofRule = new Map<string, readonly PlaceAllowlist[]>();
  const listsOf = (rule: Rule): readonly PlaceAllowlist[] => {
    let lists = ofRule.get(rule.id);
    if (lists === undefined) {
      const global = ruleset.allowlists.filter(
        (list) => list.targetRules.length === 0 || list.targetRules.includes(rule.id),
      );
      lists = [...global, ...rule.allowlists].filter(namesPlaces).map(prepare);
      ofRule.set(rule.id, lists);
    }
    return lists;
  };

  const pathMatches = new Map<string, boolean>();
  const matchesPath = (key: string, patterns: readonly ((text: string) => boolean)[], path: string): boolean => {
    if (patterns.length === 0) return false;
    const remembered = `${key}\0${path}`;
    let is = pathMatches.get(remembered);
    if (is === undefined) {
      if (pathMatches.size >= maxRemembered) pathMatches.clear();
      is = patterns.some((matches) => matches(path));
      pathMatches.set(remembered, is);
    }
    return is;
  };

  return (rule, detection, origin, crowd) => {
    const path = originPath(origin);
    // gitleaks asks a member's own name alone; patterns written for the whole path have to work as well.
    const own = origin.member?.slice(origin.member.lastIndexOf("!") + 1);
    const matchesPlace = (key: string, patterns: readonly ((text: string) => boolean)[]): boolean =>
      matchesPath(key, patterns, path) || (own !== undefined && matchesPath(key, patterns, own));
    // A file that its bytes tell is what it is under any name.
    const { path: pattern = "", file } = rule;
    const isAnywhere = pattern === "" || file?.anywhere === true;
    if (!isAnywhere && !matchesPlace(`path ${rule.id}`, [matcher(pattern)])) return undefined;
    const commit = origin.kind === "git" ? (origin.commit?.id ?? origin.object) : "";
    for (const [i, list] of listsOf(rule).entries()) {
      const path_ = path !== "" && matchesPlace(`list ${rule.id} ${i}`, list.paths);
      const commit_ = commit !== "" && list.commits.has(commit);
      if (list.all ? allows(list, detection, path_, commit_) : path_ || commit_) return undefined;
    }
    const { parts, confidence } = weighPlace(rule, detection, origin, crowd);
    return passes(parts.reduce((sum, { bits }) => sum + bits, detection.bits)) ? confidence : undefined;
  };
}

function allows(list: PlaceAllowlist, detection: Detection, path: boolean, commit: boolean): boolean {
  if (list.paths.length > 0 && !path) return false;
  if (list.commits.size > 0 && !commit) return false;
  const text = list.target === "secret" ? detection.secret : list.target === "match" ? detection.match : detection.line;
  if (list.regexes.length > 0 && !list.regexes.some((matches) => matches(text))) return false;
  const lower = detection.secret.toLowerCase();
  return list.stopwords.length === 0 || list.stopwords.some((word) => lower.includes(word));
}
