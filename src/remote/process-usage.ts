import { readFile } from "node:fs/promises";

/** Processes that are looked at: git starts a handful. */
const mostProcesses = 64;
/** How many clock ticks Linux counts in a second, wherever it runs programs (`USER_HZ`). */
const ticksPerSecond = 100;

export interface Usage {
  /** Bytes of memory that are the processes' own. */
  readonly memory: number;
  /** Seconds that processors have worked for them. */
  readonly seconds: number;
}

/** What a process and all that it started have used (proc(5): `RssAnon`, times of `stat`); nothing where the system does not tell. */
export async function usageOf(pid: number): Promise<Usage> {
  const pids = [String(pid)];
  let memory = 0;
  let ticks = 0;
  for (let at = 0; at < pids.length && at < mostProcesses; at++) {
    const one = pids[at]!;
    const names = ["status", "stat", `task/${one}/children`];
    const [status = "", stat = "", children = ""] = await Promise.all(
      names.map((name) => read(`/proc/${one}/${name}`)),
    );
    memory += 1024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    // The name of a program stands in parentheses, and may hold any; of the fields behind them the 12th to 15th are times.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    for (const field of fields.slice(11, 15)) ticks += Number(field);
    pids.push(...(children.match(/\d+/g) ?? []));
  }
  return { memory, seconds: ticks / ticksPerSecond };
}

/** Processes end meanwhile. */
function read(path: string): Promise<string> {
  return readFile(path, "latin1").catch(() => "");
}
