import type { CommittedContent, CommittedFile, ContentId } from "../model/content.ts";
import { keyOf, sealValue, unsealValue } from "./seal.ts";
import type { Store, StoredEntry } from "./store.ts";

const version = 1;
/** Of one scan; a history of more is joined with images in a run of both. */
const mostContents = 20_000;

/**
 * Which commits put files with secrets into repositories, as earlier scans saw it. A row is found by whoever holds the file and its secret, and opened
 * with the file's id: the cache alone tells neither names nor files.
 */
export class CommittedFiles {
  readonly #store: Store;
  /** One file lies in many images. */
  readonly #found = new Map<string, CommittedFile | undefined>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Keeps what a scan saw; what is there already is not written again. One repository tells one commit for a file. */
  keep(contents: readonly CommittedContent[]): void {
    const entries = contents.slice(0, mostContents).flatMap(({ content, fingerprint, file }): StoredEntry[] => {
      const scope = scopeOf(content, fingerprint);
      const name = keyOf(file.repository);
      const before = read(this.#store.readOne("committed", scope, name), content);
      if (before !== undefined && isSameCommit(before, file)) return [];
      return [{ kind: "committed", scope, name, value: sealValue(sealKey(content), version, file) }];
    });
    if (entries.length > 0) this.#store.write(entries);
  }

  /** The earliest commit that is known to have put this file, with this secret in it, into any repository. */
  find(content: ContentId, fingerprint: string): CommittedFile | undefined {
    const key = `${content} ${fingerprint}`;
    if (!this.#found.has(key)) this.#found.set(key, this.#earliest(content, fingerprint));
    return this.#found.get(key);
  }

  #earliest(content: ContentId, fingerprint: string): CommittedFile | undefined {
    const files = this.#store
      .read("committed", scopeOf(content, fingerprint))
      .flatMap(({ value }) => read(value, content) ?? []);
    return files.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))[0];
  }
}

function scopeOf(content: ContentId, fingerprint: string): Uint8Array {
  return keyOf("committed", content, fingerprint);
}

function sealKey(content: ContentId): Uint8Array {
  return keyOf("committed seal", content);
}

function read(value: Uint8Array | undefined, content: ContentId): CommittedFile | undefined {
  // It is what `keep` was given.
  return value === undefined ? undefined : (unsealValue(sealKey(content), version, value) as CommittedFile | undefined);
}

function isSameCommit(a: CommittedFile, b: CommittedFile): boolean {
  return a.commit.id === b.commit.id && a.path === b.path && a.repository === b.repository;
}

function orderOf({ commit, repository, path }: CommittedFile): string {
  return [commit.date, repository, path].join("\0");
}
