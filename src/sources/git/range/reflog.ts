import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "../repository.ts";

/** One move of a ref. */
export interface ReflogEntry {
  /** Zeros where there was none before. */
  readonly from: string;
  readonly to: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly message: string;
}

/** A log of this size holds millions of moves. */
const maxLogBytes = 1 << 28;

/** The moves of a ref, oldest first; empty where nothing was logged. `name` is a full name, or `HEAD`. */
export function readReflog({ gitDir, commonDir }: Repository, name: string): ReflogEntry[] {
  const text = readLog(join(gitDir, "logs", name)) ?? readLog(join(commonDir, "logs", name)) ?? "";
  return text.split("\n").flatMap((line): ReflogEntry[] => {
    const [, from, to, time, message] =
      /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) .*> (\d+) [+-]\d{4}(?:\t(.*))?$/.exec(line) ?? [];
    if (from === undefined || to === undefined) return [];
    return [{ from, to, time: Number(time), message: message ?? "" }];
  });
}

function readLog(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= maxLogBytes ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
