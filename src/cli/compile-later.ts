import { setFlagsFromString } from "node:v8";

/**
 * How much a function does (bytes of bytecode) before V8 takes another look at whether to optimise it; six times as much as usual. A scan of a small
 * repository is over before most of what was optimised pays: its CPU is a quarter less, that of a large one the same. docs/performance.md has the figures.
 */
const interruptBudget = 400_000;
/** The V8 of Node 20. Later ones count calls instead, and complain of the flag. */
const itsVersion = /^11\./;

/** Has V8 optimise later, in all threads. To be called before the first of them starts. */
export function compileLater(): void {
  if (itsVersion.test(process.versions.v8)) setFlagsFromString(`--interrupt-budget=${interruptBudget}`);
}
