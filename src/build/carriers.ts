import type { Carrier } from "../model/carrier.ts";
import { cleanPattern, patternMatcher } from "./context-ignore.ts";
import { assignments, expandVariables, type Dockerfile, type Instruction, type Stage } from "./dockerfile.ts";

/** Places of one file that are followed from stage to stage. */
const maxPlaces = 1000;
/** Folders that are remembered of a stage. */
const maxFolders = 1000;
/** How much of an instruction is told. */
const maxInstruction = 120;

/** A file of the context in a stage. */
interface Placed {
  readonly stage: number;
  /** Absolute where it is known, else from a folder that the base image chooses. */
  readonly path: string;
  readonly instruction: Instruction;
  readonly before: Placed | undefined;
}

/** What takes a Dockerfile's context into images. */
export interface BuildPlan {
  /** Instructions that bring a file of the context (its path from the root of it) into a layer. */
  copies(path: string): readonly Carrier[];
  /** Instructions that write what stands in their own lines into an image. */
  readonly own: readonly Carrier[];
}

/** Looks at a Dockerfile as a build of `target` (its last stage where that is empty) would. `file`: how people call it. */
export function planBuild(file: string, { stages }: Dockerfile, target = ""): BuildPlan {
  const last = target === "" ? stages.length - 1 : stages.findIndex(({ name }) => name === target.toLowerCase());
  const views: StageView[] = [];
  for (const stage of stages) views.push(viewOf(stage, views));
  /** Stages whose layers are layers of the image. */
  const kept = new Set<number>();
  for (let at: number | undefined = last; at !== undefined && at >= 0 && !kept.has(at); at = views[at]?.parent)
    kept.add(at);
  const stageName = (index: number): { readonly stage?: string } =>
    kept.has(index) ? {} : { stage: stages[index]?.name ?? "" };

  const own: Carrier[] = stages.flatMap((stage, index) =>
    stage.instructions.flatMap((instruction): Carrier[] => {
      const into = instruction.hasHereDocument ? hereDocuments[instruction.name] : ownPlaces[instruction.name];
      if (into === undefined) return [];
      const lines = { from: instruction.line, to: instruction.endLine };
      return [{ instruction: instruction.name, file, line: instruction.line, into, lines, ...stageName(index) }];
    }),
  );
  return {
    own,
    copies(path) {
      const found: Placed[] = stages.flatMap((_stage, stage) =>
        copiesOf(views[stage]!, stage, "", path).map((placed) => ({ ...placed, before: undefined })),
      );
      // From stage to stage, as long as it is taken along.
      for (const placed of found) {
        if (found.length >= maxPlaces || !placed.path.startsWith("/")) continue;
        for (let stage = placed.stage + 1; stage < stages.length; stage++) {
          const from = stages[placed.stage]!.name;
          const names = [from, String(placed.stage)];
          for (const name of new Set(names))
            for (const next of copiesOf(views[stage]!, stage, name, placed.path.slice(1)))
              found.push({ ...next, before: placed });
        }
      }
      return found.map((placed) => carrierOf(placed, file, stageName(placed.stage)));
    },
  };
}

/** Where instructions put what stands in their lines. */
const ownPlaces: Readonly<Record<string, Carrier["into"]>> = {
  ENV: "config",
  LABEL: "config",
  CMD: "config",
  ENTRYPOINT: "config",
  HEALTHCHECK: "config",
  MAINTAINER: "config",
  ONBUILD: "config",
  SHELL: "config",
  USER: "config",
  VOLUME: "config",
  WORKDIR: "config",
  EXPOSE: "config",
  STOPSIGNAL: "config",
  ARG: "history",
  RUN: "history",
  // Their words: an address can have a password in it.
  COPY: "history",
  ADD: "history",
};

/** Where they put a text that stands below them. */
const hereDocuments: typeof ownPlaces = { RUN: "history", COPY: "layer", ADD: "layer" };

function carrierOf({ path, instruction, before }: Placed, file: string, stage: { readonly stage?: string }): Carrier {
  const text = `${instruction.name} ${[...instruction.options.filter(([name]) => name === "from").map(([, from]) => `--from=${from}`), instruction.rest].join(" ")}`;
  return {
    instruction: text.length > maxInstruction ? `${text.slice(0, maxInstruction)}…` : text,
    file,
    line: instruction.line,
    into: "layer",
    path,
    ...(before === undefined ? {} : { after: before.instruction.line }),
    ...stage,
  };
}

interface StageView {
  readonly stage: Stage;
  /** The stage that it begins with. */
  readonly parent: number | undefined;
  /** Its copying instructions, with the folder that they count from; undefined where the base image decides. */
  readonly copies: readonly {
    readonly instruction: Instruction;
    readonly folder: string | undefined;
    /** Its words with the variables of this place put in; undefined where one of them is not known. */
    readonly expanded: readonly (string | undefined)[];
    /** Folders that are there by then, as far as the Dockerfile tells. */
    readonly folders: ReadonlySet<string>;
  }[];
  /** What its end hands on to stages that begin with it. */
  readonly end: Surroundings;
}

