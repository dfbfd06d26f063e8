/** Offsets in bytes: of the match, and of its capture groups (pairs; -1 where a group took no part). */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly number[];
}

/** A compiled regex of linear running time. */
export interface CompiledRegex {
  /** How often the engine was asked by the last `exec`, where that may be more than once. */
  readonly asked?: number;
  /** The leftmost match at or after `from` in `bytes`. */
  exec(bytes: Buffer, from: number): RegexMatch | undefined;
  /** Whether `text` holds a match. */
  test(text: string): boolean;
}

/** A regex engine: RE2, or its JavaScript port where RE2 could not be built. */
export interface RegexEngine {
  readonly name: "re2" | "re2js";
  /**
   * Throws an Error whose message says what is wrong with the pattern. With `startsWithin`, `exec` need only give matches that start less than
   * so many bytes behind `from`, with 0 those that start there: it can then stop early.
   */
  compile(pattern: string, startsWithin?: number): CompiledRegex;
  /**
   * Whether bytes hold a match: the cheapest question to a pattern. With `startsWithin` it need only tell of those that start less than so many bytes behind
   * their begin: each further start would be one more that the engine keeps in mind. Throws as `compile` does.
   */
  tester(pattern: string, startsWithin?: number): (bytes: Buffer) => boolean;
  /** Where the leftmost match at or after `from` begins; -1 where there is none. Cheaper than `exec`, for nothing is captured. Throws as `compile` does. */
  finder(pattern: string): (bytes: Buffer, from: number) => number;
}

/** What groups can begin in that begin none (escapes, quotations, classes), and groups that capture. */
const captures = /\\Q[^]*?(?:\\E|$)|\\[^]|\[\^?\]?(?:\[:[^\]]*:\]|\\[^]|[^\]\\])*\]|\((?:(?!\?)|\?P?<\w+>)/g;

/** The same regex without groups that capture. */
function withoutCaptures(pattern: string): string {
  return pattern.replaceAll(captures, (all) => (all.startsWith("(") ? "(?:" : all));
}

/** Skipping more bytes than this makes a regex larger than it saves. */
export const maxNear = 200;

/** Loads RE2; where its native part is missing (no compiler at installation, another Node version) re2js, some thirty times slower. */
export async function loadEngine(): Promise<RegexEngine> {
  return (await loadRe2()) ?? (await loadRe2js());
}

async function loadRe2(): Promise<RegexEngine | undefined> {
  let RE2: typeof import("re2");
  try {
    RE2 = (await import("re2")).default;
  } catch {
    return undefined;
  }
  return {
    name: "re2",
    compile(pattern, startsWithin) {
      const isNear = startsWithin !== undefined && startsWithin <= maxNear;
      // An anchored search that skips up to so many bytes first ends as soon as no match can begin any more; a free one reads to the end.
      const regex = isNear ? new RE2(`\\C{0,${startsWithin}}?(${pattern})`, "dyu") : new RE2(pattern, "dgu");
      const first = isNear ? 1 : 0;
      let tester: InstanceType<typeof RE2> | undefined;
      return {
        exec(bytes, from) {
          regex.lastIndex = from;
          const found = regex.exec(bytes);
          if (found === null) return undefined;
          const indices = (found as unknown as { indices: ([number, number] | undefined)[] }).indices;
          const groups: number[] = [];
          for (let group = first + 1; group < indices.length; group++)
            groups.push(indices[group]?.[0] ?? -1, indices[group]?.[1] ?? -1);
          return { start: indices[first]![0], end: indices[first]![1], groups };
        },
        test: (text) => (tester ??= new RE2(pattern, "u")).test(text),
      };
    },
    tester(pattern, startsWithin) {
      const isNear = startsWithin !== undefined && startsWithin <= maxNear;
      const regex = new RE2(isNear ? `^\\C{0,${startsWithin}}?(?:${pattern})` : pattern, "u");
      // What is typed for text alone takes bytes as well.
      return (bytes) => regex.test(bytes as unknown as string);
    },
    finder(pattern) {
      const regex = new RE2(withoutCaptures(pattern), "gu");
      return (bytes, from) => {
        regex.lastIndex = from;
        // What is typed for text alone takes bytes as well, and tells their offset.
        return regex.exec(bytes)?.index ?? -1;
      };
    },
  };
}

/** The port by itself; `loadEngine` chooses. */
export async function loadRe2js(): Promise<RegexEngine> {
  const { RE2JS } = await import("re2js");
  return {
    name: "re2js",
    compile(pattern) {
      const regex = RE2JS.compile(pattern);
      const groupCount = regex.groupCount();
      return {
        exec(bytes, from) {
          const matcher = regex.matcher(bytes as unknown as string);
          if (!matcher.find(from)) return undefined;
          const groups: number[] = [];
          for (let group = 1; group <= groupCount; group++) groups.push(matcher.start(group), matcher.end(group));
          return { start: matcher.start(), end: matcher.end(), groups };
        },
        test: (text) => regex.matcher(text).find(),
      };
    },
    tester(pattern) {
      const regex = RE2JS.compile(pattern);
      return (bytes) => regex.matcher(bytes as unknown as string).find();
    },
    finder(pattern) {
      const regex = RE2JS.compile(pattern);
      return (bytes, from) => {
        const matcher = regex.matcher(bytes as unknown as string);
        return matcher.find(from) ? matcher.start() : -1;
      };
    },
  };
}
