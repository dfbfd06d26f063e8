/** The git object id (lower-case hex) of some bytes: for anything that is not a commit or tag, SHA-1 of `blob <size>\0` + bytes. */
export type ContentId = string;

/** Where a content was seen. A content is scanned once; it can have any number of origins. */
export type Origin = GitOrigin | ImageOrigin | FileOrigin | StdinOrigin;

export interface GitOrigin {
  readonly kind: "git";
  /** The repository as the user named it. */
  readonly repository: string;
  /** The object that holds the bytes; equal to the content's id. */
  readonly object: string;
  readonly objectType: "blob" | "commit" | "tag";
  /** Path in the commit's tree; empty for commit and tag objects and for blobs that no commit holds. */
  readonly path: string;
  /** The commit that first brought the content in; absent when no commit holds it. */
  readonly commit?: CommitFacts;
  /** Whether the tree of HEAD still holds this content. */
  readonly inHead: boolean;
  /** Names of refs (short form) from which the commit can be reached; empty when unreachable. */
  readonly refs: readonly string[];
}

export interface CommitFacts {
  readonly id: string;
  readonly author: string;
  readonly email: string;
  /** Author date, ISO 8601 in UTC, seconds precision (`2024-01-31T12:00:00Z`). */
  readonly date: string;
  readonly message: string;
}

export interface ImageOrigin {
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
}

export interface FileOrigin {
  readonly kind: "file";
  readonly path: string;
}

export interface StdinOrigin {
  readonly kind: "stdin";
}

/** The path that people and path rules look at; empty for stdin. */
export function originPath(origin: Origin): string {
  return origin.kind === "stdin" ? "" : origin.path;
}
