import type { Bytes } from "./bytes.ts";
import { lost, type Member, type ReportFault } from "./member.ts";

/** Archives that are not opened here, by their first bytes: they are rare. */
const foreign: readonly (readonly [name: string, head: Buffer])[] = [
  ["squashfs file system", Buffer.from("68737173", "hex")],
  ["cabinet file", Buffer.from("4d53434600000000", "hex")],
];
/** Where squashfs has the major number of its version; all that is about is 4. */
const squashfsVersion = 28;

export function isForeignArchive(head: Buffer): boolean {
  return nameOf(head) !== undefined;
}

/** No members, and the gap is told: what is compressed in it was not looked at. */
// eslint-disable-next-line require-yield
export function* foreignMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  report(lost("unsupported", "", `is a ${nameOf(bytes.read(0, 32)) ?? "file"}, which is not opened`));
}

function nameOf(head: Buffer): string | undefined {
  const name = foreign.find(([, first]) => head.subarray(0, first.length).equals(first))?.[0];
  return name?.startsWith("squashfs") === true && head[squashfsVersion] !== 4 ? undefined : name;
}
