import type { CleanList } from "./clean-list.ts";
import type { ContentHit, PublicKey, SuppressionReason } from "./detection.ts";
import type { SharedIds } from "./sorted-ids.ts";
import type { IdBytes } from "./object-id.ts";
import type { PlacedContent } from "./placed-content.ts";
import type { Problem, ProblemCode } from "./problem.ts";
import type { Told } from "./told-rules.ts";

/**
 * A unit of work: how a worker finds some contents that lie together and reads them itself.
 * Plain data; typed arrays in it are transferred or shared, never copied byte by byte.
 */
export type Unit = PackUnit | LooseUnit | FilesUnit | StreamUnit | InlineUnit | LayerUnit | GraphUnit | NamedUnit;

interface UnitBase {
  /** The target as the user named it; problems carry it. */
  readonly target: string;
  /** Expected expanded size in bytes: for the budget of bytes in flight and for progress. */
  readonly weight: number;
}

/** Families of deltas of one pack: objects in an order where a base always stands before its children. */
export interface PackUnit extends UnitBase {
  readonly kind: "pack";
  readonly pack: string;
  /** Object folders of the repository: where another copy of a damaged object may lie. */
  readonly folders: readonly string[];
  readonly entries: PackEntries;
  /** Contents by their ids that are not looked through: it is known where their secrets stand. */
  readonly placed?: ReadonlyMap<string, PlacedContent>;
}

export interface PackEntries {
  readonly count: number;
  readonly idBytes: IdBytes;
  /** Id of entry i: `idBytes` bytes from `idBytes * i`. */
  readonly oids: Uint8Array;
  readonly offsets: Float64Array;
  /** Where the next entry (or the trailer) starts. */
  readonly ends: Float64Array;
  /** Size of the inflated entry: of the object, or of the delta. */
  readonly sizes: Float64Array;
  /** Index (in these entries) of the delta base; -1 for a full object. */
  readonly parents: Int32Array;
  /** 1 commit, 2 tree, 3 blob, 4 tag: the type of the family's root. */
  readonly types: Uint8Array;
  /** CRC-32 of the entries as they stand in the pack, where the index tells it. */
  readonly sums?: Uint32Array;
  /** 1 where the content is to be scanned; 0 where it is only needed as a base, or known already. */
  readonly wanted: Uint8Array;
  /** The part that these entries take of the bytes of all packs of the store, from 0 to 1. */
  readonly share: number;
}

export interface LooseUnit extends UnitBase {
  readonly kind: "loose";
  /** The `objects` folder. */
  readonly objects: string;
  readonly oids: readonly string[];
  /** Object folders of the repository: where else these objects may lie, or another copy of a damaged one. */
  readonly folders: readonly string[];
}

/** A path as the system is given it: bytes where it is no UTF-8. */
export type FilePath = string | Uint8Array;

export interface FilesUnit extends UnitBase {
  readonly kind: "files";
  readonly paths: readonly FilePath[];
  /** How each path is named in reports; same order. */
  readonly names: readonly string[];
}

/** An open file descriptor that is read to its end (standard input). */
export interface StreamUnit extends UnitBase {
  readonly kind: "stream";
  readonly descriptor: number;
}

export interface InlineUnit extends UnitBase {
  readonly kind: "inline";
  readonly contents: readonly { readonly place: string; readonly bytes: Uint8Array }[];
  /** They are names of files: looked at, and counted as no contents. */
  readonly areNames?: true;
  /** Their places are paths of files. */
  readonly arePaths?: true;
}

/** What a file can be compressed with as a whole. */
export type Wrapping = "gzip" | "zstd" | "xz" | "bzip2";

/**
 * Where a layer lies unpacked in an engine's storage, to be put together again. `split`: the file tells the tar without the bodies of its files, which lie below `folder`. `folder`: the file itself is
 * the folder, and all that there is.
 */
export type UnpackedLayer = { readonly kind: "split"; readonly folder: string } | { readonly kind: "folder" };

/** One layer of an image: a byte range of a file that holds a tar, compressed or not. */
export interface LayerUnit extends UnitBase {
  readonly kind: "layer";
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** What the bytes should hash to (`sha256:…`); empty: unknown. */
  readonly digest: string;
  /** What the uncompressed tar should hash to; empty: unknown. */
  readonly diffId: string;
  /** Where `file` itself is compressed as a whole: the offset counts in its expanded bytes. */
  readonly wrapped?: Wrapping;
  readonly unpacked?: UnpackedLayer;
  /** Only these files are scanned, by their paths: an earlier scan knows the others. */
  readonly only?: readonly string[];
}

/** Objects of a repository that were scanned, with the paths that they have: rules on paths are asked of them. They count as no contents. */
export interface NamedUnit extends UnitBase {
  readonly kind: "named";
  /** Object folders of the repository. */
  readonly folders: readonly string[];
  readonly idBytes: IdBytes;
  readonly files: readonly { readonly content: string; readonly path: string }[];
}

/** Trees, commits and tags of a pack or of loose objects: names in trees are scanned, and it is told how all of them hang together. */
export interface GraphUnit extends UnitBase {
  readonly kind: "graph";
  readonly source: PackUnit | LooseUnit;
  /** Trees among them, where that is known before they are read; else 0. */
  readonly trees: number;
  /** Ids of the contents looked for, back to back; as long as those of `present`. */
  readonly wanted: Uint8Array;
  /** Every object of the store: what trees name and this does not hold is missing. */
  readonly present: SharedIds;
}

