import { readFile } from "node:fs/promises";

/** Processes that are looked at: git starts a handful. */
const mostProcesses = 64;

/** Bytes of memory that a process and all that it started take for themselves (proc(5), `RssAnon`); 0 where the system does not tell. */
export async function memoryOf(pid: number): Promise<number> {
  const pids = [String(pid)];
  let bytes = 0;
  for (let at = 0; at < pids.length && at < mostProcesses; at++) {
    const one = pids[at]!;
    const [status, children] = await Promise.all([
      read(`/proc/${one}/status`),
      read(`/proc/${one}/task/${one}/children`),
    ]);
    bytes += 1024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    pids.push(...(children.match(/\d+/g) ?? []));
  }
  return bytes;
}

/** Processes end meanwhile. */
function read(path: string): Promise<string> {
  return readFile(path, "latin1").catch(() => "");
}
