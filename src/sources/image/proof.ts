import { basename, join } from "node:path";
import type { ByteRange } from "../../content/byte-range.ts";
import { shellWord } from "../../model/shell-word.ts";
import { sanitize } from "../../model/sanitize.ts";
import type { LayerReading, Wrapping } from "../../model/unit.ts";
import type { ImageFormat } from "./target.ts";

/** Where an image's bytes lie for whoever wants to see for himself. */
export interface ProofPlace {
  /** Gives a command that brings the image with this digest into the folder `proof` (as `skopeo copy … dir:proof` does); absent for images at hand. */
  readonly copy?: (imageDigest: string) => string;
  /** Gives a command that prints a blob of an image elsewhere, as it is stored: for what is no part of an image that could be copied. */
  readonly fetch?: (digest: string) => string;
  /** Gives a command that prints a file of an image at hand: a configuration. */
  readonly print?: (path: string) => string;
  /** Gives a command that prints a layer as it is stored. */
  readonly blob?: (digest: string) => string;
  /** A command that prints the archive that was scanned, where that is no file. */
  readonly stream?: string;
}

/** How an image at hand is looked into. */
export function proofPlace(path: string, format: ImageFormat): ProofPlace {
  const below = (file: string): string => `cat ${shellWord(join(path, file))}`;
  switch (format) {
    case "oci-layout":
    case "content-store":
    case "containers-storage":
    case "docker-storage":
      return { print: below };
    case "oci-archive":
    case "docker-archive":
      return { print: (file) => `tar -xOf ${shellWord(path)} ${shellWord(file)}` };
    case "root-files":
      return {};
    case "copied-folder":
      return { print: (file) => below(basename(file)) };
    case "registry-storage":
      return { print: (file) => below(file.replace(/([0-9a-f]{2})[0-9a-f]{62}$/, "$1/$&/data")) };
  }
}

/** How an archive is looked into that a command prints. */
export function streamProofs(command: string): ProofPlace {
  return { stream: command, print: (file) => `${command} | tar -xOf - ${shellWord(file)}` };
}

/** How a container is looked into: `files` prints a tar of its files, `facts` what its engine tells of it. */
export function containerProofs(files: string, facts: string): ProofPlace {
  return { stream: files, print: () => `${facts} | jq '.[0] | {config: .Config}'` };
}

