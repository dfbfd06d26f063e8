import type { CompiledRegex, RegexEngine, RegexMatch } from "./engine.ts";

/**
 * A regex that is asked where its outline (outline.ts) begins, and there alone. A search from anywhere keeps every count of every possible begin in mind:
 * for `a{20,900}key[a-z]{20,900}` thousands of states at each byte, up to thirty milliseconds for three kilobytes. From one begin it is a few. A match of
 * the regex is one of its outline, so nothing begins elsewhere, and the first begin that holds is that of the leftmost match.
 */
export class NarrowedRegex implements CompiledRegex {
  readonly #find: (bytes: Buffer, from: number) => number;
  readonly #there: CompiledRegex;
  readonly #anywhere: CompiledRegex;
  readonly #startsWithin: number;
  readonly #mostBegins: number;
  asked = 0;

  /** Throws as `compile` of the engine does. @param startsWithin only matches that start so many bytes behind `from` need be given, @param mostBegins so many are tried before the search from anywhere is cheaper */
  constructor(engine: RegexEngine, pattern: string, outline: string, startsWithin: number, mostBegins: number) {
    this.#find = engine.finder(outline);
    this.#there = engine.compile(pattern, 0);
    this.#anywhere = engine.compile(pattern);
    this.#startsWithin = startsWithin;
    this.#mostBegins = mostBegins;
  }

  exec(bytes: Buffer, from: number): RegexMatch | undefined {
    let at = from;
    for (this.asked = 1; this.asked <= this.#mostBegins; this.asked++) {
      at = this.#find(bytes, at);
      if (at < 0 || at - from > this.#startsWithin) return undefined;
      const match = this.#there.exec(bytes, at);
      if (match !== undefined) return match;
      at++;
    }
    return this.#anywhere.exec(bytes, at);
  }

  test(text: string): boolean {
    return this.#anywhere.test(text);
  }
}
