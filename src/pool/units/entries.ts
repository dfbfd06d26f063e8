import { createHash } from "node:crypto";
import { blobId, startBlobId } from "../../content/blob-id.ts";
import {
  bytesInMemory,
  chunksOf,
  containerKind,
  containerKindOf,
  isLaterVolume,
  laterVolumeMessage,
  kindBytes,
  mayBeContainer,
  type Bytes,
} from "../../content/containers/index.ts";
import { headBytes, type ContentStream, type Detector } from "../../detect/index.ts";
import { insideLimits } from "../../content/containers/limits.ts";
import { knownFile, lookInsideHeld, lookInsideStream, withInside, withKnown, type WholeResult } from "../inside.ts";
import type { FileDigests } from "../../model/detection.ts";
import type { ResultBuilder } from "../result.ts";
import { gatherBytes } from "../gather-bytes.ts";
import { crashMessage, type Task } from "../task.ts";
import { HeldBatch } from "./held-batch.ts";
import { HeldContent } from "./held-content.ts";
import type { HeldFile } from "./held-unit.ts";
import { LaterId, type IdMaker } from "./later-id.ts";

/** Archives from this size on are given one by one to a worker that has nothing to do; smaller ones are sooner scanned than given, and given together. */
const leastGivenBytes = 1 << 16;
/** Ids that a worker remembers. Beyond it contents are scanned again, which costs time and changes nothing. */
const maxRemembered = 400_000;

/** What came of contents that a detector scanned, by id. */
const known = new WeakMap<Detector, Map<string, WholeResult>>();
const nothing: WholeResult = { result: { detections: [], suppressed: {}, judged: new Map(), limited: false } };

/** What is known of a content before its bytes come. */
interface ContentTraits {
  /** Where it can be read again. */
  readonly whole?: Bytes;
  /** Its id comes with its end. */
  readonly isIdGiven?: boolean;
  /** Much of it is holes. */
  readonly isSparse?: boolean;
  /** If it is an object or a pack of git, somebody else reads what lies in it. */
  readonly isObject?: boolean;
}

/** Scans files that come one after the other, in chunks, with their sizes known before: entries of layers, files of folders. */
export class EntryScanner {
  readonly #task: Task;
  readonly #out: ResultBuilder;
  readonly #remembered: Map<string, WholeResult>;
  #place = "";
  #size = 0;
  #filled = 0;
  #stream: ContentStream | undefined;
  /** It is too large to be gathered. */
  #isLarge = false;
  /** Of a large content whose id nobody else makes. */
  #hash: IdMaker | undefined;
  #leftOut = false;
  #id = "";
  /** Where a large content can be read again. */
  #whole: Bytes | undefined;
  /** The bytes of the file that was scanned last, where they lie outside of the kernel's memory. */
  #own: Bytes | undefined;
  /** A large content that cannot, as long as it may be an archive. */
  #held: HeldContent | undefined;
  /** What came of a large archive that was read while it went by; before that its first bytes. */
  #passing: WholeResult | Uint8Array | undefined;
  #isClosed = false;
  #nextOrdinal = 0;
  #ordinal = 0;
  readonly #asksPaths: boolean;
  /** The first bytes of a content whose path a rule may ask for, and of a large one that they may tell. */
  #head: Buffer | undefined;

  /** Small archives that wait for somebody who has nothing to do. */
  readonly #batch = new HeldBatch();