/** How contents of containerd are looked into, which its own client prints: `ctr` with all it needs to know to find them. */
export function contentProofs(ctr: (digest: string) => string): ProofPlace {
  const blob = (digest: string): string => `${ctr(digest)} content get ${digest}`;
  return { blob, print: (path) => blob(path.replace(/^blobs\//, "").replace("/", ":")) };
}

/** A file of a layer. */
export interface ProvedFile {
  readonly imageDigest: string;
  readonly layerDigest: string;
  readonly range: ByteRange;
  readonly reading: LayerReading;
  /** Cleaned; empty for a layer that is one file. */
  readonly path: string;
  /** Which of several entries at the path it is, from 1. */
  readonly occurrence: number | undefined;
  /** tar stops before it, unless it is told not to. */
  readonly isAfterEnd: boolean;
}

/** A command that prints what a file expands to. */
export function expandCommand(wrapped: Wrapping, file: string): string {
  return `${expanders[wrapped]} ${shellWord(file)}`;
}

/** Prints the id that git gives to what is piped in: the content's own. */
const hashIt = "git hash-object --stdin";

const expanders: Partial<Record<LayerReading["compression"], string>> = {
  gzip: "gzip -dc",
  zstd: "zstd -dc",
  xz: "xz -dc",
  bzip2: "bzip2 -dc",
};

/**
 * Commands for a POSIX shell that take a file out of its layer and print its git id: whoever leaves out the last one sees the file itself. Undefined where
 * a name cannot be written into a command.
 */
export function proofOf(file: ProvedFile, { copy, blob, stream }: ProofPlace): string | undefined {
  const { range, reading, path, occurrence, isAfterEnd } = file;
  const extract = isAfterEnd ? "tar --ignore-zeros -xOf" : "tar -xOf";
  const names = path === "" ? [] : reading.leads.map((lead) => lead + path);
  if (range.unpacked !== undefined) return unpackedProof(file);
  if (reading.leads.includes("?") || [...names, range.file].some(isUnwritable)) return undefined;
  const words = names.map(shellWord);
  const ends = names.some((name) => name.startsWith("-")) ? ["--"] : [];
  const members = [...(occurrence === undefined ? [] : [`--occurrence=${occurrence}`]), ...ends, ...words];
  const expand = expanders[reading.compression];
  const untar = path === "" ? [] : [`${extract} - ${members.join(" ")}`];
  // Where padding is missing, tar leaves out the last file: then some is put behind it.
  const padded = (commands: readonly string[]): string =>
    reading.isUnpadded && path !== "" ? `{ ${commands.join(" | ")}; head -c 512 /dev/zero; }` : commands.join(" | ");
  const fromFile = (name: string): readonly string[] => {
    // tar tells by itself how a file is compressed, but for zstd that begins with a frame to be skipped.
    const isPiped = reading.isUnpadded || path === "" || reading.compression === "zstd";
    if (isPiped) return [padded([`${expand ?? "cat"} ${name}`]), ...untar];
    return [`${extract} ${name} ${members.join(" ")}`];
  };
  if (copy !== undefined) {
    const [, hex = ""] = file.layerDigest.split(":");
    if (hex === "" || file.imageDigest === "") return undefined;
    return `${copy(file.imageDigest)} && ${[...fromFile(`proof/${hex}`), hashIt].join(" | ")}`;
  }
  if (blob !== undefined) {
    if (file.layerDigest === "") return undefined;
    const stored = [blob(file.layerDigest), ...(expand === undefined ? [] : [expand])];
    return [padded(stored), ...untar, hashIt].join(" | ");
  }
  if (stream !== undefined) {
    if (range.entry === undefined && range.offset > 0) return undefined;
    if (range.entry !== undefined && isUnwritable(range.entry)) return undefined;
    const layer = range.entry === undefined ? [] : [`tar -xOf - ${shellWord(range.entry)}`];
    return [padded([stream, ...layer, ...(expand === undefined ? [] : [expand])]), ...untar, hashIt].join(" | ");
  }
  const name = shellWord(range.file);
  if (range.offset === 0 && range.wrapped === undefined) return [...fromFile(name), hashIt].join(" | ");
  const skip = `tail -c +${range.offset + 1}`;
  const start = range.wrapped === undefined ? [`${skip} ${name}`] : [`${expanders[range.wrapped]} ${name}`, skip];
  const stored = [...start, `head -c ${range.length}`, ...(expand === undefined ? [] : [expand])];
  return [padded(stored), ...untar, hashIt].join(" | ");
}

/** A layer that lies unpacked holds the file itself. */
function unpackedProof({ range, path, occurrence, isAfterEnd }: ProvedFile): string | undefined {
  const folder = range.unpacked?.kind === "split" ? range.unpacked.folder : range.file;
  const file = join(folder, path);
  if (path === "" || occurrence !== undefined || isAfterEnd || isUnwritable(file)) return undefined;
  return `cat ${shellWord(file)} | ${hashIt}`;
}

/**
 * Commands that print the git id of one text of a configuration; `query` is what jq is asked for it, empty for all of the configuration. Undefined where the configuration cannot be named.
 */
export function configProof(
  image: { readonly digest: string; readonly configPath?: string },
  query: string,
  { copy, print }: ProofPlace,
): string | undefined {
  const path = image.configPath ?? "";
  if (path === "" || isUnwritable(path) || isUnwritable(query)) return undefined;
  const asked = query === "" ? "cat" : `jq -j ${shellWord(query)}`;
  const piped = query === "" ? [hashIt] : [asked, hashIt];
  if (copy === undefined) return print === undefined ? undefined : [print(path), ...piped].join(" | ");
  const hex = path.slice(path.lastIndexOf("/") + 1);
  return image.digest === "" ? undefined : `${copy(image.digest)} && ${asked} proof/${hex} | ${hashIt}`;
}

/** A name that a terminal would not show as it is, or that stands for bytes which are no UTF-8. */
function isUnwritable(name: string): boolean {
  return name.includes("\ufffd") || sanitize(name) !== name;
}
