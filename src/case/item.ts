import { createHash } from "node:crypto";
import {
  checkedFields,
  descriptionFromRecord,
  findingToRecord,
  isFingerprint,
  originKey,
  sightingFromRecord,
  sightingToRecord,
} from "../findings/index.ts";
import { memberPath, type Origin } from "../model/content.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";
import { ToolError } from "../model/problem.ts";

/**
 * What a scan told of one secret: its description (rule, severity, what is shown of it), with an empty `place`; or one of its places. Two scans that tell the very same
 * share the item. A secret is the same where its fingerprint is; a place is the same where target, origin, rule, line and column are, whatever else is told of it (refs that
 * reach it, who removed it): then the newest scan speaks.
 */
export interface Item {
  readonly fingerprint: string;
  /** Identity of the target that holds the place; empty in descriptions, and where it is not known. */
  readonly target: string;
  /** Hash of what makes a place the same; `~` before it where the scan has not told yet where it is. */
  readonly place: string;
  /** JSON, in the form of `findings/record.ts`, its keys in that order. */
  readonly record: string;
}

const hashDigits = 32;

/** The items of a finding: its description, and each place. `targetOf` gives the identity of the target that an origin lies in. Plain texts stay out. */
export function itemsOf(finding: Finding, targetOf: (origin: Origin) => string): Item[] {
  const { fingerprint } = finding;
  // Another scan of the case may know a place of it that does not lie aside.
  const { aside: _, ...described } = finding;
  return [
    { fingerprint, target: "", place: "", record: describe(findingToRecord({ ...described, sightings: [] })) },
    ...finding.sightings.map((sighting): Item => {
      const target = targetOf(sighting.origin);
      return { fingerprint, target, ...placed(target, sightingToRecord(sighting)) };
    }),
  ];
}

/**
 * The items of a finding while its scan runs. Names of files, messages and authors are left out: a secret that is found later can stand in them, and only then is it
 * masked there.
 */
export function interimItems(finding: Finding, target: string): Item[] {
  const { fingerprint, suppressed: _, ...rest } = finding;
  const places = new Map<string, Item>();
  for (const { origin: _origin, key: _key, parts: _parts, ...sighting } of finding.sightings) {
    const { content } = sighting;
    const origin: Origin = {
      kind: "git",
      repository: "",
      object: content,
      objectType: "blob",
      path: "",
      inHead: false,
      refs: [],
    };
    // Of a file that is a secret as a whole, what matched is its name.
    const maskedMatch = finding.masked === "" ? "" : sighting.maskedMatch;
    const { place, record } = placed(target, sightingToRecord({ ...sighting, origin, maskedMatch }));
    places.set(place, { fingerprint, target, place: `~${place}`, record });
  }
  const description = { ...rest, fingerprint, facts: [], sightings: [] };
  return [{ fingerprint, target: "", place: "", record: describe(findingToRecord(description)) }, ...places.values()];
}

/** Whether an item is a place that a scan told before it knew where it is. */
export function isInterim({ place }: Pick<Item, "place">): boolean {
  return place.startsWith("~");
}

/** What makes two items the same. */
export function itemId({ fingerprint, target, place, record }: Item): string {
  return hashOf(["leaktrace item 1", fingerprint, target, place, record]);
}

/** An item as plain JSON data for a line. */
export function itemToRecord(item: Item, seen: readonly string[]): object {
  const { fingerprint, target, place, record } = item;
  return { kind: "item", schema: 1, fingerprint, target, place, record: JSON.parse(record) as object, seen };
}

/** Reads an item of unknown making, with the ids of the scans that saw it. Throws ToolError `record-invalid` that names the field. */
export function itemFromRecord(value: unknown): { readonly item: Item; readonly seen: readonly string[] } {
  const fields = checkedFields(value, "item");
  fields.oneOf("kind", ["item"]);
  if (fields.number("schema") !== 1)
    throw new ToolError("record-invalid", "the item was written by another version (schema)");
  const fingerprint = fields.text("fingerprint");
  if (!isFingerprint(fingerprint)) throw new ToolError("record-invalid", "item.fingerprint is not a fingerprint");
  const place = fields.text("place");
  const target = fields.text("target");
  const record = (value as { readonly record: unknown }).record; // `checkedFields` has seen that it is an object
  const seen = fields.texts("seen");
  if (place === "") {
    const text = describe(record);
    if (descriptionOf(text).fingerprint !== fingerprint)
      throw new ToolError("record-invalid", "item.record is about another secret");
    return { item: { fingerprint, target: "", place, record: text }, seen };
  }
  const known = placed(target, record);
  if (place.replace(/^~/, "") !== known.place)
    throw new ToolError("record-invalid", "item.place is not that of its record");
  return { item: { fingerprint, target, place, record: known.record }, seen };
}

/** What a description's record tells: the finding, without places. Throws ToolError `record-invalid`. */
export function descriptionOf(record: string): Finding {
  return descriptionFromRecord(checkedFields(JSON.parse(record), "finding"));
}

/** The place that a record tells. Throws ToolError `record-invalid`. */
export function placeOf(record: string): FindingSighting {
  return sightingFromRecord(checkedFields(JSON.parse(record), "place"));
}

/** The text of a description, from data of unknown making: known fields alone, in a fixed order. */
function describe(value: unknown): string {
  return JSON.stringify(findingToRecord(descriptionFromRecord(checkedFields(value, "item.record"))));
}

/** The text of a place, and its hash. */
function placed(target: string, value: unknown): { readonly place: string; readonly record: string } {
  const sighting = sightingFromRecord(checkedFields(value, "item.record"));
  const { origin, ruleId, startLine, startColumn } = sighting;
  const parts = [target, originKey(origin), memberPath(origin), ruleId, String(startLine), String(startColumn)];
  return { place: hashOf(["leaktrace place 1", ...parts]), record: JSON.stringify(sightingToRecord(sighting)) };
}

/** Parts are told apart by their lengths. */
function hashOf(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest("hex").slice(0, hashDigits);
}
