import { rmSync } from "node:fs";
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { StoredObject } from "../../../fixtures/git/workshop.ts";
import { readLoose } from "../../../src/content/git/loose.ts";
import { ObjectReader, openObjectStore } from "../../../src/content/git/object-store.ts";
import { objectTypes } from "../../../src/content/git/pack-entry.ts";
import { walkPack } from "../../../src/content/git/pack-walk.ts";
import type { IdBytes } from "../../../src/model/object-id.ts";
import { deltaErrors } from "../../../src/detect/index.ts";
import { brokenRoots, OtherCopies } from "../../../src/pool/units/other-copies.ts";
import { planLoose, planPack, planStrays } from "../../../src/sources/git/plan.ts";
import { detectorOf, rulesetOf } from "../../detect/rules-for-tests.ts";

const typeNames = new Map<number, string>(Object.entries(objectTypes).map(([name, number]) => [number, name]));
const memory = detectorOf(rulesetOf([{ id: "probe", regex: "prb_[0-9a-z]{30}", keywords: ["prb_"] }])).kernel;

/** A folder of this test file's own; gone when it is done. */
export function scratch(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "leaktrace-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Reading {
  readonly objects: Map<string, StoredObject>;
  /** What was done where nothing is lost. */
  readonly notes: string[];
  /** Object id or path → what is wrong with it. */
  readonly damaged: Map<string, string>;
}

/** Reads every object of an `objects` folder the way a scan does: families of packs in kernel memory, loose ones by themselves. `keep`: bytes of an object of a pack that are given. */
export function readEverything(folder: string, idBytes: IdBytes = 20, keep = Infinity): Reading {
  const store = openObjectStore(folder, idBytes);
  using others = new OtherCopies(store.folders, idBytes);
  const objects = new Map<string, StoredObject>();
  const damaged = new Map<string, string>(
    store.faults.filter(({ isNote }) => isNote !== true).map(({ subject, message }) => [subject, message]),
  );
  for (const table of store.packs) {
    for (const { pack, entries } of planPack("test", table, () => true)) {
      const id = (entry: number): string =>
        Buffer.from(entries.oids.subarray(idBytes * entry, idBytes * (entry + 1))).toString("hex");
      const broken = new Map<number, string>();
      walkPack(
        pack,
        entries,
        memory,
        {
          object: (entry, address, length) => {
            objects.set(id(entry), {
              type: typeNames.get(entries.types[entry]!)!,
              bytes: Buffer.from(memory.bytes.subarray(address, address + Math.min(length, keep))),
            });
          },
          damaged: (entry, why) => void broken.set(entry, why),
          bomb: (entry, lost) => damaged.set(id(entry), `bomb (${lost})`),
          tooLarge: (entry, size, lost) => damaged.set(id(entry), `too large: ${size} (${lost})`),
          cancelled: () => false,
        },
        deltaErrors,
      );
      const lost = new Map<number, number>();
      brokenRoots(entries, broken).forEach((root, entry) => {
        if (root < 0) return;
        const object = others.find(id(entry));
        if (object === undefined) lost.set(root, (lost.get(root) ?? 0) + 1);
        else objects.set(id(entry), { type: typeNames.get(object.type)!, bytes: object.bytes });
      });
      for (const [root, count] of lost) damaged.set(id(root), `${broken.get(root)} (${count})`);
    }
  }
  let orphans = 0;
  for (const { oids } of planStrays("test", store, (oid) => !objects.has(oid))) {
    for (const oid of oids) {
      const object = others.find(oid);
      if (object === undefined) orphans++;
      else objects.set(oid, { type: typeNames.get(object.type)!, bytes: object.bytes });
    }
  }
  if (orphans > 0) damaged.set(`${folder} orphans`, `${orphans} orphans`);
  for (const { objects: from, oids } of planLoose("test", store, () => true)) {
    for (const oid of oids) {
      try {
        const { type, bytes } = readLoose(from, oid);
        objects.set(oid, { type: typeNames.get(type)!, bytes });
      } catch (error) {
        damaged.set(oid, String(error instanceof Error ? error.message : error));
      }
    }
  }
  const notes = store.faults
    .filter(({ isNote }) => isNote === true)
    .map(({ subject, message }) => `${subject}: ${message}`);
  return { objects, damaged, notes };
}

/** Reads objects one by one, as attribution does. */
export function readOneByOne(folder: string, ids: Iterable<string>, idBytes: IdBytes = 20): Map<string, StoredObject> {
  const reader = new ObjectReader(openObjectStore(folder, idBytes));
  const objects = new Map<string, StoredObject>();
  for (const id of ids) {
    const object = reader.read(id);
    if (object !== undefined) objects.set(id, { type: typeNames.get(object.type)!, bytes: object.bytes });
  }
  reader.close();
  return objects;
}

/** Objects in a form that is quick to compare and short to show. */
export function digest(objects: ReadonlyMap<string, StoredObject>): string[] {
  return [...objects]
    .map(
      ([id, { type, bytes }]) => `${id} ${type} ${bytes.length} ${Buffer.from(bytes).toString("base64").slice(0, 40)}`,
    )
    .sort();
}

/** Whether two readings hold the same bytes. */
export function sameBytes(a: ReadonlyMap<string, StoredObject>, b: ReadonlyMap<string, StoredObject>): boolean {
  return (
    a.size === b.size &&
    [...a].every(([id, { type, bytes }]) => b.get(id)?.type === type && b.get(id)?.bytes.equals(bytes) === true)
  );
}
