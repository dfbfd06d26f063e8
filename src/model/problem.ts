/** What went wrong with one input. Stable codes: they are in reports and in tests. */
export type ProblemCode =
  | "unreadable" // the operating system refused (permissions, I/O error)
  | "pack-corrupt"
  | "object-corrupt"
  | "object-missing" // named by a tree, commit or delta but not in the store
  | "shallow" // history is cut off at a boundary
  | "partial" // a partial clone: objects were left at the remote
  | "lfs-missing" // a file that Git LFS keeps beside the history and that is not here
  | "submodule" // a link to another repository
  | "layer-missing"
  | "layer-corrupt" // damaged compression or tar
  | "digest-mismatch"
  | "diff-id-mismatch" // the uncompressed layer does not hash to what the config says
  | "table-mismatch" // a layer's table of contents and its tar differ
  | "manifest-invalid"
  | "config-invalid"
  | "archive-corrupt" // an archive inside of a content is cut off or damaged
  | "encrypted"
  | "too-deep" // an archive inside of more archives than are opened
  | "too-large"
  | "bomb" // expands beyond the ratio or size limit
  | "unsupported"
  | "foreign-layer"
  | "triage" // of a layer nothing but likely files was read, as the user wished
  | "worker-crashed"
  | "timed-out"
  | "interrupted"
  | "self-test" // the rules do not report a secret that was planted to test them
  | "rules-limit"; // a limit of the detection was reached in this content

/**
 * One input that could not be read as planned. Problems are data, beside findings: they never end a scan.
 * `effect` tells whether the scan is incomplete because of it (exit code 3 when nothing was found) or whether it only wants to be known.
 */
export interface Problem {
  readonly code: ProblemCode;
  readonly effect: "incomplete" | "note";
  /** The target as the user named it; empty when it concerns the whole run. */
  readonly target: string;
  /** What exactly: object id, pack, path, layer digest. */
  readonly subject: string;
  /** One line for people, without the subject, without any scanned text. */
  readonly message: string;
  /** How many contents were lost with it, when that became known before they were handed to a worker. */
  readonly contents?: number;
}

/** Trouble that stops the run: wrong usage, configuration, rules, or an output that cannot be written. `cli/exit.ts` gives it exit code 2. */
export class ToolError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "ToolError";
    this.code = code;
    this.hint = options.hint;
  }
}
