import { mostName, shortened } from "../model/shortened.ts";
import { append } from "../model/multimap.ts";
import type { Detection } from "../model/detection.ts";
import {
  BlockList,
  bytesInMemory,
  carriesOpened,
  chain,
  ChunkReader,
  chunksOf,
  containerKind,
  containerKindOf,
  endsAsZip,
  isProgram,
  kindBytes,
  LastBytes,
  lost,
  mayBeContainer,
  placedMembers,
  streamedMembers,
  isLaterVolume,
  isPlaced,
  laterVolumeMessage,
  PassingProgram,
  isSaidByMembers,
  kindByEnd,
  type Bytes,
  type ContainerKind,
  type Member,
  type MemberFault,
  type PlacedKind,
  type StreamKind,
  type ReportFault,
} from "../content/containers/index.ts";
import { insideLimits, type InsideLimits } from "../content/containers/limits.ts";
import { headBytes, type ScanResult } from "../detect/index.ts";
import { deeper, join, type Level } from "./level.ts";
import type { CleanMember } from "./member-memo.ts";
import { mergeResults } from "./merge-results.ts";
import type { Task } from "./task.ts";

/** What lies inside of a content, beside what its own bytes say. */
export interface Inside {
  /** Expanded bytes of the members. */
  readonly bytes: number;
  readonly faults: readonly InsideFault[];
}

/** A fault of some members of one container: the first of them, and how many there are. */
export interface InsideFault extends MemberFault {
  readonly count: number;
}

/** What came of a content with all that lies in it. */
export interface WholeResult {
  readonly result: ScanResult;
  /** Absent where it is no container. */
  readonly inside?: Inside;
  /** The bytes of a container, whose place what lies in it has taken. */
  readonly own?: Bytes;
}

/** Members up to this size are scanned at once, larger ones as streams. */
const gatherBytes = 1 << 20;
/** Detections of one content, all members together; the detector has a limit for each. */
const maxDetections = 50_000;
/** The path of a member through all archives around it. */
const mostPath = 4 * mostName;
/** Kinds of faults told of one content; a hostile archive has as many as it has members. */
const maxFaults = 100;

/**
 * Looks into the content of `length` bytes at address `at` of the kernel's memory, which was scanned with `result`; nearly all contents are no
 * containers, and cost three looks. Members are scanned in the memory at `low` and behind.
 */
export function withInside(task: Task, result: ScanResult, at: number, length: number, low: number): WholeResult {
  const { kernel, files } = task.detector;
  const { bytes } = kernel;
  // Asked first: what is scanned next may lie in this place.
  const known = files.mayKnow(bytes, at, length) ? knownFile(task, bytes.subarray(at, at + length), length) : [];
  return withKnown(withMembers(task, result, at, length, low), known);
}

function withMembers(task: Task, result: ScanResult, at: number, length: number, low: number): WholeResult {
  const { bytes } = task.detector.kernel;
  if (task.archiveDepth === 0 || !mayBeContainer(bytes, at, length)) return { result };
  const content = bytes.subarray(at, at + length);
  if (containerKindOf(bytesInMemory(content)) === undefined) return { result };
  // The kernel's memory moves when it grows, and what is scanned next may lie in this place.
  const own = bytesInMemory(Buffer.from(content));
  return { ...lookInside(task, result, own, low), own };
}

/** What rules say of a file that its bytes alone tell. `head`: the first bytes of `size`. */
export function knownFile(task: Task, head: Uint8Array, size: number): readonly Detection[] {
  const { files } = task.detector;
  if (!files.mayKnow(head, 0, head.length)) return [];
  return files.know(Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, headBytes)), size);
}

/** A content in which nothing else was found is what its first bytes say. */
export function withKnown(whole: WholeResult, known: readonly Detection[]): WholeResult {
  const { result } = whole;
  return known.length === 0 || result.detections.length > 0
    ? whole
    : { ...whole, result: { ...result, detections: known } };
}

