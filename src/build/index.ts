/**
 * Builds of container images: what of a folder Dockerfiles, Compose files and `.dockerignore` are about to take into an image. In: names of files and a way to
 * read them. Out: for each path the instructions that carry it. Nothing is built or run, and no file is opened here.
 */
import type { Carrier } from "../model/carrier.ts";
import { planBuild, type BuildPlan } from "./carriers.ts";
import { parseCompose, type ComposeBuild } from "./compose.ts";
import { cleanPattern, isIgnored, parseContextIgnore, type IgnoreRule } from "./context-ignore.ts";
import { parseDockerfile, type Dockerfile } from "./dockerfile.ts";
import { buildFileKind } from "./names.ts";

export { parseContextIgnore, isIgnored } from "./context-ignore.ts";
export { parseDockerfile } from "./dockerfile.ts";
export { rewriteDockerfile, type Rewritten } from "./rewrite.ts";

/** Builds of one folder that are looked at; a monorepo has some hundreds. */
const maxBuilds = 1000;
/** Instructions told of one file. */
const maxCarriers = 50;

/** A folder, as whoever has walked through it knows it. Paths count from it, with slashes. */
export interface BuildFolder {
  /** Files that say something about builds, by `buildFileKind`. */
  readonly files: readonly string[];
  /** The text of one of them; undefined where it cannot be read or is too large. */
  readonly read: (path: string) => string | undefined;
  readonly has: (path: string) => boolean;
}

interface Build {
  /** Folders: empty for the root. */
  readonly context: string;
  readonly dockerfile: string;
  readonly plan: BuildPlan;
  readonly ignore: readonly IgnoreRule[];
}

/** Gives for each path the instructions that take it, or lines of it, into images. */
export function planBuilds(folder: BuildFolder): (path: string) => readonly Carrier[] {
  const kinds = folder.files.map((path) => [path, buildFileKind(lastPart(path))] as const);
  const ofKind = (kind: string): string[] => kinds.filter(([, is]) => is === kind).map(([path]) => path);
  const builds: Build[] = [];
  const own = new Map<string, Carrier[]>();
  const named = new Set<string>();
  const texts = new Map<string, Dockerfile>();
  const dockerfileAt = (path: string): Dockerfile | undefined => {
    const known = texts.get(path);
    const text = known === undefined && ofKind("dockerfile").includes(path) ? folder.read(path) : undefined;
    const read = known ?? (text === undefined ? undefined : parseDockerfile(text));
    if (read !== undefined) texts.set(path, read);
    return read;
  };
  const add = (dockerfile: string, context: string, target: string): void => {
    const parsed = builds.length < maxBuilds ? dockerfileAt(dockerfile) : undefined;
    if (parsed === undefined) return;
    const plan = planBuild(dockerfile, parsed, target);
    builds.push({ context, dockerfile, plan, ignore: ignoreOf(folder, dockerfile, context) });
  };
  for (const compose of ofKind("compose")) {
    const base = folderOf(compose);
    for (const build of parseCompose(folder.read(compose) ?? "")) {
      for (const carrier of composeCarriers(folder, compose, build)) {
        const lines = own.get(carrier.path ?? compose) ?? [];
        own.set(carrier.path ?? compose, lines);
        const { path: _, ...told } = carrier;
        lines.push(told);
      }
      const context = inside(base, build.context);
      if (context === undefined) continue;
      if (build.inline !== "") {
        if (builds.length >= maxBuilds) continue;
        const plan = planBuild(compose, parseDockerfile(build.inline), build.target);
        builds.push({ context, dockerfile: compose, plan, ignore: ignoreOf(folder, compose, context) });
        continue;
      }
      const dockerfiles = build.dockerfile === "" ? ["Dockerfile", "Containerfile"] : [build.dockerfile];
      const dockerfile = dockerfiles
        .map((name) => inside(context, name))
        .find((path) => path !== undefined && dockerfileAt(path));
      if (dockerfile === undefined) continue;
      named.add(dockerfile);
      add(dockerfile, context, build.target);
    }
  }
  for (const dockerfile of ofKind("dockerfile"))
    if (!named.has(dockerfile)) add(dockerfile, contextOf(folder, dockerfile, dockerfileAt(dockerfile)), "");
  return (path) => {
    const found = builds.flatMap((build) => carriersIn(build, path));
    const all = [...(own.get(path) ?? []), ...found];
    const distinct = new Map(all.map((carrier) => [JSON.stringify(carrier), carrier]));
    return [...distinct.values()].slice(0, maxCarriers);
  };
}

