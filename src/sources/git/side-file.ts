import { readdirSync, type Dirent } from "node:fs";
import type { GitOrigin, Reach } from "../../model/content.ts";
import type { Problem } from "../../model/problem.ts";

/** One file that is to be scanned as it is. */
export interface SideFile {
  readonly path: string;
  /** How it is named in findings. */
  readonly name: string;
  readonly size: number;
  readonly reach: readonly Reach[];
  readonly form?: GitOrigin["form"];
  /** Where a symbolic link points: this text is scanned, not what lies there. */
  readonly target?: string;
}

export type SideProblem = Pick<Problem, "code" | "effect" | "subject" | "message"> & { readonly contents?: number };

/** The entries of a folder, sorted. */
export function list(folder: string, name: string): Dirent[] | SideProblem {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    const message = code === "EACCES" || code === "EPERM" ? "permission denied" : `folder cannot be read (${code})`;
    return { code: "unreadable", effect: "incomplete", subject: name, message };
  }
}