/** The same for a content that can be read outside of the kernel's memory. */
export function lookInside(
  task: Task,
  result: ScanResult,
  bytes: Bytes,
  low: number = task.detector.kernel.arena,
  limits: InsideLimits = insideLimits,
): WholeResult {
  const kind = task.archiveDepth === 0 ? undefined : containerKindOf(bytes);
  if (kind === undefined) return { result };
  const walk = new InsideWalk(task, low, () => bytes.size, limits);
  return isPlaced(kind)
    ? walk.walk(
        kind,
        (report) => placedMembers(kind, bytes, report),
        () => result,
      )
    : walk.walk(
        kind,
        (report) => streamedMembers(kind, new ChunkReader(chunksOf(bytes)), report, bytes),
        () => result,
      );
}

/**
 * The same for a content that comes in pieces and is read while it goes by. `read` says how many bytes came so far; `own` gives what its own bytes say, once all pieces were asked for. What is
 * in the kernel's memory behind `low` is not to be changed meanwhile.
 */
export function lookInsideStream(
  task: Task,
  kind: StreamKind,
  chunks: Iterable<Uint8Array>,
  low: number,
  { read, own }: { readonly read: () => number; readonly own: () => ScanResult },
): WholeResult {
  const walk = new InsideWalk(task, low, read, insideLimits);
  return walk.walk(kind, (report) => streamedMembers(kind, new ChunkReader(chunks), report), own);
}

/** Scans a content that is in memory as a whole, and what lies inside of it. */
export function scanWhole(task: Task, bytes: Uint8Array): WholeResult {
  const result = task.detector.scan(bytes);
  const whole = mayBeContainer(bytes, 0, bytes.length) ? lookInside(task, result, bytesInMemory(bytes)) : { result };
  return withKnown(whole, knownFile(task, bytes, bytes.length));
}

/** The same for a content of `size` bytes that went by: `held` is what was kept of it, if that was worth it. */
export function lookInsideHeld(
  task: Task,
  result: ScanResult,
  held: Bytes | "too-large" | undefined,
  size: number,
): WholeResult {
  if (held !== "too-large") return held === undefined ? { result } : lookInside(task, result, held);
  const message = `is an archive of ${size} bytes, too large to be opened here`;
  return { result, inside: { bytes: 0, faults: [{ code: held, effect: "incomplete", name: "", message, count: 1 }] } };
}

/** One container with all that lies in it. */
class InsideWalk {
  readonly #task: Task;
  readonly #low: number;
  readonly #limits: InsideLimits;
  /** Bytes of the container itself, or so many of them as were read. */
  readonly #size: () => number;
  readonly #faults = new Map<string, InsideFault & { count: number }>();
  readonly #found: Detection[] = [];
  /** What the bytes of containers themselves say; told where no member says the same. */
  readonly #ofContainers: Detection[] = [];
  readonly #results: ScanResult[] = [];
  /** Texts in which something was found, by their paths. The container's own bytes are the first without one. */
  readonly #texts = new Map([["", 1]]);
  #bytes = 0;
  #members = 0;
  #held = 0;
  /** Faults that were told. */
  #told = 0;
  #isStopped = false;

  constructor(task: Task, low: number, size: () => number, limits: InsideLimits) {
    this.#task = task;
    this.#low = low;
    this.#limits = limits;
    this.#size = size;
  }

