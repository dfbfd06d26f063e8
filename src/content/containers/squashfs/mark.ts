const magic = 0x73717368;
/** Of the version that all that is about has (since Linux 2.6.29). */
export const majorVersion = 4;

/** Whether a content begins as a squashfs file system does, in whatever version. Those of the first three have other headers. */
export function isSquashfs(head: Buffer): boolean {
  return (
    head.length >= 30 && head.readUInt32LE(0) === magic && head[28]! >= 1 && head[28]! <= majorVersion && head[29] === 0
  );
}
