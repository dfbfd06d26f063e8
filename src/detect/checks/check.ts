/** What an offline proof says about a value. */
export interface CheckResult {
  /** `valid`: proved genuine. `invalid`: proved not to be what the rule says. `unknown`: the value has a form without proof. */
  readonly status: "valid" | "invalid" | "unknown";
  /** What the value tells about itself, for people; never a part of the secret. */
  readonly facts: readonly string[];
  /**
   * Set where the verdict is weaker than it looks: with `invalid`, the algorithm was observed and not published, so a failure only
   * lowers the confidence; with `valid`, the value is well-formed but not usable as it stands (encrypted, unsigned, expired).
   */
  readonly lower?: boolean;
  /** What a private key and its public key have in common (public-half.ts): by it they are put together. */
  readonly publicHalf?: string;
}

export interface CheckOptions {
  /** The text of the whole match, where the value alone does not tell enough. */
  readonly match?: string;
  /** Milliseconds since 1970. Only where it is given is a date in the past called `expired`: a scan must not change with the clock silently. */
  readonly now?: number;
}

export type Check = (secret: string, options: CheckOptions) => CheckResult;

/** The form has no checksum, or none that is known. */
export const unknown: CheckResult = { status: "unknown", facts: [] };

/** The checksum of a documented format fails. */
export const invalid: CheckResult = { status: "invalid", facts: [] };

/** The checksum of an observed, unpublished rule fails: the vendor may have changed it. */
export const doubtful: CheckResult = { status: "invalid", facts: ["checksum does not fit"], lower: true };

export const proved: CheckResult = { status: "valid", facts: ["checksum valid"] };

export function valid(facts: readonly string[]): CheckResult {
  return { status: "valid", facts };
}

/** Encrypted with a passphrase: a real key, but of no use as it stands. `scheme`: how; empty where that is not told. */
export function sealed(facts: readonly string[], scheme = ""): CheckResult {
  const told = scheme === "" ? [] : [`cipher ${scheme}`];
  return { status: "valid", facts: [...facts, "encrypted with a passphrase", ...told], lower: true };
}

/** `expires 2027-01-02`, or `expired …` when the caller told the time. @param ms milliseconds since 1970 */
export function expiryFact(ms: number, options: CheckOptions): string {
  const word = options.now !== undefined && ms < options.now ? "expired" : "expires";
  return `${word} ${isoDay(ms)}`;
}

/** The UTC day of a time, or `unknown` where the number is outside of what a date can be. */
export function isoDay(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString().slice(0, 10) : "unknown";
}

/** ECMA-262: a time value is at most 8.64e15 ms from 1970. */
const MAX_DATE_MS = 8.64e15;

/** How much of a text from inside a token goes into a fact: enough for any host or account name, too little to flood a report. */
const MAX_FACT_TEXT = 96;

/** Text from inside a token, made safe to show: printable ASCII only, bounded. Empty when it is not a text. */
export function factText(value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number") return "";
  return String(value)
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, MAX_FACT_TEXT);
}
