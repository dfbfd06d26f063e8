import { plainWords, sampleWords, splitWords, unleet } from "./words.ts";

/** Wrapped as a whole in signs that mean "put yours here". */
const WRAPPED =
  /^(?:<[^<>]*>|\[[^[\]]*\]|\{[^{}]*\}|«[^»]*»|__[A-Za-z_]+__|%%?[A-Za-z_]+%%?|@@?[A-Za-z_]+@@?|\*[^*]+\*|~[A-Za-z_]+~|##?[A-Za-z_]+##?)$/;

/** Documentation values hold it, mostly at their end; a random body can hold the word only by chance below one in a billion. */
const EXAMPLE_WORD = /EXAMPLE|example$/;

/** Texts that are no value whatever the case. */
export const commonPlaceholders: ReadonlySet<string> = new Set(
  (
    "null nil none undefined true false yes no n/a na tbd todo empty blank test admin root guest user default changeit changeme password passw0rd p@ssw0rd pa55word pa55w0rd " +
    "s3cr3t t0ps3cret secret letmein welcome hunter2 qwerty qwerty123 trustno1 password1 password12 password123 admin123 test123 abc123 xyz notasecret minioadmin postgres mysql " +
    "redis elastic vagrant raspberry ubnt cisco calvin toor tiger airflow mysecretpassword my-secret-pw examplepass yourstrong(!)password yourstrong@passw0rd correcthorsebatterystaple " +
    "12345 123456 1234567 12345678 123456789 1234567890 0123456789 000000 111111 deadbeef cafebabe aabbccdd string text bytes secretstring securestring object any"
  ).split(" "),
);

/** How much of a value has to be made of plain words before it counts as a placeholder. */
export interface PlaceholderLimits {
  /** Share from 0 to 1. */
  readonly coverage: number;
  /** Whether one bounded sample word (`your`, `example`) is enough. */
  readonly oneWordIsEnough: boolean;
}

/**
 * Whether a value is made for a reader (`YOUR_API_KEY`, `changeme`, `test123`) instead of for a machine. Words inside random text do not count:
 * they must stand alone, or cover the given share.
 */
export function isPlaceholder(value: string, limits: PlaceholderLimits): boolean {
  const lower = value.toLowerCase();
  if (commonPlaceholders.has(lower) || WRAPPED.test(value) || EXAMPLE_WORD.test(value)) return true;
  let letters = 0;
  let covered = 0;
  let spelled = false;
  for (const { text, isBounded } of splitWords(value)) {
    letters += text.length;
    const isSample = sampleWords.has(text);
    if (isSample && isBounded && limits.oneWordIsEnough) return true;
    // Two letters between digits are chance.
    if ((isSample || plainWords.has(text) || isCompound(text)) && (text.length > 2 || isBounded)) {
      covered += text.length;
      spelled = true;
    }
  }
  if (!spelled) return letters > 0 && (isLeetWord(lower) || isLeetText(lower));
  const rest = value.replace(/[A-Za-z]+/g, "");
  // Numbers that count (1, 01, 123, 2024) belong to the words; signs between words do as well.
  const free = rest
    .replace(/(?<!\d)(?:0?\d|0?12?3?4?5?6?7?8?9?0?|(?:19|20)\d\d|000+|111+)(?!\d)/g, "")
    .replace(/[-_ .:/!]/g, "").length;
  return covered / (letters + free) >= limits.coverage;
}

const HEAD_WORD = /(?:password|passwd|pass|pwd|secret|token|apikey|key)$/;

/** `rootpass`, `supersecret`: two plain words without anything between them. */
function isCompound(text: string): boolean {
  const at = text.search(HEAD_WORD);
  return at > 1 && (plainWords.has(text.slice(0, at)) || sampleWords.has(text.slice(0, at)));
}

/** The longest of the words below, and what hangs on it. */
const LONGEST_LEET = 12;

/** Free-position search is for words of five or more letters: shorter ones occur in random text. */
function isLeetWord(lower: string): boolean {
  if (lower.length > LONGEST_LEET) return false;
  const plain = unleet(lower).replace(/[^a-z]/g, "");
  for (const word of ["password", "topsecret", "secret", "changeme", "letmein", "welcome"]) {
    if (plain.includes(word)) return word.length >= plain.length * 0.7 && lower.length <= word.length + 4;
  }
  return false;
}

/** `an0th3r_t0k3n`: nothing but plain words, two of them at least, once the signs for letters are read. */
function isLeetText(lower: string): boolean {
  const words = splitWords(unleet(lower));
  return (
    words.length > 1 && words.every(({ text }) => text.length > 2 && (plainWords.has(text) || sampleWords.has(text)))
  );
}

/** A sample word of five or more letters anywhere in the value, once or again and again, covering a third of it (`AKIAIOSFODNN7EXAMPLE`). */
export function holdsSampleWord(value: string): boolean {
  const lower = value.toLowerCase();
  for (const word of LONG_SAMPLE_WORDS) {
    if (!lower.includes(word)) continue;
    if (word.length * (lower.split(word).length - 1) * 3 >= lower.length) return true;
  }
  return false;
}

const LONG_SAMPLE_WORDS = [
  "example",
  "sample",
  "dummy",
  "placeholder",
  "changeme",
  "replace",
  "redacted",
  "foobar",
  "testtest",
  "fakefake",
  "yoursecret",
  "yourtoken",
  "yourkey",
  "password",
  "passwort",
  "secretkey",
];
