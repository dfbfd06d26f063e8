import { isObjectId, type IdBytes } from "../model/object-id.ts";
import { Failure } from "./failure.ts";
import { textOf, type Packet } from "./packets.ts";

/** A ref that a server offers. */
export interface OfferedRef {
  readonly name: string;
  readonly oid: string;
  /** What an annotated tag stands for in the end. */
  readonly peeled?: string;
  /** The ref that it stands for: HEAD does. */
  readonly target?: string;
}

/** What a server says of itself first (gitprotocol-v2, "Capability Advertisement"; gitprotocol-pack, "Reference Discovery"). */
export interface Advertisement {
  readonly version: 0 | 2;
  readonly capabilities: ReadonlySet<string>;
  readonly idBytes: IdBytes;
  /** Of version 0 alone; the other one is asked for them. */
  readonly refs: readonly OfferedRef[];
  /** Where the server's own history is cut off; of version 0 alone. */
  readonly shallow: readonly string[];
}

/** A page of a server with a million refs has 100 MB. */
const maxListBytes = 1 << 28;
/** What a line takes beside its text, in memory and on its way. */
const lineBytes = 64;

/** Lines of a server that are kept, or passed by, as far as a list of refs may go. Throws Failure beyond. */
export class ListBound {
  #left = maxListBytes;

  take(one: Packet): void {
    this.#left -= lineBytes + (one.kind === "data" ? one.bytes.length : 0);
    if (this.#left < 0) throw new Failure("too-large", "the server says too much");
  }
}

/** Reads the first answer of a server. Throws Failure where it is not git's. */
export async function readAdvertisement(all: AsyncIterable<Packet>): Promise<Advertisement> {
  const lines = await textLines(all);
  if (lines[0]?.startsWith("# service=")) lines.shift();
  if (/^version 1$/.test(lines[0] ?? "")) lines.shift();
  const [first] = lines;
  if (first === "version 2") {
    const capabilities = new Set(lines.slice(1));
    return { version: 2, capabilities, idBytes: idBytesFor(capabilities), refs: [], shallow: [] };
  }
  if (first === undefined || !first.includes("\0")) throw new Failure("not-a-repository");
  const capabilities = new Set(first.slice(first.indexOf("\0") + 1).split(" "));
  lines[0] = first.slice(0, first.indexOf("\0"));
  const targets = new Map(
    [...capabilities].flatMap((text): [string, string][] => {
      const [, name = "", target = ""] = /^symref=([^:]+):(.+)$/.exec(text) ?? [];
      return name === "" ? [] : [[name, target]];
    }),
  );
  const refs: OfferedRef[] = [];
  const shallow: string[] = [];
  for (const line of lines) {
    const [head, name] = splitOnce(line);
    if (head === "shallow" && isObjectId(name)) shallow.push(name);
    else if (!isObjectId(head)) throw new Failure("not-a-repository");
    // Says that there are no refs.
    else if (name === "capabilities^{}") continue;
    else if (name.endsWith("^{}")) {
      const tag = refs.pop();
      if (tag?.name !== name.slice(0, -3)) throw new Failure("not-a-repository");
      refs.push({ ...tag, peeled: head });
    } else {
      const target = targets.get(name);
      refs.push({ name, oid: head, ...(target === undefined ? {} : { target }) });
    }
  }
  return { version: 0, capabilities, idBytes: idBytesFor(capabilities), refs, shallow };
}

/** The refs that a server of version 2 lists (gitprotocol-v2, "ls-refs"). */
export async function readRefs(all: AsyncIterable<Packet>): Promise<OfferedRef[]> {
  return (await textLines(all)).map((line): OfferedRef => {
    const [oid, rest] = splitOnce(line);
    const [name = "", ...attributes] = rest.split(" ");
    const value = (key: string): string | undefined =>
      attributes.find((text) => text.startsWith(key))?.slice(key.length);
    const [target, peeled] = [value("symref-target:"), value("peeled:")];
    if ((!isObjectId(oid) && oid !== "unborn") || (peeled !== undefined && !isObjectId(peeled)))
      throw new Failure("not-a-repository");
    return {
      ...{ name, oid: oid === "unborn" ? "" : oid },
      ...(target === undefined ? {} : { target }),
      ...(peeled === undefined ? {} : { peeled }),
    };
  });
}

/** All lines up to the last flush. */
async function textLines(all: AsyncIterable<Packet>): Promise<string[]> {
  const lines: string[] = [];
  const bound = new ListBound();
  for await (const one of all) {
    bound.take(one);
    if (one.kind !== "data") continue;
    const line = textOf(one.bytes);
    // What the server says in words stays unsaid: it can be anything.
    if (line.startsWith("ERR ")) throw new Failure("not-found", "the server refuses");
    lines.push(line);
  }
  return lines;
}

function idBytesFor(capabilities: ReadonlySet<string>): IdBytes {
  const format = [...capabilities].find((text) => text.startsWith("object-format="))?.slice("object-format=".length);
  if (format !== undefined && format !== "sha1" && format !== "sha256") throw new Failure("not-a-repository");
  return format === "sha256" ? 32 : 20;
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(" ");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}
