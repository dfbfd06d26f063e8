import { statfsSync, statSync } from "node:fs";

/** File systems of Linux whose files the kernel makes up while they are read (linux/magic.h): proc, sysfs, debugfs, tracefs, securityfs, configfs, bpf, pstore, cgroup, cgroup2. */
const madeUp: ReadonlySet<number> = new Set([
  ...[0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x73636673],
  ...[0x62656570, 0xcafe4a11, 0x6165676c, 0x27e0eb, 0x63677270],
]);

/**
 * Gives a function that tells whether a path lies in such a file system: these files say that they are empty, never end, wait for somebody to write, or
 * are changed by being read.
 */
export function createKernelCheck(): (path: string | Buffer) => boolean {
  const known = new Map<number, boolean>();
  return (path) => {
    try {
      const { dev } = statSync(path);
      let isMadeUp = known.get(dev);
      if (isMadeUp === undefined) known.set(dev, (isMadeUp = madeUp.has(statfsSync(path).type)));
      return isMadeUp;
    } catch {
      return false;
    }
  };
}
