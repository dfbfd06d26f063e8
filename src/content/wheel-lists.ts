import { pathIn } from "./tar-path.ts";
import type { PackagedFile } from "./package-lists.ts";

/** A file beside a Python package that was installed from a wheel: in its `.dist-info` folder. */
export interface WheelList {
  readonly kind: "wheel";
  readonly part: (typeof parts)[number];
  /** The `.dist-info` folder. */
  readonly folder: string;
}

/** What such a file tells. */
export interface WheelFacts {
  readonly files: readonly PackagedFile[];
  /** The wheel comes from no index of packages, or may be on none. */
  readonly isWithheld: boolean;
  /** Its author says that it is published: by an open licence, and by a home where the public looks. */
  readonly isReleased: boolean;
}

const parts = ["RECORD", "METADATA", "direct_url.json"] as const;
const suffix = ".dist-info";
/** Longest line that is read. */
const longestLine = 4096;
/** A version that indexes of the public refuse (PEP 440, local version identifiers). */
const localVersion = /-[^-]*\+[^-]*$/;
/** With this PyPI takes no upload; a firm's own packages are marked by it. */
const privateClassifier = /^Classifier:[ \t]*Private ::/im;
/** Headers of the core metadata specification by which an author gives a wheel to everybody. */
const openLicence =
  /^(?:Classifier:[ \t]*License :: OSI Approved\b|License(?:-Expression)?:[ \t]*(?:The[ \t]+)?\(?(?:Apache|MIT|BSD|0BSD|ISC|MPL|Mozilla|L?GPL|AGPL|GNU|PSF|Python|Zlib|Unlicense|Unicode|CC0|BSL|EPL|EUPL|WTFPL|HPND|ZPL)\b)/im;
const closedLicence = /^(?:Classifier:[ \t]*License ::|License(?:-Expression)?:).*(?:proprietary|LicenseRef-)/im;
/** Where they have their homes. */
const publicHome =
  /^(?:Home-page|Project-URL|Download-URL):.*https?:\/\/(?:[\w-]+\.)*(?:github\.(?:com|io)|gitlab\.com|bitbucket\.org|codeberg\.org|sr\.ht|launchpad\.net|sourceforge\.net|opendev\.org|readthedocs\.(?:io|org)|pypi\.org)(?:[/\s]|$)/im;
const recordLine = /^(.+),sha256=([A-Za-z0-9_-]{43}),\d*$/;

/** Tells such a file by its path. */
export function wheelListAt(path: string): WheelList | undefined {
  const cut = path.lastIndexOf("/");
  const folder = path.slice(0, Math.max(0, cut));
  if (!folder.endsWith(suffix)) return undefined;
  const name = path.slice(cut + 1);
  const part = parts.find((one) => one === name);
  return part === undefined ? undefined : { kind: "wheel", part, folder };
}

/**
 * Reads one. `RECORD` has the hashes that came with the wheel. What was installed from a folder, a file, an address or a repository has a
 * `direct_url.json` (PEP 610): that is how a project installs itself.
 */
export function readWheelList({ part, folder }: WheelList, text: string): WheelFacts {
  if (part === "direct_url.json") return { files: [], isWithheld: true, isReleased: false };
  if (part === "METADATA") {
    // Its headers; what follows them is a text for readers.
    const headers = text.split(/\r?\n\r?\n/, 1)[0]!;
    const isWithheld = privateClassifier.test(headers) || closedLicence.test(headers);
    return { files: [], isWithheld, isReleased: openLicence.test(headers) && publicHome.test(headers) };
  }
  const cut = folder.lastIndexOf("/") + 1;
  const stem = folder.slice(cut, -suffix.length);
  const dash = stem.lastIndexOf("-");
  const name = dash > 0 ? `${stem.slice(0, dash)} ${stem.slice(dash + 1)}` : stem;
  const files: PackagedFile[] = [];
  for (const line of text.split(/\r?\n/)) {
    const match = line.length > longestLine ? null : recordLine.exec(line);
    if (match === null) continue;
    const path = pathIn(folder.slice(0, cut), unquoted(match[1]!));
    const digest = Buffer.from(match[2]!, "base64url").toString("hex");
    if (path !== undefined) files.push({ path, algorithm: "sha256", digest, package: name, wheel: folder });
  }
  return { files, isWithheld: localVersion.test(stem), isReleased: false };
}

/** Of a field of CSV. */
function unquoted(field: string): string {
  return field.startsWith('"') && field.endsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
}
