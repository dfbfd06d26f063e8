/** Whether a content begins as cabinets do ([MS-CAB] 2.1). */
export function isCabinet(head: Buffer): boolean {
  return head.readUInt32BE(0) === 0x4d534346 && head.readUInt32LE(4) === 0 && head.length > 25 && head[25] === 1;
}