/** What instructions of a stage find. */
interface Surroundings {
  readonly variables: ReadonlyMap<string, string>;
  readonly folder: string | undefined;
  readonly folders: ReadonlySet<string>;
}

function viewOf(stage: Stage, before: readonly StageView[]): StageView {
  const parent = before.findLastIndex(({ stage: { name } }) => name === stage.base.toLowerCase());
  const inherited = before[parent]?.end;
  // Arguments end with their stage; only `ENV` is handed on.
  const lasting = new Map(inherited?.variables);
  const variables = new Map(lasting);
  let folder = inherited?.folder ?? (stage.base === "scratch" ? "/" : undefined);
  let folders: ReadonlySet<string> = new Set(inherited?.folders ?? ["/"]);
  const copies: StageView["copies"][number][] = [];
  for (const instruction of stage.instructions) {
    const { name, words } = instruction;
    if (name === "ENV" || name === "ARG") {
      for (const [key, value] of assignments(instruction)) {
        const known = value === undefined ? undefined : expandVariables(value, variables);
        if (known === undefined) continue;
        variables.set(key, known);
        if (name === "ENV") lasting.set(key, known);
      }
    } else if (name === "WORKDIR") {
      const next = expandVariables(words[0] ?? "", variables);
      folder = next === undefined ? undefined : resolveIn(folder, next);
      folders = withFolder(folders, folder);
    } else if (name === "COPY" || name === "ADD") {
      const expanded = words.map((word) => expandVariables(word, variables));
      copies.push({ instruction, folder, expanded, folders });
      const destination = expanded.at(-1);
      if (destination?.endsWith("/") === true) folders = withFolder(folders, resolveIn(folder, destination));
    }
  }
  return { stage, parent: parent < 0 ? undefined : parent, copies, end: { variables: lasting, folder, folders } };
}

/** With a folder, and those that it lies in; as many as a Dockerfile of any length makes. */
function withFolder(folders: ReadonlySet<string>, folder: string | undefined): ReadonlySet<string> {
  if (folder === undefined || folders.has(folder) || folders.size >= maxFolders) return folders;
  const more = new Set(folders);
  for (let at = folder; at !== "" && more.size < maxFolders; at = at.slice(0, at.lastIndexOf("/"))) more.add(at);
  return more;
}

function resolveIn(folder: string | undefined, path: string): string | undefined {
  if (path.startsWith("/")) return cleanPattern(path);
  return folder === undefined ? undefined : cleanPattern(`${folder}/${path}`);
}

/** What the copying instructions of a stage make of one file. `from`: the stage that it comes from; empty: the context. */
function copiesOf(view: StageView, stage: number, from: string, path: string): Omit<Placed, "before">[] {
  return view.copies.flatMap(({ instruction, folder, expanded, folders }) => {
    const { options, words } = instruction;
    const source = options.find(([name]) => name === "from")?.[1].toLowerCase() ?? "";
    if (source !== from || words.length < 2) return [];
    const excluded = options.some(
      ([name, pattern]) => name === "exclude" && patternMatcher(cleanPattern(pattern))?.(path) === true,
    );
    if (excluded) return [];
    const destination = expanded.at(-1) ?? words.at(-1)!;
    return expanded.slice(0, -1).flatMap((pattern) => {
      const rest = pattern === undefined || pattern.startsWith("<<") ? undefined : coveredBy(pattern, path);
      if (rest === undefined) return [];
      const isFolder =
        /(?:^|\/)\.{0,2}$/.test(destination) ||
        words.length > 2 ||
        rest !== "" ||
        folders.has(resolveIn(folder, destination) ?? "");
      const name = rest === "" ? path.slice(path.lastIndexOf("/") + 1) : rest;
      const placed = isFolder ? `${destination}/${name}` : destination;
      return [{ stage, path: resolveIn(folder, placed) ?? cleanPattern(placed), instruction }];
    });
  });
}

/** What is left of a path behind the source that covers it: empty where the source is the file itself, undefined where it does not cover it. */
function coveredBy(source: string, path: string): string | undefined {
  // Nothing above the root of the context is in it.
  const pattern = cleanPattern(`/${source}`).slice(1);
  if (pattern === "") return path;
  const depth = pattern.split("/").length;
  const parts = path.split("/");
  const matches = patternMatcher(pattern.replaceAll("**", "*"));
  if (parts.length < depth || matches?.(parts.slice(0, depth).join("/")) !== true) return undefined;
  return parts.slice(depth).join("/");
}