function carriersIn({ context, dockerfile, plan, ignore }: Build, path: string): readonly Carrier[] {
  const inContext = context === "" ? path : path.startsWith(`${context}/`) ? path.slice(context.length + 1) : undefined;
  const found = inContext === undefined || isIgnored(ignore, inContext) ? [] : plan.copies(inContext);
  const copies = context === "" ? found : found.map((carrier) => ({ ...carrier, context }));
  return path === dockerfile ? [...plan.own, ...copies] : copies;
}

/** The ignore file of a build: the Dockerfile's own where it has one (BuildKit, Buildah), else that of the context. */
function ignoreOf({ files, read }: BuildFolder, dockerfile: string, context: string): readonly IgnoreRule[] {
  const inContext = (name: string): string => (context === "" ? name : `${context}/${name}`);
  const names = [
    `${dockerfile}.dockerignore`,
    ...(lastPart(dockerfile).startsWith("Containerfile")
      ? [`${dockerfile}.containerignore`, inContext(".containerignore")]
      : []),
    inContext(".dockerignore"),
  ];
  const file = names.find((name) => files.includes(name));
  return file === undefined ? [] : parseContextIgnore(read(file) ?? "");
}

/** The context of a Dockerfile that nothing else names: its folder, unless what it copies is to be found from the root alone. */
function contextOf({ has }: BuildFolder, path: string, dockerfile: Dockerfile | undefined): string {
  const folder = folderOf(path);
  if (folder === "" || dockerfile === undefined) return "";
  const sources = dockerfile.stages
    .flatMap(({ instructions }) => instructions)
    .filter(
      ({ name, options }) => (name === "COPY" || name === "ADD") && !options.some(([option]) => option === "from"),
    )
    .flatMap(({ words }) => words.slice(0, -1))
    .filter((word) => !/[*?[$<]|:\/\//.test(word))
    .map((word) => cleanPattern(`/${word}`).slice(1))
    .filter((word) => word !== "");
  return sources.some((source) => !has(`${folder}/${source}`) && has(source)) ? "" : folder;
}

/** Arguments of a build stand in the history of its image; their values may come from the `.env` file beside the Compose file. `path`: where, if not there. */
function composeCarriers(folder: BuildFolder, compose: string, build: ComposeBuild): Carrier[] {
  const environment = inside(folderOf(compose), ".env") ?? ".env";
  const lines = folder.files.includes(environment) ? (folder.read(environment) ?? "").split("\n") : [];
  return build.arguments.flatMap(({ name, line, endLine, variables }): Carrier[] => {
    const told = {
      instruction: `build argument ${name} of ${build.service}`,
      file: compose,
      line,
      into: "history",
    } as const;
    const fromEnvironment = lines.flatMap((text, index): Carrier[] => {
      const variable = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(text)?.[1];
      if (variable === undefined || !variables.includes(variable)) return [];
      return [{ ...told, lines: { from: index + 1, to: index + 1 }, path: environment }];
    });
    return [{ ...told, lines: { from: line, to: endLine } }, ...fromEnvironment];
  });
}

/** A path from a folder, both from the root; undefined where it leads out. */
function inside(folder: string, path: string): string | undefined {
  if (path.startsWith("/") || /[$:]/.test(path)) return undefined;
  const clean = cleanPattern(folder === "" ? path : `${folder}/${path}`);
  if (clean === "..") return undefined;
  return clean.startsWith("../") ? undefined : clean === "." ? "" : clean;
}

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
