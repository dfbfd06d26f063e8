import { inflateSync } from "node:zlib";
import { cleanPath } from "../tar-path.ts";
import type { Bytes } from "./bytes.ts";
import { insideLimits } from "./limits.ts";
import { lost, type Member, type ReportFault } from "./member.ts";

const headBytes = 28;
/** What a location tells: a kind and how many bytes its number has share a byte; zero ends it. */
const told = { end: 0, module: 1, parent: 2, base: 3, extension: 4, offset: 5, packed: 6, size: 7 } as const;
/** What stands before a resource that is packed. */
const packedHeadBytes = 29;
const packedMagic = 0xcafefafa;
/** Methods in each other; `jlink` knows two. */
const mostMethods = 4;
/** A resource beyond this is data; it is named. */
const mostResource = 64 << 20;
/** What a resource that cannot be expanded costs, whatever size it tells. */
const leastCost = 1 << 12;
/** Names in the table of texts. */
const longestName = 4096;

interface Image {
  readonly bytes: Bytes;
  readonly locations: Buffer;
  readonly texts: Buffer;
  /** Where resources begin. */
  readonly data: number;
}

/** Whether a content begins as the file of a Java runtime in which its modules lie, as machines of today write it. */
export function isJavaImage(head: Buffer): boolean {
  return head.readUInt32LE(0) === 0xcafedada && head.readUInt16LE(6) === 1;
}

/**
 * Packed resources of a Java runtime that `jlink` made (`lib/modules`; imageFile.hpp and imageDecompressor.hpp of OpenJDK): classes and files of the program that it was made for. What is not packed stands in the file as it is.
 * Shared texts of classes stand in its table of texts, and are seen there.
 */
export function* javaImageMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const head = bytes.read(0, headBytes);
  const damaged = (): void => report(lost("archive-corrupt", "", "the image of Java modules is cut off or damaged"));
  if (head.length < headBytes) return damaged();
  const [slots, locationBytes, textBytes] = [16, 20, 24].map((field) => head.readUInt32LE(field)) as [
    number,
    number,
    number,
  ];
  const locationsAt = headBytes + 8 * slots;
  const data = locationsAt + locationBytes + textBytes;
  const image: Image = {
    bytes,
    locations: bytes.read(locationsAt, locationBytes),
    texts: bytes.read(locationsAt + locationBytes, textBytes),
    data,
  };
  if (data > bytes.size) return damaged();
  const seen = new Set<number>();
  let patience = insideLimits.freeBytes;
  for (const location of locationsOf(image.locations)) {
    const [at, packed] = [location[told.offset]!, location[told.packed]!];
    if (packed === 0 || seen.has(at)) continue;
    seen.add(at);
    const resource = resourceOf(image, at, packed, location[told.size]!);
    const name = nameOf(image, location);
    if (resource === "unread") report(lost("unsupported", name, "is packed by a method that is not read"));
    else if (resource === undefined) {
      report(lost("archive-corrupt", name, "is cut off or damaged"));
      patience -= leastCost + Math.min(mostResource, location[told.size]!);
      if (patience < 0) return;
    } else yield { name, chunks: [resource] };
  }
}

/** Attributes of each resource, by their kinds. */
function* locationsOf(list: Buffer): Generator<readonly number[], void> {
  let location = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let at = 0; at < list.length;) {
    const kind = list[at]! >> 3;
    if (kind === told.end || kind > told.size) {
      if (kind !== told.end) return;
      yield location;
      location = [0, 0, 0, 0, 0, 0, 0, 0];
      at++;
      continue;
    }
    const length = (list[at]! & 7) + 1;
    let number = 0;
    for (let i = 1; i <= length; i++) number = number * 256 + (list[at + i] ?? 0);
    location[kind] = number;
    at += 1 + length;
  }
}

function nameOf({ texts }: Image, location: readonly number[]): string {
  const text = (kind: number): string => {
    const from = location[kind]!;
    const rest = texts.subarray(from, from + longestName);
    const end = rest.indexOf(0);
    return rest.toString("utf8", 0, end < 0 ? rest.length : end);
  };
  const [module, parent, base, extension] = [told.module, told.parent, told.base, told.extension].map(text);
  return cleanPath(`${module}/${parent}/${base}${extension === "" ? "" : `.${extension}`}`);
}

/** The bytes of a packed resource: under one method another one may stand. Shared texts are left where they are. */
function resourceOf(
  { bytes, texts, data }: Image,
  at: number,
  packed: number,
  size: number,
): Buffer | "unread" | undefined {
  let stored = packed > mostResource ? Buffer.alloc(0) : bytes.read(data + at, packed);
  for (let i = 0; i < mostMethods; i++) {
    if (stored.length < packedHeadBytes || stored.readUInt32LE(0) !== packedMagic) return i === 0 ? undefined : stored;
    const named = stored.readUInt32LE(20);
    const method = texts.toString("latin1", named, named + "compact-cp".length);
    const body = stored.subarray(packedHeadBytes);
    if (method.startsWith("compact-cp")) return body;
    if (!method.startsWith("zip\0")) return "unread";
    try {
      stored = inflateSync(body, { maxOutputLength: Math.min(mostResource, size + packedHeadBytes) });
    } catch {
      return undefined;
    }
  }
  return stored;
}
