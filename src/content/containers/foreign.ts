import type { Bytes } from "./bytes.ts";
import { lost, type Member, type ReportFault } from "./member.ts";

/** Archives that are not opened here, by their first bytes: they are rare. */
const foreign: readonly (readonly [name: string, head: Buffer])[] = [
  ["packed image of Windows files", Buffer.from("MSWIM\0\0\0", "latin1")],
];
/** Of an image of Windows files: where its flags stand, and the one that says that it is packed. */
const [imageFlags, isPacked] = [16, 2];

export function isForeignArchive(head: Buffer): boolean {
  return nameOf(head) !== undefined && (head.readUInt32LE(imageFlags) & isPacked) !== 0;
}

/** No members, and the gap is told: what is compressed in it was not looked at. */
// eslint-disable-next-line require-yield
export function* foreignMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  report(lost("unsupported", "", `is a ${nameOf(bytes.read(0, 32)) ?? "file"}, which is not opened`));
}

function nameOf(head: Buffer): string | undefined {
  return head.length < imageFlags + 4
    ? undefined
    : foreign.find(([, first]) => head.subarray(0, first.length).equals(first))?.[0];
}
