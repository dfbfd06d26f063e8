import { constants, statSync } from "node:fs";

/** Whether a file that can be read to its end lies at `path`, or a link to one: a FIFO would be waited for without end. */
export function isRegularFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** For opening what should be a regular file: does not wait for the writer of a FIFO. */
export const openWithoutWaiting: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
