import type { FollowProgram } from "../../model/rule.ts";

/** What may happen at a keyword: a rule is looked at, if the text behind the keyword goes on as its matches need it. */
export interface SieveAction {
  /** Actions of one rule at one hit stand together. */
  readonly rule: number;
  /** Bytes of the keyword behind its anchor. */
  readonly beyond: number;
  /** Undefined: nothing is asked. */
  readonly follow: FollowProgram | undefined;
}

/** The actions of all output states, laid out for the kernel. Threads can share it. */
export interface Sieve {
  /** Number of the first action of each output state, and the number of all. */
  readonly starts: Uint32Array;
  /** Five numbers an action: rule, place of the classes, place of the table behind 1 (0: nothing is asked), width, bytes beyond the anchor. */
  readonly actions: Uint32Array;
  /** Classes and tables, each once. */
  readonly programs: Uint8Array;
}

export const wordsPerAction = 5;
/** Bytes behind a keyword that the sieve may read: what is still open then passes. */
export const sieveReach = 80;

/** Classes and tables one behind the other, each once. */
export class ProgramHeap {
  readonly #parts: Uint8Array[] = [];
  readonly #places = new Map<string, number>();
  readonly #known = new Map<FollowProgram, { readonly classes: number; readonly table: number }>();
  #length = 0;

  /** Offsets of a program's classes and of its table. */
  place(program: FollowProgram): { readonly classes: number; readonly table: number } {
    let known = this.#known.get(program);
    if (known === undefined) {
      known = { classes: this.#add(program.classes), table: this.#add(program.table) };
      this.#known.set(program, known);
    }
    return known;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #add(bytes: Uint8Array): number {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    let at = this.#places.get(key);
    if (at === undefined) {
      at = this.#length;
      this.#places.set(key, at);
      this.#parts.push(bytes);
      this.#length += bytes.length;
    }
    return at;
  }
}

/** `byState`: the actions of each output state. Their programs go into `heap`. */
export function buildSieve(byState: readonly (readonly SieveAction[])[], heap: ProgramHeap): Sieve {
  const starts = new Uint32Array(byState.length + 1);
  const actions: number[] = [];
  byState.forEach((list, state) => {
    for (const { rule, beyond, follow } of list) {
      const place = follow === undefined ? undefined : heap.place(follow);
      actions.push(rule, place?.classes ?? 0, place === undefined ? 0 : place.table + 1, follow?.width ?? 0, beyond);
    }
    starts[state + 1] = actions.length / wordsPerAction;
  });
  return { starts, actions: Uint32Array.from(actions), programs: heap.bytes() };
}
