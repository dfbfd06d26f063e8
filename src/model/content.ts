import type { Carrier } from "./carrier.ts";

/**
 * The git object id (lower-case hex) of some bytes: for anything that is not a commit or tag, SHA-1 of `blob <size>\0` + bytes. In a repository that
 * keeps its objects by SHA-256, it is that hash: the same bytes then have another id than elsewhere, and are joined by the values found in them.
 */
export type ContentId = string;

/** Where a content was seen. A content is scanned once; it can have any number of origins. */
export type Origin = GitOrigin | ImageOrigin | FileOrigin | StdinOrigin;

interface InContainer {
  /** Path of the member, where the content is a container and the place lies in it: one part for each container, joined by `!`. */
  readonly member?: string;
}

export interface GitOrigin extends InContainer {
  readonly kind: "git";
  /** The repository as the user named it. */
  readonly repository: string;
  /** The object that holds the bytes; equal to the content's id. Of a name: the id that a blob with its bytes would have. */
  readonly object: string;
  /** `tree`: the name of a file or folder. `file`: a file that is no object: of the git folder, of LFS, of the working tree. */
  readonly objectType: "blob" | "commit" | "tag" | "tree" | "file";
  /** Path in the commit's tree; empty for commit and tag objects and for blobs that no commit holds. Files of the git folder: `.git/config`. */
  readonly path: string;
  /** Set where the bytes are not those of an ordinary file: the target of a symbolic link, a file that LFS keeps beside the history. */
  readonly form?: "symlink" | "lfs";
  /** The commit that first brought the content in; absent when no commit holds it. */
  readonly commit?: CommitFacts;
  /** The commit that took it out, where HEAD does not hold it and a commit did; of several the last. */
  readonly removedBy?: CommitMark;
  /** Id of the last commit that holds the content; absent where that is the first one. */
  readonly lastCommit?: string;
  /** Other paths under which some commit holds the same content, before or after it was renamed. */
  readonly otherPaths?: readonly string[];
  /** Whether the tree of HEAD still holds this content. */
  readonly inHead: boolean;
  /** Names of refs (short form) that reach a commit which holds the content; empty when unreachable. */
  readonly refs: readonly string[];
  /** All ways by which the content can be reached; absent where nobody asked (a push). */
  readonly reachedBy?: readonly Reach[];
  /** Of commits and tags: which fields stand in which lines of the object, from the top; the last is `message`. */
  readonly fields?: readonly ObjectField[];
}

/**
 * A way by which git reaches a content. `ref`: any other ref (`refs/pull/…`, `ORIG_HEAD`). `local`: a file of the git folder that no clone
 * takes along. `ignored`: in the working tree, where the ignore files exclude it. `unreachable`: none of these; it stays until git collects garbage.
 */
export type Reach = (typeof reaches)[number];

/** All ways, in the order in which they are told. */
export const reaches = [
  "HEAD",
  "branch",
  "tag",
  "remote-tracking",
  "note",
  "ref",
  "stash",
  "reflog",
  "index",
  "worktree",
  "ignored",
  "local",
  "unreachable",
] as const;

export interface ObjectField {
  /** `author`, `committer`, `tagger`, `gpgsig` …, `message`. */
  readonly name: string;
  /** The line at which it begins, from 1. */
  readonly line: number;
}

export interface CommitMark {
  readonly id: string;
  readonly author: string;
  readonly email: string;
  /** As in `CommitFacts`. */
  readonly date: string;
}

export interface CommitFacts extends CommitMark {
  /** Author date, ISO 8601 in UTC, seconds precision (`2024-01-31T12:00:00Z`). */
  readonly date: string;
  readonly message: string;
  /** Who put the commit into the history, where that is not its author at the same moment. */
  readonly committer?: CommitMark;
}

export interface ImageOrigin extends InContainer {
  readonly kind: "image";
  /** The image as the user named it, with its tag where the archive tells one. */
  readonly image: string;
  /** Digest of the image's manifest, or of its config where there is no manifest. */
  readonly digest: string;
  /** `os/architecture[/variant]`, empty when unknown. */
  readonly platform: string;
  /** `file`: in a layer. `config`: in the image's configuration (then `path` names the field, as `config!Env[TOKEN]`). */
  readonly part: "file" | "config";
  readonly path: string;
  readonly layer?: LayerFacts;
  /** True where a later layer removes or replaces the file: not seen in a container, still in the image. */
  readonly deleted: boolean;
  /** The layer that removed it, where `deleted`. */
  readonly deletedBy?: LayerFacts;
  /** How it did, where `deleted`. */
  readonly removal?: Removal;
  /** The layer holds it under this path; `path` is a hard link to it. */
  readonly linkTo?: string;
  /** The commit that put it into a repository of the same report, or of an earlier scan. */
  readonly committed?: CommittedFile;
  /** Commands for a shell that read the bytes from where they lie and print their git id, which is the content's; absent where names allow none. */
  readonly proof?: string;
}

/** Where a repository has what lies in an image, and who put it there first. */
export interface CommittedFile {
  readonly repository: string;
  readonly path: string;
  readonly commit: CommitMark;
  /** Whether it is the same file, byte for byte; else the same secret in another one. */
  readonly isSameFile: boolean;
  /** An earlier scan saw it so: the repository is not one of this report. */
  readonly isEarlier?: true;
}

/** A file with a secret, and the commit that put it into a repository. */
export interface CommittedContent {
  readonly content: ContentId;
  /** Fingerprint of the secret in it. */
  readonly fingerprint: string;
  readonly file: CommittedFile;
}

/**
 * How a layer takes a file away from containers (OCI image specification, layer.md): a whiteout of it or of a folder above it, an opaque folder above it, another
 * entry at its path, a file where a folder above it was; `shadowed`: a later entry at the same path in the same layer;
 * `after-end`: it stands behind the end of the layer's tar, where no engine looks.
 */
export type Removal = (typeof removals)[number];

export const removals = ["whiteout", "opaque", "replaced", "covered", "shadowed", "after-end"] as const;

/** Whether a file was never in a container, because of what else its own layer holds. */
export function isOwnRemoval(removal: Removal | undefined): boolean {
  return removal === "shadowed" || removal === "after-end";
}

export interface LayerFacts {
  /** Digest of the stored (usually compressed) bytes. */
  readonly digest: string;
  /** Digest of the uncompressed tar. */
  readonly diffId: string;
  /** 0 is the lowest layer. */
  readonly index: number;
  /** The instruction as the history tells it; empty when unknown, never guessed. */
  readonly createdBy: string;
  /** Whose layer it is; absent where nothing proves it. */
  readonly owner?: LayerOwner;
}

/**
 * `base`: `image`, known to the same report, consists of this layer and others at the bottom of this image. `application`: the layer lies above all of
 * `image`, which the annotations of this image name as what it was built on.
 */
export interface LayerOwner {
  readonly part: "base" | "application";
  readonly image: string;
}

export interface FileOrigin extends InContainer {
  readonly kind: "file";
  readonly path: string;
  /** Instructions of builds that take it, or lines of it, into images. */
  readonly carried?: readonly Carrier[];
}

export interface StdinOrigin extends InContainer {
  readonly kind: "stdin";
}

/** The path that people and path rules look at, with that of the member (`outer.zip!inner/path`, as gitleaks writes it); empty for stdin. */
export function originPath(origin: Origin): string {
  return (origin.kind === "stdin" ? "" : origin.path) + memberPath(origin);
}

/** What stands behind the place of a content where a member of it is meant; empty where the content itself is. */
export function memberPath({ member }: Origin): string {
  return member === undefined ? "" : `!${member}`;
}