/** What came of a unit. */
export interface UnitResult {
  /** Contents that were read and scanned to their end. */
  readonly scanned: number;
  readonly bytes: number;
  /** Contents of this unit that were not scanned, by reason. */
  readonly skipped: Partial<Record<ProblemCode, number>>;
  readonly suppressed: Partial<Record<SuppressionReason, number>>;
  readonly hits: readonly ContentHit[];
  readonly problems: readonly Problem[];
  /** What may belong to private keys elsewhere, sorted. */
  readonly publicKeys?: readonly PublicKey[];
  /** The rules that find the same as all rules in the contents of its hits, but for those that are placed. */
  readonly told?: Told;
  /** Of hits whose texts can be cut from their contents again: where these stand. */
  readonly placed?: ReadonlyMap<string, PlacedContent>;
  /** Set when the run was cancelled before the unit was done. */
  readonly interrupted?: boolean;
  /** Set when it ended so many workers that the rest of it was given up. */
  readonly abandoned?: boolean;
  /** Contents of it that hold no secret, where the pool was told to list them. */
  readonly clean?: CleanList;
  /** Such contents under keys made of their own bytes (`ProvedContents`): their id where it was computed here, the key of a pack entry. */
  readonly proved?: ProvedLists;
  /** Of `scanned`: contents that an earlier scan had found clean, by such a key. */
  readonly recognised?: number;
  /** Git LFS pointers among the contents. */
  readonly pointers?: readonly LfsPointer[];
  readonly layer?: LayerReading;
  readonly graph?: GraphReading;
}

/** Keys are told apart by what they are made of: those of entries are of use for clones of one repository alone. */
export interface ProvedLists {
  readonly ids: CleanList;
  readonly entries: CleanList;
}

/** A content that stands for a file which lies outside of the history (git-lfs specification, "The Pointer"). */
export interface LfsPointer {
  readonly content: string;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
  readonly size: number;
}

/** Stands for the number of an entry where what was looked at is no body, but what an entry says beside it: a name, where a link leads, an attribute. */
export const textEntry = -2;

/** A file of which a layer's table of contents says something else than its tar. */
export interface LayerDifference {
  readonly path: string;
  /** What each of them says, for people; holds nothing of the file. */
  readonly text: string;
}

/** What reading a layer told, beside detections. Path hashes are `pathHash` of the cleaned path. */
export interface LayerReading {
  readonly digest: string;
  readonly diffId: string;
  /** Hashes of every path in the layer that is not a directory; for telling what it replaces in lower layers. */
  readonly files: Float64Array;
  readonly directories: Float64Array;
  /** Paths that whiteouts remove, and directories that opaque whiteouts empty; cleaned, without leading slash. */
  readonly whiteouts: readonly string[];
  readonly opaques: readonly string[];
  /** Hard links, by cleaned paths: what lies at `target` is also at `path`. */
  readonly links: readonly HardLink[];
  /** Paths that stand in the tar more than once; the last entry counts. */
  readonly repeated: readonly RepeatedPath[];
  /** Folders that hold objects of git: `app/.git`. */
  readonly gitFolders: readonly string[];
  /** How the stored bytes are compressed. */
  readonly compression: "none" | "gzip" | "zstd" | "xz" | "bzip2";
  /** The padding behind its last file is missing. */
  readonly isUnpadded: boolean;
  /** What stands before cleaned paths in the names of the tar: `""`, `./`, `/`; `?` where names are otherwise than that. */
  readonly leads: readonly string[];
  /** The first entry (by its number among those that are no folders and no whiteouts) behind the end of the tar: engines do not unpack it and what follows. */
  readonly unseenFrom?: number;
  /** Numbers of entries that are stored without the holes of their files, and were scanned so. */
  readonly sparse?: readonly number[];
  /** It is no tar, and was scanned as one file. */
  readonly isOneFile?: true;
}

export interface HardLink {
  readonly path: string;
  readonly target: string;
}

export interface RepeatedPath {
  /** `pathHash` of the path. */
  readonly hash: number;
  /** Numbers of its entries among all that are no folders, ascending. */
  readonly entries: readonly number[];
}

/**
 * Commits, tags and trees in compact form; ids lie back to back, lists of lists are cut by `…First` (n + 1 positions). Names of entries are
 * positions in `names`.
 */
export interface GraphReading {
  readonly idBytes: IdBytes;
  readonly commitIds: Uint8Array;
  readonly commitTrees: Uint8Array;
  /** Committer time of each commit, seconds since 1970. */
  readonly commitTimes: Float64Array;
  readonly parentFirst: Uint32Array;
  readonly parentIds: Uint8Array;
  readonly tagIds: Uint8Array;
  /** What each tag points at. */
  readonly tagTargets: Uint8Array;
  /** Trees that hold other trees, and which. */
  readonly treeIds: Uint8Array;
  readonly childFirst: Uint32Array;
  /** Positions in `childIds`, which has each id once. */
  readonly children: Uint32Array;
  readonly childIds: Uint8Array;
  readonly childNames: Uint32Array;
  /** A tree, and a wanted content in it, or the name of an entry that has a detection. */
  readonly hits: EntryReading;
  /** Ids of the objects among `hits` whose name is one that a rule on paths may ask for. */
  readonly files: Uint8Array;
  /** A tree, and an object that it names and the store does not hold. */
  readonly missing: EntryReading;
  /** A tree, and a commit of another repository that it names; for each name one of them. */
  readonly links: EntryReading;
  readonly names: readonly string[];
}

/** Entries of trees, as lists of equal length. */
export interface EntryReading {
  readonly trees: Uint8Array;
  readonly ids: Uint8Array;
  readonly names: Uint32Array;
  /** See `entryForms`. */
  readonly forms: Uint8Array;
}

/** What a wanted entry is: a file, a symbolic link, or (with the id that a blob of it would have) the name itself. */
export const entryForms = { file: 0, symlink: 1, name: 2 } as const;
