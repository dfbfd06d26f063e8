import { unbzip2 } from "./bzip2.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { inflate, type InflateOutcome } from "./inflate.ts";
import { lost, noted, type Member, type MemberFault, type ReportFault } from "./member.ts";
import { unxz, type XzOutcome } from "./xz.ts";
import { unzstdChunks, type ZstdOutcome } from "./zstd.ts";

/** What a compressed file holds: one member without a name. */
export function* compressedMember(
  kind: "gzip" | "zstd" | "xz" | "bzip2",
  reader: ChunkReader,
  report: ReportFault,
): Generator<Member, void> {
  yield { name: "", chunks: expand(kind, reader, report) };
}

function* expand(
  kind: "gzip" | "zstd" | "xz" | "bzip2",
  reader: ChunkReader,
  report: ReportFault,
): Generator<Uint8Array, void> {
  switch (kind) {
    case "gzip": {
      const outcome: InflateOutcome = { used: 0, isWhole: false };
      yield* inflate(reader.stream(), "gzip", outcome);
      const fault = gzipFault(outcome);
      if (fault !== undefined) report(fault);
      return;
    }
    case "bzip2":
      yield* unbzip2(reader.stream(), (message) => report(lost("archive-corrupt", "", message)));
      return;
    case "zstd":
    case "xz": {
      const outcome: ZstdOutcome & XzOutcome = {};
      yield* kind === "xz" ? unxz(reader.stream(), outcome) : unzstdChunks(reader.stream(), outcome);
      if (outcome.fault !== undefined) report(lost(outcome.fault.code, "", outcome.fault.message));
    }
  }
}

function gzipFault({ used, isWhole, fault }: InflateOutcome): MemberFault | undefined {
  if (isWhole) return undefined;
  // Bytes behind a whole stream are no loss: as a part of the file they are scanned as they are.
  if (fault === "incorrect header check" && used > 0)
    return noted("archive-corrupt", "", "bytes behind the gzip stream were not expanded");
  const why = fault === undefined || fault === "unexpected end of file" ? "it is cut off" : fault;
  return lost("archive-corrupt", "", `the gzip stream is cut off or damaged (${why})`);
}
