import { isFingerprint } from "../../findings/index.ts";
import { ToolError } from "../../model/problem.ts";

/** What is to be explained. */
export type Asked =
  /** A line of a file, from 1. */
  | { readonly kind: "line"; readonly path: string; readonly line: number }
  /** A finding of a scan, by its fingerprint. */
  | { readonly kind: "finding"; readonly fingerprint: string }
  /**
   * A line of a file as a commit holds it: gitleaks' fingerprint `commit:file:rule:line`, or the same without the rule. A path may hold colons, so
   * both readings are to be tried.
   */
  | { readonly kind: "commit"; readonly commit: string; readonly paths: readonly string[]; readonly line: number };

/**
 * Reads the argument of `explain`. A file may be called anything, so a path that exists is believed first; `find` gives it as it can be opened.
 * @throws ToolError `usage` for what is none of the three.
 */
export function readAsked(text: string, find: (path: string) => string | undefined): Asked {
  if (isFingerprint(text)) return { kind: "finding", fingerprint: text };
  const place = /^(.+?):(\d{1,9})(?::\d{1,9})?$/s.exec(text);
  const [, path = "", line = ""] = place ?? [];
  const found = place === null ? undefined : find(path);
  if (found !== undefined) return { kind: "line", path: found, line: Number(line) };
  const inCommit = /^([0-9a-f]{40}|[0-9a-f]{64}):(.+):(\d{1,9})$/s.exec(text);
  if (inCommit !== null) {
    const [, commit = "", file = "", at = ""] = inCommit;
    return { kind: "commit", commit, paths: [file, file.replace(/:[A-Za-z0-9_.-]+$/, "")], line: Number(at) };
  }
  // gitleaks' fingerprint of a file: `file:rule:line`.
  const ruled = /^(.+):[A-Za-z0-9_.-]+:(\d{1,9})$/s.exec(text);
  const file = ruled?.[1] === undefined ? undefined : find(ruled[1]);
  if (file !== undefined) return { kind: "line", path: file, line: Number(ruled?.[2]) };
  if (place !== null)
    throw new ToolError("no-target", `${path} does not exist`, {
      hint: "What only a history or an image holds: leaktrace explain ID TARGET, or COMMIT:FILE:LINE REPOSITORY",
    });
  throw new ToolError("usage", `cannot tell what to explain: ${text}`, {
    hint: "FILE:LINE, the id of a finding (lt1…), or COMMIT:FILE:LINE",
  });
}
