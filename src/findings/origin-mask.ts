import type { CommitMark, Origin } from "../model/content.ts";
import type { Carrier } from "../model/carrier.ts";
import { shortened } from "../model/shortened.ts";
import { maskSecret } from "./mask.ts";

/** Secrets shorter than this are not looked for in messages and instructions: they would be found in ordinary words. */
const minInProse = 6;

/** The same for names (paths, refs), where a masked word costs the reader the place. */
const minInNames = 12;

/** Messages and instructions are told up to here. */
const mostProse = 1 << 17;

/** User and password of a URL; what stands between `://` and `@`. */
const urlUser = /(:\/\/)[^/@\s]{1,1024}@/g;

/** Masks secrets in the texts that tell where something was seen: a commit message or an instruction can hold the very secret it brought in. */
export interface OriginMasker {
  add(secret: string): void;
  /** How many secrets it knows. */
  size(): number;
  origin(origin: Origin): Origin;
  /** The same origin, with a member of its content. */
  inMember(origin: Origin, member: string | undefined): Origin;
  /** Masks known secrets in a name: a target, the subject of a problem. */
  text(text: string): string;
}

/** A masker that knows the secrets it was told. It gives back the same object where nothing had to be masked. */
export function createOriginMasker(): OriginMasker {
  const byStart = new Map<string, string[]>();
  let texts = new Map<string, string>();
  let origins = new WeakMap<Origin, Origin>();
  let size = 0;

  function add(secret: string): void {
    if (secret.length < minInProse) return;
    const start = secret.slice(0, minInProse);
    const list = byStart.get(start);
    if (list?.includes(secret) === true) return;
    // Longest first: where one secret begins like another, the longer one is masked whole.
    if (list === undefined) byStart.set(start, [secret]);
    else list.push(secret);
    list?.sort((a, b) => b.length - a.length);
    size++;
    texts = new Map();
    origins = new WeakMap();
  }

  function masked(text: string, min: number): string {
    if (text.length < min || byStart.size === 0) return text;
    const key = `${min}${text}`;
    const known = texts.get(key);
    if (known !== undefined) return known;
    let result = "";
    let from = 0;
    for (let i = 0; i + minInProse <= text.length; i++) {
      const secret = byStart
        .get(text.slice(i, i + minInProse))
        ?.find((candidate) => candidate.length >= min && text.startsWith(candidate, i));
      if (secret === undefined) continue;
      result += text.slice(from, i) + maskSecret(secret);
      from = i + secret.length;
      i = from - 1;
    }
    result += text.slice(from);
    texts.set(key, result);
    return result;
  }

  // Masked first: of a secret that was cut in two nobody would know what is left.
  const prose = (text: string): string => shortened(masked(text, minInProse), mostProse);
  const name = (text: string): string => shortened(masked(text, minInNames));
  const target = (text: string): string => name(text).replace(urlUser, "$1***@");

  const mark = (commit: CommitMark): CommitMark => ({
    id: commit.id,
    author: shortened(prose(commit.author)),
    email: shortened(prose(commit.email)),
    date: commit.date,
  });

  const carrier = (told: Carrier): Carrier => ({
    ...told,
    instruction: prose(told.instruction),
    file: name(told.file),
    ...(told.path === undefined ? {} : { path: name(told.path) }),
  });

  function maskedOrigin(origin: Origin): Origin {
    switch (origin.kind) {
      case "stdin":
        return origin;
      case "file":
        return {
          ...origin,
          path: name(origin.path),
          ...(origin.carried === undefined ? {} : { carried: origin.carried.map(carrier) }),
        };
      case "git":
        return {
          ...origin,
          repository: target(origin.repository),
          path: name(origin.path),
          refs: origin.refs.map(name),
          ...(origin.commit === undefined
            ? {}
            : {
                commit: {
                  ...mark(origin.commit),
                  message: prose(origin.commit.message),
                  ...(origin.commit.committer === undefined ? {} : { committer: mark(origin.commit.committer) }),
                },
              }),
          ...(origin.removedBy === undefined ? {} : { removedBy: mark(origin.removedBy) }),
          ...(origin.otherPaths === undefined ? {} : { otherPaths: origin.otherPaths.map(name) }),
        };
      case "image":
        return {
          ...origin,
          image: target(origin.image),
          path: name(origin.path),
          ...(origin.layer === undefined
            ? {}
            : { layer: { ...origin.layer, createdBy: prose(origin.layer.createdBy) } }),
          ...(origin.deletedBy === undefined
            ? {}
            : { deletedBy: { ...origin.deletedBy, createdBy: prose(origin.deletedBy.createdBy) } }),
          ...(origin.linkTo === undefined ? {} : { linkTo: name(origin.linkTo) }),
          ...(origin.proof === undefined ? {} : { proof: name(origin.proof) }),
        };
    }
  }

  function rememberedOrigin(origin: Origin): Origin {
    const known = origins.get(origin);
    if (known !== undefined) return known;
    const result = maskedOrigin(origin);
    origins.set(origin, result);
    return result;
  }

  return {
    add,
    size: () => size,
    text: target,
    origin: rememberedOrigin,
    inMember: (origin, member) =>
      member === undefined ? rememberedOrigin(origin) : { ...rememberedOrigin(origin), member: name(member) },
  };
}
