/**
 * Where a value stands: its key path, and the entries that belong to it. Bytes around it go in, names come out; it is asked for what is
 * reported alone. The format is not asked for and not known: what nests is told by brackets, indentation, sections and tags.
 */
import type { Region } from "../collector.ts";
import type { DetectionPart } from "../../model/detection.ts";
import { locate, type Level } from "./locate.ts";
import { partnersOf } from "./partners.ts";

export interface Structure {
  /** `services.db.environment.POSTGRES_PASSWORD`; begins with `…` where it goes on further up. Absent where there is none. */
  readonly key?: string;
  readonly parts?: readonly DetectionPart[];
  /** Whether a part of the path says that it is an example: `example:` of OpenAPI. */
  readonly isExample?: true;
}

const exampleStep = /^(?:x-)?examples?$/;

/** What a key path depends on: so many bytes before a value, and behind its begin. */
export const structureBefore = 8_192;
/** Before one of many values. */
export const structureBeforeMany = 1_024;
export const structureAfter = 2_048;
/** Behind the begin of encoded text: a stream decodes it when no more than this is there. */
export const decodedAfter = 512;

/** A path longer than this is cut at its begin, and a name in it at its end. In UTF-16 units. */
const maxPath = 256;
const maxStep = 80;

/**
 * Tells the structure around the value at `[start, end)` (offsets in the content). It depends on `before` bytes before it and on `after`
 * bytes behind its begin, of which those that the content has must be in memory.
 */
export type StructureReader = (
  bytes: Buffer,
  region: Region,
  start: number,
  end: number,
  before: number,
  after: number,
) => Structure;

/** So many answers are remembered: versions of a file hold the same text around the same value. */
const maxRemembered = 256;

export function createStructureReader(): StructureReader {
  const known = new Map<string, Structure>();
  return (bytes, region, start, end, before, after) => {
    const around = textAround(bytes, region, start, before, after);
    const question = `${around.at} ${end - start} ${around.isWhole} ${around.text}`;
    let structure = known.get(question);
    if (structure === undefined) {
      structure = structureOf(around, end - start);
      if (known.size >= maxRemembered) known.clear();
      known.set(question, structure);
    }
    return structure;
  };
}

interface Around {
  readonly text: string;
  /** Where the value begins in it. */
  readonly at: number;
  /** Whether it begins where the content does. */
  readonly isWhole: boolean;
}

function textAround(bytes: Buffer, { low, high, base }: Region, start: number, before: number, after: number): Around {
  const at = low + start - base;
  const least = Math.max(low, at - before);
  const isWhole = least === low && base === 0;
  const from = isWhole ? low : lineBegin(bytes, least, at);
  const text = bytes.toString("latin1", from, Math.min(high, at + after)) + (at + after > high ? "\n" : "");
  return { text, at: at - from, isWhole };
}

function structureOf({ text, at, isWhole }: Around, length: number): Structure {
  const levels = locate(text, at, isWhole);
  const key = pathOf(levels, text.slice(at, at + length));
  const parts = (credentialParts(text, at, length, levels) ?? partnersOf(levels)).map(
    ({ name, value }): DetectionPart => ({ name: utf8(name), value: utf8(value) }),
  );
  const isExample = levels.some(({ steps }) =>
    steps.some((step) => typeof step === "string" && exampleStep.test(step)),
  );
  return {
    ...(key === "" ? {} : { key }),
    ...(parts.length === 0 ? {} : { parts }),
    ...(isExample ? { isExample } : {}),
  };
}

/** The begin of the first line behind `from`; of a long line what is there of it. */
function lineBegin(bytes: Buffer, from: number, at: number): number {
  const end = bytes.subarray(from, at).indexOf(10);
  return end < 0 ? from : from + end + 1;
}

/** A secret can be a key, too: it is left out. */
function pathOf(levels: readonly Level[], secret: string): string {
  const steps = levels
    .flatMap((level) => level.steps)
    .filter((step) => typeof step === "number" || !step.includes(secret));
  if (steps.length === 0) return "";
  let path = "";
  for (const step of steps) {
    if (typeof step === "number") path += step < 0 ? "[]" : `[${step}]`;
    else path += stepText(utf8(step), path === "");
  }
  const isCut = levels[0]?.isWhole !== true;
  const tail = path.length > maxPath ? path.slice(-maxPath) : path;
  return isCut || tail !== path ? `…${/^[.[]/.test(tail) ? "" : "."}${tail}` : tail;
}

function stepText(step: string, isFirst: boolean): string {
  const name = step.length > maxStep ? `${step.slice(0, maxStep)}…` : step;
  if (/^[\w$@+\-/()\u0080-\uffff]+$/.test(name)) return isFirst ? name : `.${name}`;
  return `[${JSON.stringify(name)}]`;
}

const addressBefore = /(?:^|[^A-Za-z])[A-Za-z][\w+.-]{1,20}:\/\/([^\s:@/"'<>]{0,64}):$/;
const addressAfter = /^@([^\s/"'<>?#,;\\]{1,100})/;
const userBefore = /^([\w.@+-]{1,64}):$/;

/** `scheme://user:…@host` and `--user name:…`: what stands in the value itself. */
function credentialParts(
  text: string,
  at: number,
  length: number,
  levels: readonly Level[],
): readonly DetectionPart[] | undefined {
  const address = addressBefore.exec(text.slice(Math.max(0, at - 100), at));
  const host = addressAfter.exec(text.slice(at + length, at + length + 128))?.[1];
  if (address !== null && host !== undefined) {
    const user = address[1]!;
    return [...(user === "" ? [] : [{ name: "user", value: user }]), { name: "host", value: host }];
  }
  const own = levels.at(-1)?.own;
  const level = levels.at(-1);
  if (own === undefined || level === undefined || own.valueStart >= level.target) return undefined;
  const user = userBefore.exec(level.text.slice(own.valueStart, level.target).slice(-70))?.[1];
  return user === undefined || !/^(?:u|user|userpwd|auth|_auth|basic|credentials?|login)$/i.test(own.key)
    ? undefined
    : [{ name: own.key, value: user }];
}

/** Names are read as bytes. */
function utf8(name: string): string {
  return Buffer.from(name, "latin1").toString("utf8");
}
