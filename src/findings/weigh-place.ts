import { originPath, type Origin } from "../model/content.ts";
import type { Detection } from "../model/detection.ts";
import type { Confidence, Rule } from "../model/rule.ts";
import { veto, type Part } from "../model/score.ts";
import { isIntegrityLine, placeKind, type PlaceKind } from "./place-kind.ts";

/** What a place says of a detection: parts for the sum that the judge began, and how sure the detection is there. */
export interface PlaceWeight {
  readonly parts: readonly Part[];
  readonly confidence: Confidence;
}

/** What of a detection is looked at. */
type Weighed = Pick<Detection, "confidence" | "secret" | "line" | "key">;

/** Hashes of passwords made up for tests and documents: more than what a format of its own weighs. */
const MADE_UP_HASH = -40;
/** So many values of one rule in one file of tests are vectors: somebody had them made. People's own keys do not lie there by the dozen. */
const MIN_VECTORS = 50;
/** Tips the scale for values that are hardly believable anyway: real keys are pasted into tests and READMEs. */
const MADE_UP = -1;

/**
 * Weighs the kind of place that a detection was found in. What has no format of its own is dropped where the place explains it; the rest is less sure
 * in places full of examples. A proved detection (`certain`) stays what it is. Never touches the file.
 * @param crowd how many values of the rule lie in the content
 */
export function weighPlace(rule: Rule, detection: Weighed, origin: Origin, crowd = 1): PlaceWeight {
  const { confidence } = detection;
  const kind = kindOf(origin);
  const parts = [...pageParts(rule, detection, origin), ...placeParts(rule, detection, kind, crowd)];
  if (confidence === "certain" || kind === "plain") return { parts, confidence };
  if (rule.kind === "token" && (kind === "lock" || kind === "minified")) return { parts, confidence };
  return { parts, confidence: "possible" };
}

function kindOf(origin: Origin): PlaceKind {
  const path = originPath(origin);
  return placeKind(origin.member === undefined ? path : path.replaceAll("!", "/"));
}

/** `peers[2].key`, `wireguard_peers.phone.key`: 32 bytes there are what everybody in a WireGuard network knows of the peer. */
const PEER_KEY = /(?:^|[.\]_-])peers?(?:\[[^\]]*\])?(?:\.[^.]+)?\.key$/i;

/** Folders of a system: what others brought lies there, and what its owner installed. */
const system = /^\/?(?:usr|opt|nix|snap)\//;

/** Whether a place lies in tests, documents or code of others: what leaks there is mostly made up, or is not the scanned side's own. */
export function isAside(origin: Origin): boolean {
  const kind = kindOf(origin);
  if (kind === "vendored") return !system.test(originPath(origin));
  return kind === "test" || kind === "docs";
}

/** Neither hex nor the base64 of a digest. */
const CHOSEN = /^(?=.*[g-zG-Z]).{1,24}$/s;

/** Pages that shops serve (PrestaShop and its like) hand a token of the visitor's session to their scripts. */
const PAGE = /\.(?:x?html?|mht|mhtml)$/i;
const PAGE_TOKEN = /(?:^|[\s;{>])var (?:static_)?token ?= ?["'][0-9a-f]{32,40}["']/;

function* pageParts(rule: Rule, { line, secret }: Weighed, origin: Origin): Iterable<Part> {
  if (rule.kind === "generic" && PAGE.test(originPath(origin)) && PAGE_TOKEN.test(line) && /^[0-9a-f]+$/.test(secret))
    yield place(veto, "the token of a saved page, made for one visitor");
}

function* placeParts(rule: Rule, detection: Weighed, kind: PlaceKind, crowd: number): Iterable<Part> {
  if (rule.kind === "generic") {
    if (kind === "lock" || kind === "metadata") yield place(veto, "a list of versions and checksums");
    if (isIntegrityLine(detection.line) && !CHOSEN.test(detection.secret)) yield place(veto, "a line of checksums");
    if (PEER_KEY.test(detection.key ?? "") && /^[A-Za-z0-9+/]{43}=$/.test(detection.secret))
      yield place(veto, "the public key of a peer");
  }
  // Translations of the word "password" stand right of the key "password"; a value without a digit there is prose.
  const isByName = rule.kind === "generic" || rule.tags.includes("account") || rule.tags.includes("password");
  if (isByName && kind === "translations" && !/[0-9]/.test(detection.secret))
    yield place(veto, "a file of translations");
  // Words that somebody took for a password are looked for in what people keep themselves.
  if ((kind === "vendored" || kind === "minified" || kind === "generated") && rule.tags.includes("password"))
    yield place(MADE_UP, "in software of others");
  if (kind !== "test" && kind !== "docs") return;
  const where = kind === "test" ? "tests and examples" : "documents";
  if (crowd >= MIN_VECTORS && isEasilyMade(rule))
    yield place(veto, `one of ${crowd} values of this kind in a file of ${where}`);
  if (detection.confidence === "certain") return;
  if (rule.tags.includes("hash")) yield place(MADE_UP_HASH, `the hash of a password in ${where}`);
  else if (rule.kind === "generic" || rule.tags.includes("account")) yield place(MADE_UP, `among ${where}`);
}

/** What nobody has to issue: keys of wallets, drawn values. Tokens that a provider signed stay, however many. */
function isEasilyMade({ kind, tags }: Rule): boolean {
  return tags.includes("crypto") || (kind === "generic" && !tags.includes("password"));
}

/** How many different values of each rule lie in one content. */
export function crowdsOf(found: Iterable<readonly [ruleId: string, value: string]>): ReadonlyMap<string, number> {
  const values = new Map<string, Set<string>>();
  for (const [id, value] of found) values.set(id, (values.get(id) ?? new Set()).add(value));
  return new Map([...values].map(([id, all]) => [id, all.size]));
}

function place(bits: number, why: string): Part {
  return { name: "place", bits, why, reason: "path" };
}
