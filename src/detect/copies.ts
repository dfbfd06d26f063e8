import type { Copies } from "./trace.ts";

/** A copy, with whether it begins and ends where both contents do: there is nothing beyond that could differ. */
export interface Copy {
  readonly to: number;
  readonly from: number;
  readonly length: number;
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

/** The copy at position `i` of `copies`, between contents of the two lengths. */
export function copyAt(copies: Copies, i: number, length: number, lengthBefore: number): Copy {
  const to = copies[i]!;
  const from = copies[i + 1]!;
  const copied = copies[i + 2]!;
  return {
    to,
    from,
    length: copied,
    isStart: to === 0 && from === 0,
    isEnd: to + copied === length && from + copied === lengthBefore,
  };
}
