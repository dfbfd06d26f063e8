import { constants, createReadStream } from "node:fs";
import { lstat, open, opendir, readlink, realpath, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { gunzip, type StreamDamage } from "./gzip.ts";
import { asRecord, parseJson } from "./json.ts";
import { padded, TAR_BLOCK } from "./tar-header.ts";
import { cleanPath } from "./tar-path.ts";

/** A line of tar-split: a header, or some padding, in base64; real ones stay below a megabyte. */
const MAX_LINE_BYTES = 16 << 20;
const READ_BYTES = 1 << 20;
/** Folders within each other; systems have some tens. */
const MAX_DEPTH = 4096;

/**
 * The tar that an engine unpacked into `folder`, byte by byte as it was: `split` (tar-split, gzip) keeps all of it but the bodies of files. What is missing of a file is given as zeros and told.
 */
export async function* assembleTar(
  split: string,
  folder: string,
  report: (damage: StreamDamage) => void,
): AsyncGenerator<Uint8Array, void> {
  const root = await realpath(folder).catch(() => folder);
  let missing = 0;
  const refused = new Refusals();
  for await (const line of linesOf(
    gunzip(() => createReadStream(split), report),
    report,
  )) {
    const { type, name, name_raw: rawName, size, payload } = asRecord(parseJson(line)) ?? {};
    if (type === 2 && typeof payload === "string") {
      const segment = Buffer.from(payload, "base64");
      if (segment.length > 0) yield segment;
    } else if (type === 1 && typeof size === "number" && Number.isSafeInteger(size) && size > 0) {
      const path = typeof rawName === "string" ? Buffer.from(rawName, "base64").toString("utf8") : String(name);
      let left = size;
      for await (const chunk of bodyOf(root, path, size, refused)) {
        left -= chunk.length;
        yield chunk;
      }
      if (left > 0) missing++;
      for (; left > 0; left -= Math.min(left, READ_BYTES)) yield new Uint8Array(Math.min(left, READ_BYTES));
    }
  }
  if (missing > 0)
    report({ kind: "truncated", message: `${missing} files of the layer are missing or too short${refused.text}` });
}

async function* linesOf(
  bytes: AsyncIterable<Uint8Array>,
  report: (damage: StreamDamage) => void,
): AsyncGenerator<Uint8Array, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const joined = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = joined.indexOf(10, from); end >= 0; end = joined.indexOf(10, from)) {
      yield joined.subarray(from, end);
      from = end + 1;
    }
    rest = joined.subarray(from);
    if (rest.length > MAX_LINE_BYTES) {
      report({ kind: "corrupt", message: "the list of the layer's files is damaged" });
      return;
    }
  }
  if (rest.length > 0) yield rest;
}

/** At most `size` bytes of a file below `root`; nothing of what is no file, or lies behind a link that leads out. */
async function* bodyOf(root: string, path: string, size: number, refused: Refusals): AsyncGenerator<Uint8Array, void> {
  const file = await realpath(join(root, cleanPath(path))).catch(refused.note);
  if (file === undefined || !file.startsWith(`${root}/`)) return;
  if ((await lstat(file).catch(refused.note))?.isFile() !== true) return;
  yield* fileBytes(file, size, refused);
}

/** Counts what the system does not let this user read: in storages of engines without root, files of the users that lived in containers. */
class Refusals {
  #count = 0;

  readonly note = (error: unknown): undefined => {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EACCES" || code === "EPERM") this.#count++;
  };

  /** What to say of them, behind a message. */
  get text(): string {
    if (this.#count === 0) return "";
    return `: permission is denied to ${this.#count} of them (of podman without root, run it by \`podman unshare\`)`;
  }
}

async function* fileBytes(file: string, size: number, refused: Refusals): AsyncGenerator<Uint8Array, void> {
  let handle: FileHandle;
  try {
    // What is a pipe by now would wait for a writer.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    return refused.note(error);
  }
  try {
    for (let left = size; left > 0;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, left));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null).catch(() => ({ bytesRead: 0 }));
      if (bytesRead === 0) return;
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/**
 * A folder as the tar of a layer, sorted: what was written in a container that runs on overlayfs. A device 0:0 stands there for what was removed (overlayfs, "whiteouts"); folders that were emptied
 * carry a mark that only the kernel tells. Links are not followed.
 */
export async function* folderAsTar(
  folder: string,
  report: (damage: StreamDamage) => void,
): AsyncGenerator<Uint8Array, void> {
  let unread = 0;
  let mounted = 0;
  const refused = new Refusals();
  const device = (await lstat(folder).catch(refused.note))?.dev;
  yield* entriesOf(folder, "", 0);
  if (mounted > 0)
    report({
      kind: "truncated",
      message: `other file systems are mounted on ${mounted} folders of it: they were not read`,
    });
  if (unread > 0)
    report({ kind: "truncated", message: `${unread} files or folders of it cannot be read${refused.text}` });
  yield new Uint8Array(2 * TAR_BLOCK);

  async function* entriesOf(path: string, name: string, depth: number): AsyncGenerator<Uint8Array, void> {
    const names: string[] = [];
    try {
      for await (const entry of await opendir(path)) names.push(entry.name);
    } catch (error) {
      unread++;
      return refused.note(error);
    }
    for (const part of names.sort()) {
      const child = join(path, part);
      const inner = name === "" ? part : `${name}/${part}`;
      const facts = await lstat(child).catch(refused.note);
      if (facts === undefined) unread++;
      else if (facts.isDirectory()) {
        yield* headerOf(`${inner}/`, "5", 0);
        if (facts.dev !== device) mounted++;
        else if (depth < MAX_DEPTH) yield* entriesOf(child, inner, depth + 1);
        else unread++;
      } else if (facts.isCharacterDevice() && facts.rdev === 0) {
        yield* headerOf(`${name === "" ? "" : `${name}/`}.wh.${part}`, "0", 0);
      } else if (facts.isFile()) {
        yield* headerOf(inner, "0", facts.size);
        let given = 0;
        for await (const chunk of fileBytes(child, facts.size, refused)) {
          given += chunk.length;
          yield chunk;
        }
        if (given < facts.size) unread++;
        for (let left = padded(facts.size) - given; left > 0; left -= Math.min(left, READ_BYTES))
          yield new Uint8Array(Math.min(left, READ_BYTES));
      } else if (facts.isSymbolicLink()) {
        yield* headerOf(inner, "2", 0, await readlink(child).catch(() => ""));
      }
    }
  }
}

const NAME_BYTES = 100;

/** A header of tar, with a long name before it where it needs one (GNU). */
function* headerOf(name: string, type: string, size: number, link = ""): Generator<Uint8Array, void> {
  const bytes = Buffer.from(name);
  if (bytes.length > NAME_BYTES) {
    yield block("././@LongLink", "L", bytes.length, "");
    yield Buffer.concat([bytes, Buffer.alloc(padded(bytes.length) - bytes.length)]);
  }
  yield block(name, type, size, link);
}

function block(name: string, type: string, size: number, link: string): Buffer {
  const header = Buffer.alloc(TAR_BLOCK);
  Buffer.from(name).copy(header, 0, 0, NAME_BYTES);
  header.write("0000644\0" + "0000000\0" + "0000000\0", 100, "latin1");
  // Twelve bytes in base 256, where octal digits do not reach.
  header[124] = 0x80;
  header.writeUIntBE(size, 130, 6);
  header.write("00000000000\0        ", 136, "latin1");
  header.write(type, 156, "latin1");
  Buffer.from(link).copy(header, 157, 0, NAME_BYTES);
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}
