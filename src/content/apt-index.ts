import { ChunkReader, containerKind, isPlaced, kindBytes, streamedMembers } from "./containers/index.ts";

/** What an archive of packages holds, as apt has it from there (`/var/lib/apt/lists`): fields of deb-src-control(5) and the repository format of Debian's wiki. */
export interface AptIndex {
  /** Every package with its version: `git 1:2.39.5-0+deb12u3`. */
  readonly versions: Set<string>;
  /** Names of packages by the SHA-256 (hex) of their `.deb`. */
  readonly archives: Map<string, string>;
}

/** Lists of the archives of distributions: apt names them after the address that they come from. Mirrors under other names say nothing of whom they mirror. */
const ofDistribution =
  /^var\/lib\/apt\/lists\/(?:[\w-]+\.)*(?:debian\.(?:org|net)|ubuntu\.com|canonical\.com)_[^/]*_Packages(?:\.(?:gz|lz4|xz|bz2|zst))?$/;

/** Expanded bytes of one list; that of Debian has fifty megabytes. */
const mostBytes = 256 << 20;
/** Packages of all lists; Debian has sixty-three thousand. */
const mostPackages = 500_000;
/** Longer lines are none of those that are looked for. */
const longestLine = 1024;

/** Tells a list by its path. */
export function isAptIndex(path: string): boolean {
  return path.startsWith("var/lib/apt/lists/") && ofDistribution.test(path);
}

/** Reads lists as they come, into an index. */
export class AptIndexReader {
  readonly #index: AptIndex;
  #rest: Buffer = Buffer.alloc(0);
  #isLineLost = false;
  #length = 0;
  #name = "";

  constructor(index: AptIndex) {
    this.#index = index;
  }

  /** Takes the next bytes of a list that is not compressed. */
  push(chunk: Uint8Array): void {
    if ((this.#length += chunk.length) > mostBytes) return;
    const bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      if (!this.#isLineLost) this.#line(bytes, from, end);
      this.#isLineLost = false;
      from = end + 1;
    }
    this.#isLineLost ||= bytes.length - from > longestLine;
    this.#rest = this.#isLineLost ? Buffer.alloc(0) : bytes.subarray(from);
  }

  /** Takes a whole list, compressed or not. */
  pushWhole(stored: Uint8Array): void {
    const reader = new ChunkReader([stored]);
    const kind = containerKind(reader.peek(kindBytes));
    if (kind === undefined || isPlaced(kind)) return this.push(stored);
    for (const { chunks } of streamedMembers(kind, reader, () => {}))
      for (const chunk of chunks) {
        this.push(chunk);
        if (this.#length > mostBytes) return;
      }
  }

  #line(bytes: Buffer, from: number, end: number): void {
    const first = bytes[from];
    if (first !== 0x50 && first !== 0x56 && first !== 0x53) return;
    const line = bytes.toString("latin1", from, Math.min(end, from + longestLine));
    const { versions, archives } = this.#index;
    if (line.startsWith("Package: ")) this.#name = line.slice(9);
    else if (this.#name === "" || versions.size >= mostPackages || archives.size >= mostPackages) return;
    else if (line.startsWith("Version: ")) versions.add(`${this.#name} ${line.slice(9)}`);
    else if (/^SHA256: [0-9a-f]{64}$/.test(line)) archives.set(Buffer.from(line.slice(8)).toString(), this.#name);
  }
}
