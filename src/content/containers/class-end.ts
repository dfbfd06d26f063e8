/** Attributes of code hold attributes again; those count with the length of what they stand in. */
const attributeHead = 6;

/**
 * Where a Java class file ends, as it tells itself (JVM specification, 4.1): behind its fields, methods and attributes. Infinity where it breaks off before that can be told.
 * @param constantsEnd behind its last constant
 */
export function endOfClass(file: Buffer, constantsEnd: number): number {
  const short = (at: number): number => (at + 2 <= file.length ? file.readUInt16BE(at) : 0);
  const behindAttributes = (at: number): number => {
    let next = at + 2;
    for (let left = short(at); left > 0; left--) {
      if (next + attributeHead > file.length) return Infinity;
      next += attributeHead + file.readUInt32BE(next + 2);
    }
    return next;
  };
  const behindMembers = (at: number): number => {
    let next = at + 2;
    for (let left = short(at); left > 0 && next <= file.length; left--) next = behindAttributes(next + 6);
    return next;
  };
  const fields = constantsEnd + 8 + 2 * short(constantsEnd + 6);
  return behindAttributes(behindMembers(behindMembers(fields)));
}
