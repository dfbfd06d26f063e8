import { AptIndexReader, isAptIndex, type AptIndex } from "../../content/apt-index.ts";
import { packageListAt, readPackageList, type PackagedFile, type PackageList } from "../../content/package-lists.ts";
import type { WheelList } from "../../content/wheel-lists.ts";
import type { ContentHit, FileDigests, Publication } from "../../model/detection.ts";

/** Bytes of one list; `status` of a full Debian desktop has five megabytes, rpm's database of one some forty. */
const maxListBytes = 64 << 20;
/** Files of packages that are remembered of one layer. */
const maxFiles = 4_000_000;

/** Folders that are links to the ones below `usr` in today's distributions; lists have both spellings. */
const merged = /^(?:bin|sbin|lib\w*)\//;

/** Gathers what package managers say of the files of a layer, and tells which files with detections are as their package has them. */
export class PackagedFiles {
  #list: PackageList | undefined;
  #parts: Buffer[] = [];
  #length = 0;
  readonly #files = new Map<string, PackagedFile>();
  readonly #published = new Set<string>();
  readonly #versions = new Map<string, string>();
  readonly #withheld = new Set<string>();
  readonly #released = new Set<string>();
  /** What the distribution's archive holds. */
  readonly #index: AptIndex = { versions: new Set(), archives: new Map() };
  /** Takes the list that comes; where apt keeps it compressed, once it is here. */
  #indexReader: AptIndexReader | undefined;
  #isPacked = false;
  /** Lists of wheels as they are: there are hundreds of them, and few have a file with a detection. */
  readonly #records: { readonly list: WheelList; readonly bytes: Buffer }[] = [];
  #recordBytes = 0;

  begin(path: string): void {
    this.#list = packageListAt(path);
    this.#indexReader = isAptIndex(path) ? new AptIndexReader(this.#index) : undefined;
    this.#isPacked = !path.endsWith("_Packages");
    this.#parts = [];
    this.#length = 0;
  }

  push(chunk: Uint8Array): void {
    if (this.#indexReader !== undefined && !this.#isPacked) return this.#indexReader.push(chunk);
    if (this.#list === undefined && this.#indexReader === undefined) return;
    this.#length += chunk.length;
    if (this.#length <= maxListBytes) this.#parts.push(Buffer.from(chunk));
    else {
      this.#list = undefined;
      this.#indexReader = undefined;
      this.#parts = [];
    }
  }

  end(): void {
    if (this.#indexReader !== undefined && this.#isPacked) this.#indexReader.pushWhole(Buffer.concat(this.#parts));
    this.#indexReader = undefined;
    if (this.#list === undefined) return;
    const list = this.#list;
    const bytes = Buffer.concat(this.#parts);
    this.#list = undefined;
    this.#parts = [];
    if (list.kind === "wheel" && list.part === "RECORD") {
      if ((this.#recordBytes += bytes.length) <= maxListBytes) this.#records.push({ list, bytes });
      return;
    }
    const { files, published, versions = [], withheld, released } = readPackageList(list, bytes);
    if (withheld !== undefined) this.#withheld.add(withheld);
    if (released !== undefined) this.#released.add(released);
    for (const [name, version] of versions) this.#versions.set(name, version);
    for (const name of published) this.#published.add(name);
    for (const file of files) {
      if (this.#files.size >= maxFiles) break;
      this.#files.set(file.path, file);
      if (merged.test(file.path)) this.#files.set(`usr/${file.path}`, file);
    }
  }

  /** The hits, each with the package that has published its file, where one has. */
  tell(hits: readonly ContentHit[]): readonly ContentHit[] {
    this.#readRecords(new Set(hits.flatMap(({ place, digests }) => (digests === undefined ? [] : [place]))));
    return hits.map(({ digests, ...hit }) => {
      const publishedIn = digests === undefined ? undefined : this.#packageOf(hit.place, digests);
      return publishedIn === undefined ? hit : { ...hit, publishedIn };
    });
  }

  #readRecords(places: ReadonlySet<string>): void {
    for (const { list, bytes } of this.#records) {
      const beside = list.folder.slice(0, list.folder.lastIndexOf("/") + 1);
      if (![...places].some((place) => place.startsWith(beside))) continue;
      const { files, withheld } = readPackageList(list, bytes);
      if (withheld !== undefined) this.#withheld.add(withheld);
      for (const file of files)
        if (places.has(file.path) && !this.#files.has(file.path)) this.#files.set(file.path, file);
    }
  }

  #packageOf(path: string, digests: FileDigests): Publication | undefined {
    const archive = path.endsWith(".deb") ? this.#index.archives.get(digests.sha256) : undefined;
    if (archive !== undefined) return { name: archive, by: "distribution" };
    const file = this.#files.get(path);
    if (file === undefined || digests[file.algorithm] !== file.digest) return undefined;
    const { wheel, package: name } = file;
    if (wheel !== undefined)
      return this.#released.has(wheel) && !this.#withheld.has(wheel) ? { name, by: "author" } : undefined;
    return this.#isPublished(name) ? { name, by: "distribution" } : undefined;
  }

  /** By its maintainer, or by the archive, which has this very version. */
  #isPublished(name: string): boolean {
    const version = this.#versions.get(name);
    return this.#published.has(name) || (version !== undefined && this.#index.versions.has(`${name} ${version}`));
  }
}
