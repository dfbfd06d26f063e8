import type { Ruleset } from "../model/rule.ts";
import { buildAutomaton, type Automaton } from "./kernel/automaton.ts";

/** Keywords of a ruleset, each once, in the order in which the automaton numbers them. */
export function keywordsOf(ruleset: Ruleset): string[] {
  return [...new Set(ruleset.rules.flatMap((rule) => (rule.regex === undefined ? [] : rule.keywords)))];
}

export function automatonOf(ruleset: Ruleset): Automaton {
  return buildAutomaton(keywordsOf(ruleset).map((keyword) => Buffer.from(keyword)));
}

/** The automaton of a ruleset as bytes, so that a program that starts need not build it: length of the header, header (JSON), table. */
export function packAutomaton(ruleset: Ruleset): Uint8Array {
  const { classes, table, outputs, ...rest } = automatonOf(ruleset);
  const header = Buffer.from(
    JSON.stringify({
      ...rest,
      digest: ruleset.digest,
      classes: [...classes],
      outputs: outputs.map((output) => [...output]),
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([length, header, Buffer.from(table.buffer, table.byteOffset, table.byteLength)]);
}

/** Reads what `packAutomaton` made; undefined when it was made for another ruleset. The table lies in memory that threads can share. */
export function unpackAutomaton(bytes: Uint8Array, ruleset: Ruleset): Automaton | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + view.readUInt32LE(0);
  const header = JSON.parse(view.toString("utf8", 4, end)) as Packed;
  if (header.digest !== ruleset.digest) return undefined;
  const table = new Uint16Array(new SharedArrayBuffer(view.length - end));
  new Uint8Array(table.buffer).set(view.subarray(end));
  return {
    classes: Uint8Array.from(header.classes),
    table,
    shift: header.shift,
    firstOutput: header.firstOutput,
    outputs: header.outputs.map((output) => Uint16Array.from(output)),
    anchors: header.anchors,
    longest: header.longest,
  };
}

/** Written by our own build, in the same package as this file. */
interface Packed {
  readonly digest: string;
  readonly classes: readonly number[];
  readonly shift: number;
  readonly firstOutput: number;
  readonly outputs: readonly (readonly number[])[];
  readonly anchors: readonly number[];
  readonly longest: number;
}
