import { append } from "../../model/multimap.ts";
import type { PackFile } from "../../content/git/pack-folder.ts";
import { findInIndex } from "../../content/git/pack-index.ts";
import { readPackPart, readPackTable, type PackTable } from "../../content/git/pack-table.ts";
import { IdSet } from "../../model/id-set.ts";
import type { Problem, ProblemCode } from "../../model/problem.ts";
import type { KnownContents, PlannedUnit, SourceContext } from "../../model/source.ts";
import { planLoose, planPack, planStrays } from "./plan.ts";
import type { PushObjects } from "./push-objects.ts";

/** Makes a problem of the target that is planned. */
export type MakeProblem = (code: ProblemCode, subject: string, message: string) => Problem;

/** Plans the reading of some objects by their ids; those that are not here are a problem. `what` names them for people: `pushed objects`. */
export function* planIds(
  target: string,
  objects: PushObjects,
  ids: Iterable<string>,
  what: string,
  claim: SourceContext["claim"],
  problem: MakeProblem,
): Generator<PlannedUnit | KnownContents | Problem> {
  const loose = new Map<string, string[]>();
  const packed = new Map<PackFile, string[]>();
  let known = 0;
  let lost = 0;
  for (const id of ids) {
    const holder = objects.holder(id);
    if (holder === undefined) lost++;
    else if (!claim(id)) known++;
    else if (holder.kind === "loose") append(loose, holder.objects, id);
    else append(packed, holder.file, id);
  }
  if (lost > 0)
    yield {
      ...problem(objects.isPartial ? "partial" : "object-missing", target, `${lost} ${what} are not here`),
      contents: lost,
    };
  const folders = [...loose].map(([objects, oids]) => ({ objects, oids }));
  for (const unit of planLoose(target, { loose: folders, folders: objects.folders }, () => true)) {
    yield { kind: "planned", unit, planned: unit.oids.length };
  }
  for (const [file, ids] of packed) yield* planPacked(target, file, objects.folders, ids, what, problem);
  if (known > 0) yield { kind: "known", contents: known };
}

function* planPacked(
  target: string,
  file: PackFile,
  folders: readonly string[],
  ids: readonly string[],
  what: string,
  problem: MakeProblem,
): Generator<PlannedUnit | Problem> {
  const { idBytes } = file.index;
  const wanted = new IdSet(idBytes);
  for (const id of ids) wanted.add(Buffer.from(id, "hex"), 0);
  const table = tableOf(file, folders, ids);
  let planned = 0;
  for (const unit of planPack(target, table, (entry) =>
    wanted.has(table.index.oids, idBytes * table.inIndex[entry]!),
  )) {
    const count = unit.entries.wanted.reduce((sum, one) => sum + one, 0);
    planned += count;
    yield { kind: "planned", unit, planned: count };
  }
  const isWanted = (id: string): boolean => wanted.has(Buffer.from(id, "hex"), 0);
  for (const unit of planStrays(target, { packs: [table], folders }, isWanted)) {
    planned += unit.oids.length;
    yield { kind: "planned", unit, planned: unit.oids.length };
  }
  const left = ids.length - planned;
  if (left > 0)
    yield { ...problem("pack-corrupt", table.pack, `${left} ${what} in it cannot be read`), contents: left };
}

/** Where more than one of so many entries is wanted, going through all of them is as quick as looking some up. */
const entriesALookUp = 32;

function tableOf(file: PackFile, folders: readonly string[], ids: readonly string[]): PackTable {
  const { index } = file;
  if (ids.length * entriesALookUp > index.count) return readPackTable(file, folders);
  const wanted = ids.map((id) => findInIndex(index, Buffer.from(id, "hex"), 0));
  return readPackPart(file, folders, wanted);
}
