import type { ByteRange } from "../../content/byte-range.ts";
import type { BaseImage } from "../../model/image-facts.ts";
import type { Problem, ProblemCode } from "../../model/problem.ts";

/** One image of a store, as its documents tell it. */
export interface ImagePlan {
  /** As the user named the target, with the tag where the store tells one. */
  readonly name: string;
  /** Digest of the manifest, or of the config where there is no manifest; empty where neither could be read. */
  readonly digest: string;
  readonly platform: string;
  /** Lowest first. */
  readonly layers: readonly LayerPlan[];
  readonly contents: readonly ConfigContent[];
  /** The configuration's place in the store; absent where there is none. */
  readonly configPath?: string;
  readonly base?: BaseImage;
  /** Its layers stand in an index, where copies of images look for manifests. */
  readonly isIndex?: true;
  /** As `ImageFacts` has them. */
  readonly indexes?: readonly string[];
  readonly subject?: string;
}

export interface LayerPlan {
  /** Undefined where the layer is missing. */
  readonly range: ByteRange | undefined;
  /** Digest of the stored bytes as the manifest tells it; empty where it does not. */
  readonly digest: string;
  readonly diffId: string;
  readonly createdBy: string;
  /** The file name of a layer that is no tar (ORAS), empty where there is none. */
  readonly title: string;
  /** Whoever made the image says that it is a tar, and engines will unpack it as one. */
  readonly isTar?: true;
  /** Only these files are scanned: the others belong to something else. */
  readonly only?: readonly string[];
}

/** Layers of one image; engines stop at 127. */
const MAX_LAYERS = 10_000;

/** The layers of an image that are read; more are told. */
export function boundedLayers<T>(layers: readonly T[], subject: string, list: ProblemList): readonly T[] {
  if (layers.length <= MAX_LAYERS) return layers;
  addProblem(
    list,
    "unsupported",
    subject,
    `has ${layers.length} layers: no more than the first ${MAX_LAYERS} were read as its own`,
  );
  return layers.slice(0, MAX_LAYERS);
}

/** One text of a config or manifest, scanned as a content of its own. */
export interface ConfigContent {
  /** As `config!Env[TOKEN]`. */
  readonly place: string;
  readonly text: string;
  /** What is scanned in its place: the text is these bytes in base64. */
  readonly bytes?: Uint8Array;
  /** What jq has to be asked for this text, where the text is no more than a field of the configuration; empty where it is all of it. */
  readonly query?: string;
}

/** What is wrong with a store is collected here while it is read. */
export interface ProblemList {
  readonly target: string;
  readonly problems: Problem[];
}

/** Notes a problem that leaves something unscanned. */
export function addProblem(list: ProblemList, code: ProblemCode, subject: string, message: string): void {
  list.problems.push({ code, effect: "incomplete", target: list.target, subject, message });
}

/** That a container has other storage at a path: a note. */
export function otherStorage(target: string, subject: string): Problem {
  const message = "is other storage, mounted into the container: it is no part of it and was not scanned";
  return { code: "unsupported", effect: "note", target, subject, message };
}

/** What was written in a container, and what is set for it, as an image of its own: its base is another one. */
export function containerPlan({
  digest,
  names,
  folder,
  contents,
}: {
  readonly digest: string;
  readonly names: readonly string[];
  /** Undefined where nobody knows it. */
  readonly folder: string | undefined;
  readonly contents: readonly ConfigContent[];
}): Omit<ImagePlan, "name"> & { readonly tags: Set<string>; readonly configDigest: string } {
  const range =
    folder === undefined ? undefined : ({ file: folder, offset: 0, length: 0, unpacked: { kind: "folder" } } as const);
  const layer = { range, digest: "", diffId: "", createdBy: "written in the container", title: "" };
  const layers = range === undefined ? [] : [layer];
  return { tags: new Set(names), digest, configDigest: "", platform: "", layers, contents };
}
