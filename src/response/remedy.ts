import type { ImageOrigin } from "../model/content.ts";
import type { ImageFacts } from "../model/image-facts.ts";
import { tableTag } from "../model/told-by.ts";

/** What has to change in a build so that a secret does not come to this place again. `tags`: those of its rule. Names are not escaped yet. */
export function placeRemedy(origin: ImageOrigin, tags: readonly string[]): string {
  const { part, path, layer, deletedBy } = origin;
  if (part === "config") return configRemedy(path);
  const by =
    layer === undefined ? "a layer" : `layer ${layer.index}${layer.createdBy === "" ? "" : ` (${layer.createdBy})`}`;
  // What an artifact holds is a file of its own, with or without a name.
  if (path === "") return `the artifact's file in ${by}: push it anew without the value`;
  if (tags.includes(tableTag))
    return `${path} is two files in ${by}: push the layer anew, with a table of contents that is made of its tar, or without one`;
  if (layer?.owner?.part === "base")
    return `${path} comes with ${by}, which is a layer of ${layer.owner.image}: build that anew first, then this image on it`;
  const late =
    deletedBy === undefined
      ? ""
      : `; layer ${deletedBy.index}${deletedBy.createdBy === "" ? "" : ` (${deletedBy.createdBy})`} takes it out of sight, not out of the image`;
  if (/(?:^|\/)\.git\//.test(path))
    return `${path} comes with ${by}${late}: keep the repository out of the context (.dockerignore: **/.git)`;
  if (isCopy(layer?.createdBy ?? ""))
    return `${path} comes with ${by}${late}: keep it out of the context (.dockerignore), or copy what is needed alone; where the build needs it: RUN --mount=type=secret,target=/${path}`;
  return `${path} comes with ${by}${late}: give it to that instruction alone (RUN --mount=type=secret,target=/${path}), or work in a stage of its own and COPY --from it what is needed`;
}

/** The same of a secret in the history of a repository that lies in an image: `folder` is its path there. */
export function historyRemedy(folder: string): string {
  return `${folder} holds it in its history: keep the repository out of the context (.dockerignore: **/.git)`;
}

function configRemedy(place: string): string {
  const [, field = ""] = place.split("!", 2);
  if (field.startsWith("Env["))
    return `${place}: leave out ENV; while building RUN --mount=type=secret,id=…, and at run time a secret of the platform`;
  if (field.startsWith("history["))
    return `${place}: the instruction holds the value (ARG, or written into it); give it with RUN --mount=type=secret,id=…`;
  return `${place}: take the value out; the program reads it when it runs`;
}

function isCopy(createdBy: string): boolean {
  return /^(?:\/bin\/sh -c #\(nop\) +)?(?:COPY|ADD)\b/i.test(createdBy);
}

/**
 * What has to be deleted so that nobody can pull these images any more, in an order that leaves nothing behind which only an index or a signature
 * would lead to: tags, indexes from the outermost, manifests, what refers to them.
 */
export function deletionOrder(
  images: readonly ImageFacts[],
  held: ReadonlySet<string>,
): readonly { readonly what: "tag or name" | "index" | "manifest" | "referrer"; readonly name: string }[] {
  const holding = images.filter(({ digest, subject }) => held.has(digest) && subject === undefined);
  const subjects = new Set(holding.map(({ digest }) => digest));
  const referrers = images.filter(
    ({ digest, subject }) =>
      (subject !== undefined && subjects.has(subject)) || (subject !== undefined && held.has(digest)),
  );
  const distinct = (names: readonly string[]): string[] => [...new Set(names)].filter((name) => name !== "");
  // Those of what refers to them are lists of nothing else: the tags by which registries without such a question are asked.
  const indexes = [...holding, ...referrers].flatMap((one) => one.indexes ?? []);
  return [
    ...distinct(holding.map(({ image }) => image)).map((name) => ({ what: "tag or name" as const, name })),
    ...distinct(indexes).map((name) => ({ what: "index" as const, name })),
    ...distinct(holding.map(({ digest }) => digest)).map((name) => ({ what: "manifest" as const, name })),
    ...distinct(referrers.map(({ digest }) => digest)).map((name) => ({ what: "referrer" as const, name })),
  ];
}
