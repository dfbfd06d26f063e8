import type { Bytes } from "./bytes.ts";
import { lost, type Member, type ReportFault } from "./member.ts";
import type { Entry } from "./rar/entry.ts";
import { Expander, type Outcome } from "./rar/expand.ts";
import { files4 } from "./rar/headers4.ts";
import { files5 } from "./rar/headers5.ts";
import { Listing } from "./rar/listing.ts";

const mark4 = Buffer.from("526172211a0700", "hex");
const mark5 = Buffer.from("526172211a070100", "hex");

/** Whether a content begins as archives of RAR 1.5 and later do. */
export function isRar(head: Buffer): boolean {
  return head.subarray(0, mark4.length).equals(mark4) || head.subarray(0, mark5.length).equals(mark5);
}

/**
 * The members of a RAR archive, in the order in which they lie. What RAR 2.9 and later pack is unpacked, and what is only stored; the methods of RAR 1.5 and 2
 * are named. Of our own, for the reader that one can have (unrar, as WebAssembly) holds each archive and file whole and cannot be stopped. Written by what the format is known to be (RAR 5.0 archive format); a solid archive is one stream, which is read once.
 */
export function* rarMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const isNew = bytes.read(0, mark5.length).equals(mark5);
  const listing = new Listing(report);
  const expander = new Expander(bytes);
  let last: Iterator<Uint8Array, void> | undefined;
  try {
    for (const entry of isNew ? files5(bytes, listing) : files4(bytes, listing)) {
      // What it goes on with has to have been unpacked.
      if (entry.isSolid && entry.method !== "stored") while (last?.next().done === false);
      if (entry.isEncrypted) {
        report(lost("encrypted", entry.name, "is encrypted"));
        continue;
      }
      if (entry.isFromBefore && entry.method !== "stored") {
        report(lost("unsupported", entry.name, "begins in another volume, which is not put together"));
        continue;
      }
      const outcome: Outcome = {};
      const pieces = expander.expand(entry, outcome);
      if (entry.method !== "stored") last = pieces;
      yield { name: entry.name, chunks: dataOf(pieces, entry, outcome, report) };
    }
  } finally {
    expander.end();
  }
}

/** The bytes of a file, and what is wrong with them. Who stops asking leaves the rest to be asked for by the file that goes on with it. */
function* dataOf(
  pieces: Iterator<Uint8Array, void>,
  entry: Entry,
  outcome: Outcome,
  report: ReportFault,
): Generator<Uint8Array, void> {
  for (let next = pieces.next(); next.done !== true; next = pieces.next()) yield next.value;
  const fault = outcome.fault;
  // What of it is here was given, up to where it ends.
  if (fault !== undefined && !entry.goesOn) report(lost(fault.code, entry.name, fault.message));
  else if (entry.isFromBefore || entry.goesOn)
    report(
      lost("unsupported", entry.name, "is divided: the other part is in another volume, which is not put together"),
    );
}