  /** `asksPaths`: whether places are paths of files, of which the rules on paths are to be asked. */
  constructor(task: Task, out: ResultBuilder, asksPaths: boolean) {
    this.#asksPaths = asksPaths;
    this.#task = task;
    this.#out = out;
    this.#remembered = known.get(task.detector) ?? new Map();
    known.set(task.detector, this.#remembered);
  }

  begin(place: string, size: number, { whole, isIdGiven, isSparse, isObject }: ContentTraits = {}): void {
    this.#isClosed = isObject === true;
    this.#place = place;
    this.#size = size;
    this.#filled = 0;
    this.#stream = undefined;
    this.#isLarge = size > gatherBytes;
    this.#hash = undefined;
    this.#whole = whole;
    this.#held = undefined;
    this.#passing = undefined;
    this.#own = undefined;
    this.#head = this.#asksPaths && size > 0 && this.#task.detector.files.asks(place) ? Buffer.alloc(0) : undefined;
    this.#leftOut = !this.#task.begin((this.#ordinal = this.#nextOrdinal++));
    if (this.#leftOut) return;
    const { kernel } = this.#task.detector;
    if (!this.#isLarge) kernel.reserve(size);
    else {
      if (isIdGiven !== true)
        this.#hash = isSparse === true && whole !== undefined ? new LaterId(whole) : startBlobId(size);
      if (this.#task.archiveDepth === 0) this.#whole = undefined;
      else if (whole === undefined) this.#held = new HeldContent(size);
    }
  }

  push(chunk: Uint8Array): void {
    this.#task.advance(chunk.length);
    if (this.#leftOut) return;
    // What is gathered is asked by its first bytes where it lies.
    if (this.#filled === 0 && this.#isLarge && this.#task.detector.files.mayKnow(chunk, 0, chunk.length))
      this.#head ??= Buffer.alloc(0);
    if (this.#head !== undefined && this.#head.length < headBytes)
      this.#head = Buffer.concat([this.#head, chunk.subarray(0, headBytes - this.#head.length)]);
    if (this.#isLarge) {
      if (this.#filled === 0 && this.#isClosed && isOfGit(chunk)) this.#held = undefined;
      this.#hash?.update(chunk);
      const rest = this.#held === undefined ? chunk : this.#held.push(chunk);
      if (rest !== undefined && this.#stream === undefined && this.#held?.streamed !== undefined)
        this.#passing = Buffer.from(rest);
      if (rest !== undefined) (this.#stream ??= this.#task.detector.stream()).push(rest);
    } else {
      const { kernel } = this.#task.detector;
      const part = chunk.subarray(0, this.#size - this.#filled);
      kernel.bytes.set(part, kernel.arena + this.#filled);
    }
    this.#filled += chunk.length;
  }

  /** The same as `push` of so many zeros. Of files that can be read again, and are not gathered; the first bytes of one are pushed. */
  zeros(chunk: Uint8Array): void {
    if (this.#leftOut || this.#stream === undefined || !this.#hasHead) return this.push(chunk);
    this.#task.advance(chunk.length);
    this.#hash?.update(chunk);
    this.#stream.pushZeros(chunk.length);
    this.#filled += chunk.length;
  }

  get #hasHead(): boolean {
    return this.#head === undefined || this.#head.length >= headBytes;
  }

  /** Whether this is an archive that is too large to be held, and can be read while it goes by. */
  get wantsRest(): boolean {
    return this.#passing instanceof Uint8Array;
  }

  /** Reads such an archive; `chunks` are the bytes that were not pushed. */
  rest(chunks: Iterable<Uint8Array>): void {
    const { kernel } = this.#task.detector;
    const kind = this.#held?.streamed;
    const [first, stream] = [this.#passing, this.#stream];
    if (!(first instanceof Uint8Array) || kind === undefined || stream === undefined) return;
    const low = kernel.arena + stream.span;
    // Two streams share the kernel's memory. That of the archive's own bytes, when it looks at them, decodes in the place of the one of a member.
    const push = (chunk: Uint8Array): void => {
      const kept = chunk.length < stream.room ? undefined : Buffer.from(kernel.bytes.subarray(low, low + stream.span));
      stream.push(chunk);
      if (kept !== undefined) kernel.bytes.set(kept, low);
    };
    const take = (chunk: Uint8Array): void => {
      this.#task.advance(chunk.length);
      this.#hash?.update(chunk);
      this.#filled += chunk.length;
      push(chunk);
    };
    const all = teed(first, chunks, take);
    this.#passing = lookInsideStream(this.#task, kind, all, low, {
      read: () => this.#filled,
      own() {
        while (all.next().done !== true);
        return stream.end();
      },
    });
  }

  /** Digests of the file that was scanned last; undefined where its bytes are not at hand any more. */
  digests(): FileDigests | undefined {
    if (this.#leftOut) return undefined;
    if (this.#own !== undefined) return digestsOf(chunksOf(this.#own));
    if (this.#isLarge) return undefined;
    const { kernel } = this.#task.detector;
    const bytes = kernel.bytes.subarray(kernel.arena, kernel.arena + Math.min(this.#filled, this.#size));
    // Something else may have been put in its place since.
    return blobId(bytes) === this.#id ? digestsOf([bytes]) : undefined;
  }

  /** The content ended. `known`: its git id, where somebody has made it. */
  end(known?: string): void {
    if (this.#leftOut) this.#out.lost("worker-crashed", this.#place, crashMessage);
    else if (this.#isLarge) this.#large(known);
    else this.#gathered(known);
    this.#own = undefined;
  }

  #large(known: string | undefined): void {
    const hash = this.#hash;
    const scanned = (all: WholeResult): void => {
      // What nobody hears of needs no id.
      const isQuiet = hash instanceof LaterId && all.result.detections.length === 0;
      const id = isQuiet ? "" : (known ?? hash!.digest("hex"));
      this.#out.scanned(id, this.#place, this.#filled, all);
    };
    if (this.#passing !== undefined && !(this.#passing instanceof Uint8Array))
      return scanned(this.#named(this.#passing));
    const held = this.#held?.bytes;
    const whole = this.#held?.end() ?? this.#whole;
    if (whole !== "too-large" && whole !== undefined && whole.size <= insideLimits.maxHeldBytes) this.#own = whole;
    this.#held = undefined;
    this.#whole = undefined;
    if (whole !== undefined && whole !== "too-large" && held !== undefined && this.#isGiven(held)) return;
    const stream = this.#stream ?? this.#task.detector.stream();
    if (held !== undefined) stream.push(held);
    scanned(this.#named(lookInsideHeld(this.#task, stream.end(), whole, this.#filled)));
  }

  /** Gives an archive of a layer to another worker, if one has time. */
  #isGiven(bytes: Uint8Array): boolean {
    const { handOver } = this.#task;
    const { entry } = this.#out;
    if (handOver === undefined || entry === undefined || !handOver.reserve(bytes.length)) return false;
    const shared =
      bytes.buffer instanceof SharedArrayBuffer ? bytes : new Uint8Array(new SharedArrayBuffer(bytes.length));
    if (shared !== bytes) shared.set(bytes);
    this.#give([{ place: this.#place, entry, ordinal: this.#ordinal, bytes: shared }]);
    return true;
  }

  /** The same for a small one, which waits until there are enough of them; while nobody has time, and so many wait, it is scanned here. */
  #isGathered(bytes: Uint8Array): boolean {
    const { handOver } = this.#task;
    const { entry } = this.#out;
    if (handOver === undefined || entry === undefined) return false;
    const isTaken = this.#batch.add({ place: this.#place, entry, ordinal: this.#ordinal, bytes });
    // As long as there is room nobody is started for them.
    if (this.#batch.isWorthGiving && handOver.reserve(isTaken ? 0 : this.#batch.bytes)) this.#give(this.#batch.take());
    return isTaken;
  }

  #give(files: readonly HeldFile[]): void {
    const weight = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#task.handOver?.give({ kind: "held", target: this.#out.target, weight, files });
  }

  /** Nothing more comes: gives half of what waits to somebody who has time, and returns all that is left to be scanned here. */
  waiting(): readonly HeldFile[] {
    const { handOver } = this.#task;
    const isShared = this.#batch.isWorthGiving && handOver?.reserve(0) === true;
    const files = this.#batch.take();
    const half = isShared ? Math.ceil(files.length / 2) : 0;
    if (half > 0) this.#give(files.slice(0, half));
    return files.slice(half);
  }

  #gathered(given: string | undefined): void {
    const { detector, recogniser } = this.#task;
    const length = Math.min(this.#filled, this.#size);
    const low = detector.kernel.arena;
    const id = given ?? blobId(detector.kernel.bytes.subarray(low, low + length));
    this.#id = id;
    // Elsewhere the same bytes are opened, so that nothing is kept of this.
    if (this.#isClosed && isOfGit(detector.kernel.bytes.subarray(low, low + length)))
      return this.#out.scanned(id, this.#place, length, this.#named({ result: detector.scanAt(low, length) }));
    const known = recogniser.isEmpty ? undefined : recogniser.look(Buffer.from(id, "hex"), 0);
    if (known !== undefined) {
      const named = this.#named({ result: known.result });
      if (named.result !== known.result) this.#out.part(id, { ...named.result, suppressed: {} }, this.#place);
      return this.#out.recognised(id, this.#place, known);
    }
    if (this.#task.handOver !== undefined && !this.#remembered.has(id) && this.#task.archiveDepth > 0) {
      const { bytes } = detector.kernel;
      const content = bytes.subarray(low, low + length);
      const isArchive = mayBeContainer(bytes, low, length) && containerKindOf(bytesInMemory(content)) !== undefined;
      if (isArchive && (length < leastGivenBytes ? this.#isGathered(content) : this.#isGiven(content))) return;
    }
    // Told in full for every place, so that the report does not say which worker had which of them.
    let whole = this.#remembered.get(id);
    if (whole === undefined) {
      const { own, ...scanned } = withInside(this.#task, detector.scanAt(low, length), low, length, low);
      this.#own = own;
      whole = scanned;
    }
    if (this.#remembered.size < maxRemembered) this.#remembered.set(id, isNothing(whole) ? nothing : whole);
    this.#out.scanned(id, this.#place, length, this.#named(whole), { id });
  }

  /** A file that no other rule has something to say of may be one that a rule on paths asks for. */
  #named(whole: WholeResult): WholeResult {
    if (this.#asksPaths && whole.inside === undefined && isLaterVolume(this.#place))
      this.#out.problem("unsupported", "incomplete", this.#place, laterVolumeMessage);
    const head = this.#head;
    if (head === undefined || whole.result.detections.length > 0) return whole;
    const { files } = this.#task.detector;
    const known = knownFile(this.#task, head, this.#filled);
    return withKnown(whole, known.length > 0 || !this.#asksPaths ? known : files.look(this.#place, head, this.#filled));
  }
}

function isOfGit(bytes: Uint8Array): boolean {
  const kind = containerKind(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, kindBytes)));
  return kind === "git-pack" || kind === "zlib";
}

function digestsOf(chunks: Iterable<Uint8Array>): FileDigests {
  const [md5, sha1, sha256] = [createHash("md5"), createHash("sha1"), createHash("sha256")];
  for (const chunk of chunks) for (const hash of [md5, sha1, sha256]) hash.update(chunk);
  return { md5: md5.digest("hex"), sha1: sha1.digest("hex"), sha256: sha256.digest("hex") };
}

/** Bytes that were taken already, then others, each of which is taken first. */
function* teed(
  first: Uint8Array,
  chunks: Iterable<Uint8Array>,
  take: (chunk: Uint8Array) => void,
): Generator<Uint8Array, void> {
  yield first;
  for (const chunk of chunks) {
    take(chunk);
    yield chunk;
  }
}

/** Most contents are such; they share one result. */
function isNothing({ result: { detections, publicKeys, suppressed, limited }, inside }: WholeResult): boolean {
  const isQuiet = detections.length === 0 && publicKeys === undefined && Object.keys(suppressed).length === 0;
  return inside === undefined && !limited && isQuiet;
}
