/** A text that stands beside the files of a layer, and the path that it is told by. */
export interface EntryText {
  readonly path: string;
  readonly text: string;
}

/** Texts of one layer that are told. Real layers have some hundreds. */
const MAX_TEXTS = 100_000;
/** What is longer is no name, target or attribute of any tool's; its beginning is looked at. */
const MAX_TEXT = 65_536;
/** A run in which a token would stand: names of people and tools are shorter, or have no digits. */
const longRun = /[A-Za-z0-9_-]{16,}/g;
/** Hashes and their like name a tenth of all files. */
const isHash = /^[0-9a-fA-F_-]+$/;

/**
 * Picks of what a layer's entries say beside their contents (names of files and folders, targets of links, attributes) what could hold a secret, each text once. All others, nearly all, are never
 * looked at again, so that names cost a microsecond each.
 */
export class EntryTexts {
  readonly #seen = new Set<string>();
  #isFull = false;

  /** `path` is cleaned; `beside`: targets and attributes. Folders are told with a slash at their end. */
  of(path: string, isFolder: boolean, beside: readonly string[] = []): EntryText[] {
    const found: EntryText[] = [];
    if (mayHoldSecret(path)) {
      let end = 0;
      for (const name of path.split("/")) {
        end += name.length;
        const isLast = end === path.length;
        if (mayHoldSecret(name)) this.#add(found, isLast && !isFolder ? path : `${path.slice(0, end)}/`, name);
        end += 1;
      }
    }
    for (const text of beside) if (mayHoldSecret(text)) this.#add(found, path, text.slice(0, MAX_TEXT));
    return found;
  }

  /** Whether some were left out. */
  get isFull(): boolean {
    return this.#isFull;
  }

  #add(found: EntryText[], path: string, text: string): void {
    if (this.#seen.has(text)) return;
    if (this.#seen.size >= MAX_TEXTS) {
      this.#isFull = true;
      return;
    }
    this.#seen.add(text);
    found.push({ path, text });
  }
}

/** Whether a text that is no content has a run in it that is long enough for a token. */
export function mayHoldSecret(text: string): boolean {
  longRun.lastIndex = 0;
  for (let match = longRun.exec(text); match !== null; match = longRun.exec(text)) {
    const [run] = match;
    if (/\d/.test(run) && !isHash.test(run)) return true;
  }
  return false;
}