  walk(kind: ContainerKind, members: (report: ReportFault) => Iterable<Member>, own: () => ScanResult): WholeResult {
    const { kernel } = this.#task.detector;
    const looked = kernel.scannedBytes;
    this.#open(deeper({ path: "", depth: 0, forms: 0 }, kind), members);
    const result = own();
    this.#results.unshift(result);
    this.#ofContainers.unshift(...result.detections);
    // Members are not among the bytes of which it is told how many were looked at.
    kernel.scannedBytes = looked;
    const inMembers = new Map<string, string[]>();
    for (const { secret, member = "" } of this.#found) append(inMembers, secret, member);
    const ofContainers = this.#ofContainers.filter(
      ({ secret, member = "" }) =>
        !inMembers.get(secret)?.some((path) => member === "" || path === member || path.startsWith(`${member}!`)),
    );
    const all = [...ofContainers, ...this.#found];
    return {
      result: mergeResults(this.#results, all, maxDetections),
      inside: { bytes: this.#bytes, faults: [...this.#faults.values()] },
    };
  }

  /** Goes through the members of a container. */
  #open(level: Level, members: (report: ReportFault) => Iterable<Member>): void {
    for (const member of members((fault) => this.#tell(fault, level.path))) {
      if (++this.#members > this.#limits.maxMembers)
        this.#stop("bomb", level.path, `holds more than ${this.#limits.maxMembers} members: the rest was not read`);
      if (this.#isStopped) return;
      this.#member(member, { ...level, path: shortened(join(level.path, shortened(member.name)), mostPath) });
      if (this.#isStopped) return;
    }
  }

  #member(member: Member, level: Level): void {
    const { members } = this.#task;
    // Compressed files have the name of what they are a form of.
    const name = level.path.slice(level.path.lastIndexOf("!") + 1);
    const isAsked = member.name !== "" && this.#task.detector.files.asks(name);
    if (members === undefined || member.storedHash === undefined || isAsked)
      return this.#look(member, level, isAsked ? name : undefined);
    // How deep it lies decides what of it is opened.
    const hash = `${member.storedHash()}${level.depth}.${level.forms}`;
    const known = members.get(hash);
    if (known !== undefined && this.#hasRoomFor(known)) return this.#again(known);
    const before = {
      found: this.#found.length,
      ofContainers: this.#ofContainers.length,
      results: this.#results.length,
    };
    const [bytes, count, told] = [this.#bytes, this.#members, this.#told];
    this.#look(member, level, undefined);
    const hasFound = this.#found.length > before.found || this.#ofContainers.length > before.ofContainers;
    if (hasFound || this.#isStopped || this.#told > told) return;
    const results = this.#results.slice(before.results);
    members.keep(hash, { bytes: this.#bytes - bytes, members: this.#members - count, results });
  }

  /** Whether a member that was looked at before stays within the limits here. */
  #hasRoomFor({ bytes, members }: CleanMember): boolean {
    return (
      this.#bytes + bytes <= this.#mostBytes() &&
      this.#members + members <= this.#limits.maxMembers &&
      this.#held + bytes <= this.#limits.maxHeldBytes
    );
  }

  #again({ bytes, members, results }: CleanMember): void {
    this.#bytes += bytes;
    this.#members += members;
    for (const result of results) this.#results.push(result);
    this.#task.inside(bytes);
  }

  /** Reads a member and all that lies in it. `name`: where its path may tell what it is. */
  #look(member: Member, level: Level, name: string | undefined): void {
    const reader = new ChunkReader(this.#counted(member.chunks, level.path));
    const { files } = this.#task.detector;
    const start = reader.peek(kindBytes);
    if (name === undefined && !files.mayKnow(start, 0, start.length)) return this.#read(reader, level);
    const head = Buffer.from(reader.peek(headBytes));
    const [bytes, found] = [this.#bytes, this.#found.length];
    this.#read(reader, level);
    if (this.#found.length > found) return;
    const size = head.length < headBytes ? head.length : head.length + this.#bytes - bytes;
    const known = files.know(head, size);
    const detections = known.length > 0 || name === undefined ? known : files.look(name, head, size);
    this.#keep({ detections, suppressed: {}, judged: new Map(), limited: false }, level.path, this.#found);
  }

  #read(reader: ChunkReader, level: Level): void {
    const kind = containerKind(reader.peek(kindBytes));
    if (kind === undefined) return this.#scanToEnd(reader, level);
    const inner = deeper(level, kind);
    if (inner.depth > this.#task.archiveDepth || inner.forms > this.#limits.maxForms) {
      this.#tell(lost("too-deep", "", "is an archive that lies too deep to be opened"), level.path);
      return this.#scan(reader, level.path, this.#found);
    }
    if (isPlaced(kind)) this.#hold(kind, reader, inner);
    else this.#open(inner, (report) => streamedMembers(kind, reader, report));
  }

  /** A member that has to be read at any place is held in memory meanwhile. */
  #hold(kind: PlacedKind, reader: ChunkReader, level: Level): void {
    const room = this.#limits.maxHeldBytes - this.#held;
    const held = new BlockList();
    for (const chunk of reader.stream(room)) held.push(chunk);
    held.end();
    if (!reader.isAtEnd) {
      this.#tell(lost("too-large", "", "is an archive that is too large to be opened"), level.path);
      return this.#scan(new ChunkReader(chain(held.blocks, reader.stream())), level.path, this.#found);
    }
    const { size } = held;
    this.#held += size;
    if (!isSaidByMembers(kind)) this.#scan(new ChunkReader(held.blocks), level.path, this.#ofContainers);
    const bytes = held.blocks.length === 1 ? bytesInMemory(held.blocks[0]!) : held;
    this.#open(level, (report) => placedMembers(kind, bytes, report));
    this.#held -= size;
  }

  /** Scans a member that is no container by its beginning. By its end it may be one, which is opened where the member is small or a program. */
  #scanToEnd(reader: ChunkReader, level: Level): void {
    const isLarge = isProgram(reader.peek(4));
    const held = new BlockList();
    for (const chunk of reader.stream(isLarge ? this.#limits.maxProgramBytes : gatherBytes)) held.push(chunk);
    const room = this.#limits.maxHeldBytes - this.#held - held.size;
    if (isLarge && !reader.isAtEnd && carriesOpened(held)) for (const chunk of reader.stream(room)) held.push(chunk);
    held.end();
    const end = new LastBytes();
    const passing = new PassingProgram();
    const rest = passing.watch(held.blocks, reader.stream());
    if (isLaterVolume(level.path)) this.#tell(lost("unsupported", "", laterVolumeMessage), level.path);
    this.#scan(new ChunkReader(chain(held.blocks, end.watch(rest))), level.path, this.#found);
    if (!end.isEmpty) {
      const isCarrier = endsAsZip(end, false) || passing.carriesArchive;
      if (isCarrier) this.#tell(lost("too-large", "", "carries an archive, and is too large to be opened"), level.path);
      return;
    }
    const kind = kindByEnd(held, isLarge);
    if (kind !== undefined) this.#open(deeper(level, kind), (report) => placedMembers(kind, held, report));
  }

  #scan(reader: ChunkReader, path: string, list: Detection[]): void {
    const { detector } = this.#task;
    const parts: Buffer[] = [];
    for (const chunk of reader.stream(gatherBytes)) parts.push(Buffer.from(chunk));
    if (parts.length === 0) return;
    if (reader.isAtEnd) {
      const content = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      return this.#keep(detector.scan(content, this.#low), path, list);
    }
    const stream = detector.stream(this.#low);
    for (const chunk of chain(parts, reader.stream())) stream.push(chunk);
    this.#keep(stream.end(), path, list);
  }

  #keep(result: ScanResult, path: string, list: Detection[]): void {
    this.#results.push(result);
    if (list.length > maxDetections) return;
    if (result.detections.length === 0) return;
    const text = this.#texts.get(path) ?? 0;
    this.#texts.set(path, text + 1);
    const place = { ...(path === "" ? {} : { member: path }), ...(text === 0 ? {} : { text }) };
    for (const detection of result.detections) list.push({ ...detection, ...place });
  }

  *#counted(chunks: Iterable<Uint8Array>, path: string): Generator<Uint8Array, void> {
    for (const chunk of chunks) {
      this.#bytes += chunk.length;
      this.#task.inside(chunk.length);
      const mostBytes = this.#mostBytes();
      if (this.#bytes > mostBytes)
        this.#stop("bomb", path, `expands to more than ${mostBytes} bytes: the rest was not read`);
      else if (this.#task.cancelled()) this.#stop("interrupted", path, "was not read to its end");
      if (this.#isStopped) return;
      yield chunk;
    }
  }

  /** Expanded bytes that the container may have. */
  #mostBytes(): number {
    return Math.max(this.#limits.freeBytes, this.#limits.maxRatio * this.#size());
  }

  /** Nothing more is read. */
  #stop(code: "bomb" | "interrupted", path: string, message: string): void {
    if (!this.#isStopped) this.#tell(lost(code, "", message), path);
    this.#isStopped = true;
  }

  #tell(fault: MemberFault, path: string): void {
    this.#told++;
    const name = join(path, shortened(fault.name));
    const key = [fault.code, fault.effect, fault.message, path].join("\0");
    const known = this.#faults.get(key);
    if (known !== undefined) known.count++;
    else if (this.#faults.size < maxFaults) this.#faults.set(key, { ...fault, name, count: 1 });
    else {
      const message = "holds more that cannot be read";
      const last = this.#faults.get("") ?? { ...fault, name: "", message, effect: "incomplete", count: 0 };
      this.#faults.set("", { ...last, count: last.count + 1 });
    }
  }
}
