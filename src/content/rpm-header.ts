import type { PackagedFile, PackageFacts } from "./package-lists.ts";
import { pathIn } from "./tar-path.ts";

/** Tags of a header (rpm, `rpmtag.h`). */
const tags = {
  name: 1000,
  vendor: 1011,
  digests: 1035,
  folderOf: 1116,
  names: 1117,
  folders: 1118,
  algorithm: 5011,
} as const;
/** Kinds of values: whole numbers of four bytes, a text, a list of texts. */
const int32 = 4;
const text = 6;
const texts = 8;

/** Numbers that OpenPGP has for hashes (RFC 4880, 9.4); where none is told it is MD5. */
const algorithms: Readonly<Record<number, PackagedFile["algorithm"]>> = { 1: "md5", 2: "sha1", 8: "sha256" };
const entryBytes = 16;
/** Files of one package; kernels' sources have some tens of thousands. */
const mostFiles = 1_000_000;

/** Who publishes packages that everybody can have. */
const vendors =
  /^(?:Fedora Project|Red Hat, Inc\.|CentOS|AlmaLinux|Rocky|Oracle America|Amazon Linux|Amazon\.com, Inc\.|SUSE LLC\b|openSUSE|Microsoft Corporation|VMware, Inc\.|Mageia\.Org|openEuler|http:\/\/openeuler\.org)/;

/** What the header of an installed package tells of its files; nothing where it is damaged. */
export function readRpmHeader(header: Buffer): PackageFacts {
  const fields = fieldsOf(header);
  const name = fields?.texts(tags.name)[0] ?? "";
  if (fields === undefined || name === "") return { files: [], published: new Set() };
  const algorithm = algorithms[fields.numbers(tags.algorithm)[0] ?? 1];
  const digests = algorithm === undefined ? [] : fields.texts(tags.digests);
  const names = fields.texts(tags.names);
  const folders = fields.texts(tags.folders);
  const folderOf = fields.numbers(tags.folderOf);
  const files = digests.flatMap((digest, i): PackagedFile[] => {
    // Folders and links have none.
    if (digest === "" || algorithm === undefined) return [];
    const path = pathIn(folders[folderOf[i] ?? -1] ?? "", names[i] ?? "");
    return path === undefined ? [] : [{ path, algorithm, digest, package: name }];
  });
  const isPublished = vendors.test(fields.texts(tags.vendor)[0] ?? "");
  return { files, published: new Set(isPublished ? [name] : []) };
}

interface Fields {
  readonly numbers: (tag: number) => readonly number[];
  readonly texts: (tag: number) => readonly string[];
}

/** An index of entries (tag, kind, place, count), then their values (rpm, "RPM Package format", header structure). */
function fieldsOf(header: Buffer): Fields | undefined {
  if (header.length < 8) return undefined;
  const entries = header.readUInt32BE(0);
  const start = 8 + entries * entryBytes;
  if (start > header.length) return undefined;
  const values = header.subarray(start);
  const find = (tag: number): { kind: number; at: number; count: number } | undefined => {
    for (let at = 8; at < start; at += entryBytes)
      if (header.readUInt32BE(at) === tag)
        return {
          kind: header.readUInt32BE(at + 4),
          at: header.readUInt32BE(at + 8),
          count: Math.min(header.readUInt32BE(at + 12), mostFiles),
        };
    return undefined;
  };
  return {
    numbers(tag) {
      const found = find(tag);
      const room = found === undefined ? 0 : Math.floor(Math.max(0, values.length - found.at) / 4);
      if (found?.kind !== int32) return [];
      return Array.from({ length: Math.min(found.count, room) }, (_, i) => values.readUInt32BE(found.at + 4 * i));
    },
    texts(tag) {
      const found = find(tag);
      if (found?.kind !== text && found?.kind !== texts) return [];
      const list: string[] = [];
      for (let at = found.at; list.length < found.count && at < values.length;) {
        const end = values.indexOf(0, at);
        if (end < 0) break;
        list.push(values.toString("utf8", at, end));
        at = end + 1;
      }
      return list;
    },
  };
}
