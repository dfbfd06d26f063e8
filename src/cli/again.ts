import type { PackEntries, PackUnit, Unit, UnitResult } from "../model/unit.ts";

/**
 * The part of a unit that has to be read for its contents with detections alone: of a pack these and what they are built on. Undefined where nothing
 * has to be read; `never` where the unit cannot be kept: it holds contents itself, or they come once only.
 */
export function unitAgain(unit: Unit, { hits, placed }: UnitResult): Unit | "never" | undefined {
  if (hits.length === 0) return undefined;
  const contents = new Set(hits.map(({ content }) => content));
  switch (unit.kind) {
    case "pack":
      return { ...selectEntries(unit, contents), ...(placed === undefined ? {} : { placed }) };
    case "loose":
      return { ...unit, oids: unit.oids.filter((oid) => contents.has(oid)) };
    case "files": {
      const places = new Set(hits.map(({ place }) => place));
      const kept = unit.names.flatMap((name, i) => (places.has(name) ? [i] : []));
      return { ...unit, paths: kept.map((i) => unit.paths[i]!), names: kept.map((i) => unit.names[i]!) };
    }
    case "layer":
      return { ...unit, only: [...new Set(hits.map(({ place }) => place))].sort() };
    case "inline":
    case "stream":
    case "graph":
    case "named":
      return "never";
  }
}

/** A pack unit that wants these contents alone, and leaves out what none of them is built on. */
function selectEntries(unit: PackUnit, contents: ReadonlySet<string>): PackUnit {
  const { entries } = unit;
  const { idBytes } = entries;
  const ids = Buffer.from(entries.oids.buffer, entries.oids.byteOffset, entries.oids.byteLength);
  const wanted = entries.wanted.map((was, i) =>
    was === 1 && contents.has(ids.toString("hex", idBytes * i, idBytes * (i + 1))) ? 1 : 0,
  );
  return keepWanted(unit, wanted);
}

/** The same unit with other wanted entries, without those that nothing wanted is built on. */
export function keepWanted(unit: PackUnit, wanted: Uint8Array): PackUnit {
  const { entries } = unit;
  const { idBytes } = entries;
  const isKept = new Uint8Array(entries.count);
  wanted.forEach((is, i) => {
    // Chains end at a full object, or where they were followed before.
    for (let at = is === 1 ? i : -1; at >= 0 && isKept[at] === 0; at = entries.parents[at]!) isKept[at] = 1;
  });
  const kept: number[] = [];
  const place = new Int32Array(entries.count).fill(-1);
  isKept.forEach((is, i) => {
    if (is === 1) place[i] = kept.push(i) - 1;
  });
  const oids = new Uint8Array(kept.length * idBytes);
  kept.forEach((from, i) => oids.set(entries.oids.subarray(from * idBytes, (from + 1) * idBytes), i * idBytes));
  const sizes = pick(entries.sizes, kept);
  const selected: PackEntries = {
    count: kept.length,
    idBytes,
    oids,
    offsets: pick(entries.offsets, kept),
    ends: pick(entries.ends, kept),
    sizes,
    parents: Int32Array.from(kept, (from) =>
      entries.parents[from]! < 0 ? entries.parents[from]! : place[entries.parents[from]!]!,
    ),
    types: Uint8Array.from(kept, (from) => entries.types[from]!),
    ...(entries.sums === undefined ? {} : { sums: Uint32Array.from(kept, (from) => entries.sums![from]!) }),
    wanted: Uint8Array.from(kept, (from) => wanted[from]!),
    share: entries.share,
  };
  return { ...unit, weight: sizes.reduce((sum, size) => sum + size, 0), entries: selected };
}

function pick(from: Float64Array, kept: readonly number[]): Float64Array {
  return Float64Array.from(kept, (i) => from[i]!);
}
