import type { Bytes } from "./bytes.ts";
import { isPack } from "./kind.ts";
import { packMembers } from "./git-pack.ts";
import { lost, type Member, type ReportFault } from "./member.ts";

/** A name of a ref takes some forty bytes, and an id as many. */
const mostHeader = 1 << 26;
const step = 1 << 16;
const headerEnd = Buffer.from("\n\n");

/** The objects of a bundle (gitformat-bundle): lines that tell refs and what is needed before, an empty one, and a pack. */
export function* bundleMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const start = endOfHeader(bytes);
  if (start !== undefined && isPack(bytes.read(start, 12))) yield* packMembers(bytes, report, start);
  else report(lost("archive-corrupt", "", "the bundle has no pack: it is cut off or damaged"));
}

function endOfHeader(bytes: Bytes): number | undefined {
  // An end that lies on a border is found in the next piece.
  for (let at = 0; at < Math.min(bytes.size, mostHeader); at += step) {
    const found = bytes.read(at, step + 1).indexOf(headerEnd);
    if (found >= 0) return at + found + 2;
  }
  return undefined;
}
