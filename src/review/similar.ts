import { placeKind } from "../findings/index.ts";
import { originPath } from "../model/content.ts";
import type { Finding } from "../model/finding.ts";
import { isOpen } from "./selection.ts";
import type { ReviewState } from "./state.ts";

/** From the narrowest view to the widest. */
export const similarityWords = [
  "this rule, this name and this kind of place",
  "this rule and this kind of place",
  "this rule and this shape of value",
  "this rule",
] as const;

export interface Similar {
  /** Index of `similarityWords`. */
  readonly width: number;
  readonly fingerprints: readonly string[];
}

/** Names beside a value are compared up to this length. */
const maxName = 80;

/**
 * Open findings among those shown that are like one, itself among them. `width`: how wide a view to begin with; where it shows nothing that a narrower
 * one does not, the next one is taken. Beyond the widest it begins anew.
 */
export function similarTo(state: ReviewState, finding: Finding, width: number): Similar {
  const open = state.list.shown.flatMap((fingerprint) => {
    const one = state.findings.get(fingerprint);
    return one !== undefined && one.rule.id === finding.rule.id && isOpen(state, fingerprint) ? [one] : [];
  });
  const countAt = (at: number): readonly Finding[] => {
    const wanted = likenessOf(finding, at);
    return open.filter((one) => likenessOf(one, at) === wanted);
  };
  const widest = similarityWords.length - 1;
  let at = width > widest ? 0 : width;
  const before = at === 0 ? 1 : countAt(at - 1).length;
  let found = countAt(at);
  while (found.length <= before && at < widest) found = countAt(++at);
  return { width: at, fingerprints: found.map(({ fingerprint }) => fingerprint) };
}

function likenessOf(finding: Finding, width: number): string {
  switch (width) {
    case 0:
      return `${nameOf(finding)}\0${kindOf(finding)}\0${shapeOf(finding)}`;
    case 1:
      return kindOf(finding);
    case 2:
      return shapeOf(finding);
    default:
      return "";
  }
}

/** The name that the value has in its text, without what tells one of many apart: `DB_PASSWORD_2` is like `db_password_1`. */
function nameOf({ sightings: [first] }: Finding): string {
  if (first === undefined) return "";
  const name = first.key?.split(".").at(-1) ?? first.maskedMatch.slice(0, maxName).split(/[=:]/, 1)[0] ?? "";
  return name
    .slice(-maxName)
    .toLowerCase()
    .replace(/\d+/g, "0")
    .replace(/[\s"']+/g, "");
}

/** Tests, documents, vendored trees …; of plain places the end of the name. */
function kindOf({ sightings: [first] }: Finding): string {
  if (first === undefined) return "";
  const path = originPath(first.origin);
  const kind = placeKind(path);
  return kind === "plain" ? `plain ${/\.[A-Za-z0-9]{1,10}$/.exec(path)?.[0] ?? ""}` : kind;
}

/** What is shown of a value tells its alphabet, and its entropy how long it is: enough to tell a password from a key. */
function shapeOf({ masked, sightings: [first] }: Finding): string {
  const alphabet = masked.startsWith("-----") ? "block" : /^[A-Za-z0-9.]*$/.test(masked) ? "letters" : "signs";
  return `${alphabet} ${Math.floor(first?.entropy ?? 0)}`;
}
