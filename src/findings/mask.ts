import { sanitize } from "../model/sanitize.ts";

/** Stands for what is hidden. Always the same length, so that it tells nothing of the length of a secret; ASCII, so that it fits every output. */
export const maskDots = "......";

/** A value of this length or less shows nothing: any part of it would be a good part of it. */
const maxHiddenWhole = 8;

/** Never more than this share of a value is shown. */
const shownShare = 3;

/**
 * Length of the pieces by which remains of a secret are found in a text that was cut or re-wrapped. Shorter pieces would blank ordinary
 * words, longer ones would leave more of a secret standing at a cut.
 */
const pieceLength = 6;

/** Runs that can hold an encoded secret, blanked where the secret itself was decoded and so does not stand in the text. */
const encodedRuns = /[A-Za-z0-9+/=_%\\-]{12,}/g;

/** What may be shown of a secret: up to four first characters, dots, up to two last; together at most a third of it. Escaped for terminals. */
export function maskSecret(secret: string): string {
  if (secret === "") return "";
  const header = /^\s*(-----BEGIN [A-Z0-9 ]{1,60}-----)/.exec(secret);
  if (header?.[1] !== undefined) return `${header[1]}${maskDots}`;
  const characters = Array.from(secret.slice(0, 8));
  const length = secret.length > 64 ? secret.length : Array.from(secret).length;
  if (length <= maxHiddenWhole) return maskDots;
  const shown = Math.floor(length / shownShare);
  const first = Math.min(4, shown);
  const last = Math.min(2, shown - first);
  const tail = last === 0 ? "" : Array.from(secret.slice(-8)).slice(-last).join("");
  return `${sanitize(characters.slice(0, first).join(""))}${maskDots}${sanitize(tail)}`;
}

/**
 * A text that holds a secret, with the secret masked: where it stands whole by its masked form, and where only pieces of it stand
 * (a line that was cut, a key that is wrapped differently) by dots. `others` are secrets that stand near it and must not show either.
 */
export function maskIn(text: string, secret: string, others: readonly string[] = []): string {
  return maskerOf(secret, others)(text);
}

/** The same for several texts: a file of a thousand passwords has hundreds near each, which are cut into pieces once. */
export function maskerOf(secret: string, others: readonly string[]): (text: string) => string {
  const pieces = piecesOf(new Set([secret, ...others]));
  return (text) => {
    if (text === "") return "";
    const covered = cover(text, pieces);
    let masked = "";
    let i = 0;
    while (i < text.length) {
      const start = i;
      const hidden = covered[i] === 1;
      while (i < text.length && (covered[i] === 1) === hidden) i++;
      const run = text.slice(start, i);
      if (!hidden) masked += run;
      else masked += secret !== "" && run.includes(secret) ? maskSecret(secret) : maskDots;
    }
    return masked;
  };
}

/** Pieces of secrets by their length: a secret that is shorter than a piece is one as a whole. */
function piecesOf(secrets: Iterable<string>): ReadonlyMap<number, ReadonlySet<string>> {
  const pieces = new Map<number, Set<string>>();
  for (const secret of secrets) {
    const length = Math.min(pieceLength, secret.length);
    if (length === 0) continue;
    let known = pieces.get(length);
    if (known === undefined) pieces.set(length, (known = new Set()));
    for (let i = 0; i + length <= secret.length; i++) known.add(secret.slice(i, i + length));
  }
  return pieces;
}

/** One for each place of the text where a piece stands. */
function cover(text: string, pieces: ReadonlyMap<number, ReadonlySet<string>>): Uint8Array {
  const covered = new Uint8Array(text.length);
  for (const [length, known] of pieces) {
    for (let i = 0; i + length <= text.length; i++) {
      if (known.has(text.slice(i, i + length))) covered.fill(1, i, i + length);
    }
  }
  return covered;
}

/** Blanks everything in a text that could be the encoded form of a secret. */
export function maskEncoded(text: string): string {
  return text.replace(encodedRuns, maskDots);
}
