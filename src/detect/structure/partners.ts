import type { DetectionPart } from "../../model/detection.ts";
import { nameKey, valueKey, type Level } from "./locate.ts";
import { isBracket, type Block, type Entry } from "./tree.ts";

/**
 * What a secret works together with: the user of a password, the id of a key, the host of both. Entries of the same block come first, then those
 * of the blocks around it; where names have prefixes (`DB_PASSWORD`, `DB_USER`), those with another prefix belong to something else.
 */

type Role = "user" | "id" | "host";

const roles: readonly (readonly [Role, RegExp])[] = [
  ["user", /(?:user|user_?name|user_?id|usr|login|login_?name|e_?mail|account_?name|principal|user_?principal)$/],
  [
    "id",
    /(?:(?:access_?key|client|app|application|consumer|key|account|tenant|merchant|project|api_?key|token|subscription)_?id|account_?sid|^id)$/,
  ],
  ["host", /(?:host|host_?name|server|machine|address|addr|endpoint|url|uri|registry|domain|broker|data_?source)$/],
];
/** Words at the end of the name of a secret. */
const telling =
  /_?(?:passwords?|passwd|passphrase|pass|pwd|pw|psk|secrets?|keys?|tokens?|access|api|client|private|auth|oauth|app|consumer|credentials?|value|login|root)$/;

/** How many blocks around its own may hold a partner. */
const maxAbove = 2;
/** Longer values name no user and no host. */
const maxValue = 120;

/** The partners of a value, from the innermost text outwards: at most one of each role. */
export function partnersOf(levels: readonly Level[]): readonly DetectionPart[] {
  const found = new Map<Role, DetectionPart>();
  for (const level of levels.toReversed()) {
    if (level.key === "") continue;
    let block: Block | undefined = level.block;
    const isUser = level.steps
      .slice(0, -1)
      .some((step) => typeof step === "string" && /(?:users?|accounts?|logins?|members?)$/i.test(step));
    for (let above = 0; above <= maxAbove && block !== undefined; above++) {
      const entries = above === 0 ? besides(level) : block.entries.map(plainEntry);
      for (const [role] of roles) {
        if (found.has(role)) continue;
        const best = bestOf(role, level, entries, { isNear: above === 0, isFlat: block.parent === undefined, isUser });
        if (best !== undefined) found.set(role, best);
      }
      if (block.index !== undefined || block.kind === "code" || block.parent?.parent === undefined) break;
      block = block.parent;
    }
    if (found.size > 0) break;
  }
  return roles.flatMap(([role]) => found.get(role) ?? []);
}

interface Candidate {
  readonly key: string;
  readonly value: string | undefined;
  readonly entry: Entry;
}

function plainEntry(entry: Entry): Candidate {
  return { key: entry.key, value: entry.value, entry };
}

/** The entries beside a value: of its block, or the other pairs of its list. */
function besides({ block, isPair }: Level): readonly Candidate[] {
  if (!isPair) return block.entries.map(plainEntry);
  return (block.parent?.children ?? []).flatMap(({ entries }): readonly Candidate[] => {
    const key = entries.find((entry) => nameKey.test(entry.key))?.value;
    const entry = entries.find((one) => valueKey.test(one.key));
    return key === undefined || entry === undefined ? [] : [{ key, value: entry.value, entry }];
  });
}

interface Around {
  readonly isNear: boolean;
  readonly isFlat: boolean;
  readonly isUser: boolean;
}

function bestOf(role: Role, level: Level, all: readonly Candidate[], around: Around): DetectionPart | undefined {
  const stem = stemOf(level.key);
  const relevant = all.filter(({ key }) => key === level.key || roleOf(key, level.key, around) !== undefined);
  const group = around.isNear ? groupOf(relevant, level) : relevant;
  let best: { readonly part: DetectionPart; readonly cost: number } | undefined;
  for (const { key, value, entry } of group) {
    if (entry === level.own || roleOf(key, level.key, around) !== role) continue;
    const shown = shownValue(value, role);
    if (shown === undefined || !isLiteral(entry, level, around.isFlat)) continue;
    // What the end of the text may have cut.
    if (entry.valueStart + (value?.length ?? 0) >= level.text.length) continue;
    const other = stemOf(key, role);
    const isSame = other === stem;
    const isWider = other === "" ? !around.isFlat : role === "host" && stem.startsWith(`${other}_`);
    if (!isSame && !isWider) continue;
    const cost = (isSame ? 0 : 1e6) + (/^(?:id|name)$/i.test(key) ? 2e6 : 0) + Math.abs(entry.start - level.target);
    if (best === undefined || cost < best.cost) best = { part: { name: key, value: shown }, cost };
  }
  return best?.part;
}

/** Where keys repeat, a new group begins at each repetition: `user=… password=… user=… password=…`. */
function groupOf(all: readonly Candidate[], { own }: Level): readonly Candidate[] {
  let group: Candidate[] = [];
  const seen = new Set<string>();
  for (const one of all) {
    if (seen.has(one.key)) {
      if (group.some(({ entry }) => entry === own)) return group;
      group = [];
      seen.clear();
    }
    seen.add(one.key);
    group.push(one);
  }
  return own === undefined || group.some(({ entry }) => entry === own) ? group : [];
}

function roleOf(key: string, ownKey: string, { isNear, isUser }: Around): Role | undefined {
  const plain = normalised(key);
  if (/(?:token|auth|redirect|callback|issuer|jwks?|cert)_?ur[il]$/.test(plain)) return undefined;
  if (plain === "name") return isUser ? "user" : undefined;
  if (plain === "id" && !isNear) return undefined;
  if (/access_?key$/.test(plain)) return /secret/i.test(ownKey) ? "id" : undefined;
  return roles.find(([, names]) => names.test(plain))?.[0];
}

function normalised(key: string): string {
  return key.toLowerCase().replaceAll(/[^a-z0-9\x80-\xff]+/g, "_");
}

/** The name without the words that tell what it is: `db` of `DB_PASSWORD` and of `dbUser`. */
function stemOf(key: string, role?: Role): string {
  let stem = normalised(key);
  const names = roles.find(([name]) => name === role)?.[1];
  if (stem === "name") return "";
  stem = names === undefined ? stem : stem.replace(names, "").replace(/_$/, "");
  for (let shorter = stem.replace(telling, ""); shorter !== stem; shorter = stem.replace(telling, "")) stem = shorter;
  return stem;
}

/** Whether the value is one, and not the name of a variable. */
function isLiteral({ isQuoted, joint }: Entry, { own, block }: Level, isFlat: boolean): boolean {
  if (isQuoted || own?.isQuoted !== true) return true;
  // `- {name: …}` is YAML.
  const isCode = isBracket(block.kind) && block.parent?.kind !== "item" && block.parent?.kind !== "map";
  return !isCode && (joint === ":" || (joint === "=" && isFlat));
}

/** The value as it may be told: addresses without their credentials and paths. Undefined for templates and references. */
function shownValue(value: string | undefined, role: Role): string | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (text === "" || text.length > maxValue || /[\s"'`$<>{}()\0\\]|%[({]/.test(text)) return undefined;
  const address = /^((?:[a-z][\w+.-]*:)*\/\/)(?:[^/@]*@)?([^/?#;]+)/i.exec(text);
  if (address !== null) return role === "host" ? address[1]! + address[2]! : undefined;
  return text;
}
