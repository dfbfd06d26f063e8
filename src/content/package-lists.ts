import { rpmHeaders } from "./rpm-database.ts";
import { readRpmHeader } from "./rpm-header.ts";
import { cleanPath, pathIn } from "./tar-path.ts";
import { readWheelList, wheelListAt, type WheelList } from "./wheel-lists.ts";

/**
 * What package managers of distributions keep of the files that they installed: dpkg (`*.md5sums`, the conffiles of `status`; of distroless images `status.d`)
 * and apk (`lib/apk/db/installed`), and the databases of rpm. A package counts where its maintainer (its vendor) is one of the distribution, or where a list of the distribution's archive has its very version (`apt-index.ts`): of others nobody has published the files.
 * RECORD of wheels is a list that its installer wrote of whatever it was given (`wheel-lists.ts`), and counts for less. Not read: npm's, which have hashes of archives and none of files.
 */
export type PackageList =
  | { readonly kind: "dpkg-sums"; readonly name: string }
  | { readonly kind: "dpkg-status" }
  | { readonly kind: "apk-installed" }
  | { readonly kind: "rpm-database" }
  | WheelList;

/** A file as its package has it. */
export interface PackagedFile {
  readonly path: string;
  readonly algorithm: "md5" | "sha1" | "sha256";
  /** Hex. */
  readonly digest: string;
  /** The package, as the list calls it. */
  readonly package: string;
  /** It is of a wheel, which is known by this folder. */
  readonly wheel?: string;
}

/** What lists of one root tell together. */
export interface PackageFacts {
  readonly files: readonly PackagedFile[];
  /** Packages whose maintainers are of the distribution. */
  readonly published: ReadonlySet<string>;
  /** Versions of packages, where the list tells them. */
  readonly versions?: ReadonlyMap<string, string>;
  /** A wheel that no public index has … */
  readonly withheld?: string | undefined;
  /** … and one that is published, as its author says. */
  readonly released?: string | undefined;
}

/** Files of one list. */
const mostFiles = 4_000_000;

/** Domains under which distributions keep their packages. */
const maintainers = /@(?:[\w-]+\.)*(?:debian\.(?:org|net)|ubuntu\.com|canonical\.com|alpinelinux\.org)>?\s*$/i;

/** Tells a list by its path. */
export function packageListAt(path: string): PackageList | undefined {
  const sums = /^var\/lib\/dpkg\/(?:info|status\.d)\/([^/]+)\.md5sums$/.exec(path)?.[1];
  if (sums !== undefined) return { kind: "dpkg-sums", name: sums.replace(/:[^:]*$/, "") };
  if (path === "var/lib/dpkg/status" || /^var\/lib\/dpkg\/status\.d\/[^/]+$/.test(path)) return { kind: "dpkg-status" };
  if (rpmDatabase.test(path)) return { kind: "rpm-database" };
  if (path === "lib/apk/db/installed" || path === "usr/lib/apk/db/installed") return { kind: "apk-installed" };
  return wheelListAt(path);
}

/** Where distributions keep it: Fedora and Red Hat, SUSE, systems of OSTree. */
const rpmDatabase = /^(?:var\/lib|usr\/lib\/sysimage|usr\/share)\/rpm\/(?:rpmdb\.sqlite|Packages(?:\.db)?)$/;

/** Reads a list; what is none of it is left out. */
export function readPackageList(list: PackageList, bytes: Buffer): PackageFacts {
  if (list.kind === "rpm-database") return readDatabase(bytes);
  const text = bytes.toString("utf8");
  switch (list.kind) {
    case "dpkg-sums":
      return {
        files: [...text.matchAll(/^([0-9a-f]{32})[ *]{2}(.+)$/gm)].map((m) => dpkgFile(m[2]!, m[1]!, list.name)),
        published: new Set(),
      };
    case "dpkg-status":
      return readStatus(text);
    case "apk-installed":
      return readInstalled(text);
    case "wheel": {
      const { files, isWithheld, isReleased } = readWheelList(list, text);
      const [withheld, released] = [isWithheld, isReleased].map((is) => (is ? list.folder : undefined));
      return { files, published: new Set(), withheld, released };
    }
  }
}

function readDatabase(bytes: Buffer): PackageFacts {
  const files: PackagedFile[] = [];
  const published = new Set<string>();
  // Headers share no bytes; in a database that was made for it all of them can be the same.
  let left = 2 * bytes.length;
  for (const header of rpmHeaders(bytes)) {
    left -= header.length;
    if (left < 0 || files.length > mostFiles) break;
    const facts = readRpmHeader(header);
    for (const file of facts.files) files.push(file);
    for (const name of facts.published) published.add(name);
  }
  return { files, published };
}

function dpkgFile(path: string, digest: string, name: string): PackagedFile {
  return { path: cleanPath(path), algorithm: "md5", digest, package: name };
}

function readStatus(text: string): PackageFacts {
  const files: PackagedFile[] = [];
  const published = new Set<string>();
  const versions = new Map<string, string>();
  for (const paragraph of text.split(/\n\n+/)) {
    const name = /^Package: (\S+)$/m.exec(paragraph)?.[1];
    if (name === undefined) continue;
    const version = /^Version: (\S+)$/m.exec(paragraph)?.[1];
    if (version !== undefined) versions.set(name, version);
    const maintainer = /^Maintainer: (.+)$/m.exec(paragraph)?.[1];
    if (maintainers.test(maintainer ?? "")) published.add(name);
    const start = /^Conffiles:\n/m.exec(paragraph);
    if (start === null) continue;
    for (const line of paragraph.slice(start.index + start[0].length).split("\n")) {
      if (!line.startsWith(" ")) break;
      const match = /^ (\/\S+) ([0-9a-f]{32})$/.exec(line);
      if (match !== null) files.push(dpkgFile(match[1]!, match[2]!, name));
    }
  }
  return { files, published, versions };
}

function readInstalled(text: string): PackageFacts {
  const files: PackagedFile[] = [];
  const published = new Set<string>();
  let [name, folder, file] = ["", "", ""];
  for (const line of text.split("\n")) {
    const value = line.slice(2);
    if (line.startsWith("P:")) [name, folder] = [value, ""];
    else if (line.startsWith("m:") && maintainers.test(value)) published.add(name);
    else if (line.startsWith("F:")) folder = value;
    else if (line.startsWith("R:")) file = value;
    else if (line.startsWith("Z:Q1")) {
      const digest = Buffer.from(value.slice(2), "base64").toString("hex");
      const path = digest.length === 40 ? pathIn(`${folder}/`, file) : undefined;
      if (path !== undefined) files.push({ path, algorithm: "sha1", digest, package: name });
    }
  }
  return { files, published };
}
