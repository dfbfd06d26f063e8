import type { Rule } from "../../model/rule.ts";

/** The first bytes by which some rules know a file under any name: asked of every content, so it costs a few look-ups. */
export class KnownHeads {
  /** By offset: for each first byte the heads that begin with it. */
  readonly #offsets: { readonly at: number; readonly byFirst: (Buffer[] | undefined)[] }[] = [];

  constructor(rules: readonly Rule[]) {
    for (const { file } of rules)
      for (const hex of file?.anywhere === true ? file.heads : []) this.#add(file?.at ?? 0, Buffer.from(hex, "hex"));
  }

  #add(at: number, head: Buffer): void {
    let offset = this.#offsets.find((known) => known.at === at);
    if (offset === undefined) this.#offsets.push((offset = { at, byFirst: [] }));
    (offset.byFirst[head[0]!] ??= []).push(head);
  }

  /** Whether `bytes[from … from + length - 1]` begin with one of them. */
  has(bytes: Uint8Array, from: number, length: number): boolean {
    return this.#offsets.some(({ at, byFirst }) => {
      const heads = at < length ? byFirst[bytes[from + at]!] : undefined;
      return heads?.some(
        (head) => at + head.length <= length && head.every((byte, i) => bytes[from + at + i] === byte),
      );
    });
  }
}
