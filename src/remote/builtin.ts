import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { packIndexBytes } from "../content/git/pack-index-bytes.ts";
import { rebuildInSteps } from "../content/git/pack-rebuild.ts";
import { isObjectId } from "../model/object-id.ts";
import type { Problem } from "../model/problem.ts";
import type { Credentials } from "./address.ts";
import { ListBound, readAdvertisement, readRefs, type Advertisement, type OfferedRef } from "./advertisement.ts";
import { Failure } from "./failure.ts";
import { ask, type Asked } from "./http.ts";
import { createLayout, writeRefs } from "./layout.ts";
import { PackFile, type WrittenPack } from "./pack-file.ts";
import { delimiter, flush, packet, packets, textOf, type Packet } from "./packets.ts";
import { refsDigest } from "./refs-digest.ts";
import { Watch, type Bounds, type Received } from "./watch.ts";

/** An index is made in memory, of some three hundred bytes an object. */
const maxObjects = 3_000_000;
/** What the objects of a pack may make while its index is made: a minute's work. */
const maxExpandedBytes = 64 * 2 ** 30;
/** Questions of this size are sent compressed; servers read no more than 10 MB otherwise. */
const leastCompressed = 1 << 14;

export interface BuiltinTransfer {
  readonly address: { readonly url: string; readonly credentials?: Credentials };
  /** Where the bare repository comes; not there yet. */
  readonly folder: string;
  readonly bounds: Bounds;
  readonly signal: AbortSignal;
  readonly onReceived: (received: Received) => void;
}

/**
 * Fetches everything that a repository offers over HTTP, without git: all refs and their history, in one pack that goes to the disk as it comes
 * (gitprotocol-http, versions 2 and 0). Gives what was left behind. Throws Failure.
 */
export async function fetchBuiltin(transfer: BuiltinTransfer): Promise<readonly Problem[]> {
  const { folder, address, signal } = transfer;
  createLayout(folder);
  const service = await Service.open(transfer);
  const { advertisement } = service;
  const { idBytes } = advertisement;
  const refs = advertisement.version === 2 ? await service.refs() : advertisement.refs;
  const wants = [...new Set(refs.map(({ oid }) => oid))].filter((oid) => isObjectId(oid)).sort();
  const shallow = [...advertisement.shallow];
  if (wants.length > 0) {
    const packs = join(folder, "objects", "pack");
    await using file = await PackFile.open(packs, idBytes);
    await service.pack(wants, file, shallow);
    await writeIndex(await file.finish(), idBytes, signal);
  }
  const unnamed = writeRefs(folder, refs, shallow, idBytes);
  if (unnamed === 0) return [];
  const { url } = address;
  const message = `${unnamed === 1 ? "a ref has a name" : `${unnamed} refs have names`} that git does not take: what they hold is scanned without`;
  return [{ code: "unsupported", effect: "note", target: url, subject: url, message }];
}

/** What a repository offers, without fetching any of it: see `refsDigest`. Undefined where it offers nothing. Throws Failure. */
export async function offeredBuiltin(transfer: BuiltinTransfer): Promise<Uint8Array | undefined> {
  const service = await Service.open(transfer);
  const { advertisement } = service;
  const refs = advertisement.version === 2 ? await service.refs() : advertisement.refs;
  const lines = refs.flatMap(({ oid, name }) => (name.startsWith("refs/") ? [`${oid} ${name}`] : []));
  return lines.length === 0 ? undefined : refsDigest(lines);
}

/** The index of a pack, beside it. Of a damaged pack none: whoever reads it sees what is damaged. */
async function writeIndex({ path, hash, objects }: WrittenPack, idBytes: 20 | 32, signal: AbortSignal): Promise<void> {
  if (objects > maxObjects)
    throw new Failure("too-large", `it has more than ${maxObjects} objects, which takes git to fetch`);
  const steps = rebuildInSteps(path, idBytes, maxExpandedBytes);
  for (;;) {
    const step = steps.next();
    if (step.done === true) {
      const { index, fault } = step.value;
      if (fault === undefined) await writeFile(path.replace(/pack$/, "idx"), packIndexBytes(index, hash));
      return;
    }
    // Signals are heard in between.
    await setImmediate();
    if (signal.aborted) throw new Failure("interrupted");
  }
}

/** The server's side of a fetch. */
class Service {
  readonly advertisement: Advertisement;
  /** The address of the repository, where redirects led. */
  readonly #base: string;
  readonly #transfer: BuiltinTransfer;
  readonly #watch: Watch;

  private constructor(transfer: BuiltinTransfer, watch: Watch, base: string, advertisement: Advertisement) {
    this.#transfer = transfer;
    this.#watch = watch;
    this.#base = base;
    this.advertisement = advertisement;
  }

