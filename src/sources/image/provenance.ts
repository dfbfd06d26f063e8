/** Which image another one was built on, as its build wrote it down (SLSA provenance, v0.2 and v1, with what BuildKit adds). */
import { blobPath, isDigest } from "../../content/digest.ts";
import { asArray, asRecord, asText, parseJson } from "../../content/json.ts";
import type { BaseImage } from "../../model/image-facts.ts";
import type { TaggedPlan } from "./oci.ts";
import type { ImageStore } from "./store.ts";

const predicate = /^https:\/\/slsa\.dev\/provenance\//;
/** How BuildKit names an image that a build begins with. */
const imageSource = /^docker-image:\/\/([^@]+)(?:@(.+))?$/;

type Table = Readonly<Record<string, unknown>>;

/** Adds bases to the images of which one of the others is a provenance. What an image's own annotations say stays. */
export async function addProvenance(store: ImageStore, plans: Map<string, TaggedPlan>): Promise<void> {
  for (const { subject, layers } of [...plans.values()]) {
    const plan = subject === undefined ? undefined : plans.get(subject);
    if (subject === undefined || plan === undefined) continue;
    for (const { title, digest } of layers) {
      if (!predicate.test(title)) continue;
      const bytes = await store.read(blobPath(digest) ?? "");
      const base = typeof bytes === "string" ? undefined : baseIn(parseJson(bytes), plan);
      if (base !== undefined) plans.set(subject, { ...plan, base: agreed(plan.base, base) });
    }
  }
}

/** What annotations say counts; the build may know more of the same image. */
function agreed(annotated: BaseImage | undefined, built: BaseImage): BaseImage {
  if (annotated === undefined) return built;
  const isSame = annotated.digest !== "" && annotated.digest === built.digest;
  return isSame ? { ...built, ...annotated } : annotated;
}

/** The base of an image that a statement tells of; undefined where it tells of several, or not which. */
function baseIn(statement: unknown, { layers }: TaggedPlan): BaseImage | undefined {
  const told = asRecord(asRecord(statement)?.["predicate"]) ?? {};
  const definition = asRecord(told["buildDefinition"]) ?? {};
  const parameters = asRecord(definition["internalParameters"]) ?? {};
  const buildConfig = asRecord(told["buildConfig"]) ?? asRecord(parameters["buildConfig"]) ?? {};
  const digests = layers.map((layer) => layer.digest);
  const steps = layersOfSteps(told);
  // A build can begin with several images: the base is the one whose layers lie below all others.
  for (const item of asArray(buildConfig["llbDefinition"])) {
    const step = asRecord(item) ?? {};
    const source = imageSource.exec(sourceOf(step));
    const own = steps.get(asText(step["id"])) ?? [];
    const isBelow = own.length > 0 && own.length <= digests.length && own.every((one, i) => one === digests[i]);
    if (source === null || !isBelow) continue;
    const [, name = "", digest] = source;
    return { name, digest: isDigest(digest) ? digest : "", layers: own.length };
  }
  const images = [...asArray(told["materials"]), ...asArray(definition["resolvedDependencies"])].flatMap(imageOf);
  return images.length === 1 ? images[0] : undefined;
}

function sourceOf(step: Table): string {
  const op = asRecord(step["op"]) ?? {};
  const inner = asRecord(op["Op"]) ?? op;
  return asText(asRecord(inner["source"])?.["identifier"]);
}

/** The layers that were there after each step. */
function layersOfSteps(told: Table): ReadonlyMap<string, readonly string[]> {
  const metadata = asRecord(told["metadata"]) ?? asRecord(asRecord(told["runDetails"])?.["metadata"]) ?? {};
  const own =
    asRecord(metadata["https://mobyproject.org/buildkit@v1#metadata"]) ?? asRecord(metadata["buildkit_metadata"]) ?? {};
  return new Map(
    Object.entries(asRecord(own["layers"]) ?? {}).map(([step, results]) => [
      // `step2:0`: the step and which of its results.
      step.replace(/:.*$/, ""),
      asArray(asArray(results)[0]).map((layer) => asText(asRecord(layer)?.["digest"])),
    ]),
  );
}

/** An image among the materials: `pkg:docker/debian@12?platform=linux%2Famd64` (package URL specification). */
function imageOf(value: unknown): BaseImage[] {
  const { uri, digest } = asRecord(value) ?? {};
  const found = /^pkg:docker\/([^@?]+)(?:@([^?]+))?/.exec(asText(uri));
  if (found === null) return [];
  const [, name = "", version] = found.map((part) => decoded(part));
  const sum = `sha256:${asText(asRecord(digest)?.["sha256"])}`;
  return [{ name: version === undefined ? name : `${name}:${version}`, digest: isDigest(sum) ? sum : "" }];
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return text;
  }
}
