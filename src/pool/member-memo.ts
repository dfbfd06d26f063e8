import type { ScanResult } from "../detect/index.ts";

/** What came of a member in which nothing was found and all could be read. */
export interface CleanMember {
  /** Its expanded bytes, and those of all that lies in it. */
  readonly bytes: number;
  /** How many members lie in it. */
  readonly members: number;
  /** What was looked at and dropped, where anything was. */
  readonly results: readonly ScanResult[];
}

/** Members of one generation: two of them take about 5 MB. */
const maxMembers = 16_384;

/**
 * Members of archives that a thread has looked at, by a hash of what is stored of them. Archives of which a repository holds many versions, and those that share
 * libraries, hold the same members again and again. What was not met while so many others were is forgotten.
 */
export class MemberMemo {
  #young = new Map<string, CleanMember>();
  #old: ReadonlyMap<string, CleanMember> = new Map();

  get(hash: string): CleanMember | undefined {
    const young = this.#young.get(hash);
    if (young !== undefined) return young;
    const old = this.#old.get(hash);
    if (old !== undefined) this.#set(hash, old);
    return old;
  }

  /** Remembers a member, where nothing was found in it. */
  keep(hash: string, { bytes, members, results }: CleanMember): void {
    if (results.some(({ detections }) => detections.length > 0)) return;
    this.#set(hash, { bytes, members, results: results.filter((result) => !isNothing(result)) });
  }

  #set(hash: string, member: CleanMember): void {
    if (this.#young.size >= maxMembers) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(hash, member);
  }
}

/** Whether a result says nothing at all: that of most contents. */
function isNothing({ publicKeys, suppressed, judged, limited, isCut }: ScanResult): boolean {
  const isCounted = judged.size > 0 || Object.keys(suppressed).length > 0;
  return !isCounted && publicKeys === undefined && !limited && isCut !== true;
}
