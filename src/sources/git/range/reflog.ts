import { readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { listTableLogs } from "../refs.ts";
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

/** The moves of a ref, oldest first, from its file or from reftables; empty where nothing was logged. `name` is a full name, or `HEAD`. */
export function readReflog(repository: Repository, name: string): ReflogEntry[] {
  const { gitDir, commonDir } = repository;
  const text =
    readLog(join(gitDir, "logs", name)) ?? readLog(join(commonDir, "logs", name)) ?? tableLog(repository, name) ?? "";
  return text.split("\n").flatMap((line): ReflogEntry[] => {
    const [, from, to, time, message] =
      /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) .*> (\d+) [+-]\d{4}(?:\t(.*))?$/.exec(line) ?? [];
    if (from === undefined || to === undefined) return [];
    return [{ from, to, time: Number(time), message: message ?? "" }];
  });
}

/** Tables hold the logs of all refs: they are read once for each repository that is opened. */
const tableLogs = new WeakMap<Repository, ReadonlyMap<string, string>>();

/** A linked working tree has logs of its own for HEAD and some refs. */
function tableLog(repository: Repository, name: string): string | undefined {
  const { gitDir, commonDir } = repository;
  const own = gitDir === commonDir ? "" : `${relative(commonDir, gitDir).replaceAll("\\", "/")}/`;
  let logs = tableLogs.get(repository);
  if (logs === undefined) {
    logs = new Map(listTableLogs(repository).map(({ path, text }) => [path, text]));
    tableLogs.set(repository, logs);
  }
  return logs.get(`${own}logs/${name}`) ?? logs.get(`logs/${name}`);
}

function readLog(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= maxLogBytes ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