  /** Asks for what the server offers. */
  static async open(transfer: BuiltinTransfer): Promise<Service> {
    const watch = new Watch(transfer.bounds);
    const question = "/info/refs?service=git-upload-pack";
    const url = transfer.address.url.replace(/\/+$/, "") + question;
    const answer = await ask(askedOf(transfer, "GET", url), watch, transfer.bounds.silentMs, transfer.signal);
    if (!answer.type.startsWith("application/x-git-upload-pack-advertisement")) throw new Failure("not-a-repository");
    if (!answer.url.endsWith(question)) throw new Failure("transport");
    const advertisement = await readAdvertisement(packets(answer.pieces));
    return new Service(transfer, watch, answer.url.slice(0, -question.length), advertisement);
  }

  /** All refs (gitprotocol-v2, "ls-refs"). */
  async refs(): Promise<OfferedRef[]> {
    const unborn = [...this.advertisement.capabilities].some((text) => /^ls-refs=.*\bunborn\b/.test(text));
    const lines = ["peel\n", "symrefs\n", ...(unborn ? ["unborn\n"] : [])];
    return readRefs(await this.#command("ls-refs", lines));
  }

  /** One pack with all that these objects reach. Where the server's own history is cut off goes to `shallow`. */
  async pack(wants: readonly string[], file: PackFile, shallow: string[]): Promise<void> {
    if (this.advertisement.version === 2) {
      const answer = await this.#command("fetch", ["ofs-delta\n", ...wants.map((oid) => `want ${oid}\n`), "done\n"]);
      return this.#receive(answer, file, shallow);
    }
    const { capabilities, idBytes } = this.advertisement;
    const band = ["side-band-64k", "side-band"].find((name) => capabilities.has(name));
    if (band === undefined) throw new Failure("other", "the server is too old to be asked without git");
    const ours = [band, "ofs-delta", ...(idBytes === 32 ? ["object-format=sha256"] : [])];
    const lines = wants.map((oid, i) => packet(`want ${oid}${i === 0 ? ` ${ours.join(" ")}` : ""}\n`));
    const answer = await this.#post(Buffer.concat([...lines, flush, packet("done\n")]), {});
    return this.#receive(answer, file, shallow);
  }

  /** Lines come first, then the pack in packets that begin with the number of their band (gitprotocol-pack, "Packfile Data"). */
  async #receive(all: AsyncIterable<Packet>, file: PackFile, shallow: string[]): Promise<void> {
    let isPack = false;
    let isWhole = false;
    const bound = new ListBound();
    for await (const one of all) {
      const isPart = isPack && one.kind === "data" && one.bytes.length > 1 && one.bytes[0] === 1;
      if (!isPart) bound.take(one);
      if (one.kind !== "data") {
        isWhole ||= isPack && one.kind === "flush";
        if (isWhole) break;
        continue;
      }
      const { bytes } = one;
      if (!isPack) {
        const line = textOf(bytes);
        const [, cut] = /^shallow ([\da-f]+)$/.exec(line) ?? [];
        if (isObjectId(cut ?? "")) shallow.push(cut!);
        else if (line.startsWith("ERR ")) throw new Failure("other", "the server refuses to send it");
        isPack = line === "packfile" || line === "NAK";
        continue;
      }
      if (bytes[0] === 3) throw new Failure("damaged-there");
      if (!isPart) continue;
      await file.write(bytes.subarray(1));
      this.#transfer.onReceived({ bytes: file.size, objects: 0 });
      const excess = this.#watch.look(file.size);
      if (excess !== undefined) throw new Failure(excess);
    }
    if (!isWhole) throw new Failure("broken-off");
  }

  async #command(name: string, lines: readonly string[]): Promise<AsyncIterable<Packet>> {
    const format = this.advertisement.idBytes === 32 ? [packet("object-format=sha256\n")] : [];
    const body = [packet(`command=${name}\n`), ...format, delimiter, ...lines.map((line) => packet(line)), flush];
    return this.#post(Buffer.concat(body), { "git-protocol": "version=2" });
  }

  async #post(body: Buffer, headers: Readonly<Record<string, string>>): Promise<AsyncIterable<Packet>> {
    const { bounds, signal } = this.#transfer;
    const isLarge = body.length >= leastCompressed;
    const asked: Asked = {
      ...askedOf(this.#transfer, "POST", `${this.#base}/git-upload-pack`),
      headers: {
        ...headers,
        ...agent,
        "content-type": "application/x-git-upload-pack-request",
        accept: "application/x-git-upload-pack-result",
        ...(isLarge ? { "content-encoding": "gzip" } : {}),
      },
      body: isLarge ? gzipSync(body) : body,
    };
    const { type, pieces } = await ask(asked, this.#watch, bounds.silentMs, signal);
    if (!type.startsWith("application/x-git-upload-pack-result")) throw new Failure("not-a-repository");
    return packets(pieces);
  }
}

/** Servers that look for it answer git's own clients alone. */
const agent = { "user-agent": "git/2.40 (leaktrace)" };

function askedOf({ address }: BuiltinTransfer, method: "GET" | "POST", url: string): Asked {
  const credentials = { origin: new URL(address.url).origin, given: address.credentials };
  return { method, url, headers: { ...agent, "git-protocol": "version=2" }, credentials };
}
