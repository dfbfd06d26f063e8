import { isOwnRemoval, type ImageOrigin, type LayerFacts, type Removal } from "../model/content.ts";
import type { Finding } from "../model/finding.ts";
import { compareText } from "./order.ts";

/** What became of one secret in one image, from its lowest layer to its highest. */
export interface Lifetime {
  readonly image: string;
  readonly digest: string;
  readonly platform: string;
  /** By layer; what stands in the configuration comes last. */
  readonly steps: readonly LifetimeStep[];
  /** Whether a container of the image sees it: in a file that no layer took away, or in the configuration. */
  readonly isVisible: boolean;
  /** Commands that take it out of the image all the same; absent where none could be written. */
  readonly proof?: string;
  /** What `proof` prints: the git id of the bytes. */
  readonly proves?: string;
}

/**
 * `introduced`: its first layer. `copied`: another place beside one that stays. `moved`: another place, where the one before goes. `rewritten`: the same bytes at
 * the same path once more. `changed`: other bytes at the same path, with the secret in them. `deleted`: gone from the path. `configured`: in the configuration.
 */
export type LifetimeEvent = "introduced" | "copied" | "moved" | "rewritten" | "changed" | "deleted" | "configured";

export interface LifetimeStep {
  readonly event: LifetimeEvent;
  readonly path: string;
  /** Of moved and copied: the path that it came from. */
  readonly from?: string;
  readonly layer?: LayerFacts;
  /** Of `deleted`. */
  readonly removal?: Removal;
}

/** Places of one secret in one image that its story is told of: each is held beside those below it. */
const maxPlaces = 1000;

interface Place {
  readonly origin: ImageOrigin;
  readonly content: string;
}

/** The lifetimes of a finding, one for each image that holds it; sorted. */
export function lifetimes({ sightings }: Pick<Finding, "sightings">): readonly Lifetime[] {
  const images = new Map<string, Place[]>();
  for (const { origin, content } of sightings) {
    if (origin.kind !== "image") continue;
    const key = [origin.image, origin.platform, origin.digest].join("\0");
    const places = images.get(key) ?? [];
    images.set(key, places);
    places.push({ origin, content });
  }
  return [...images].sort(([a], [b]) => compareText(a, b)).map(([, places]) => lifetimeOf(places));
}

function lifetimeOf(places: readonly Place[]): Lifetime {
  const { image, digest, platform } = places[0]!.origin;
  const layered = distinctPlaces(places).slice(0, maxPlaces);
  const steps: LifetimeStep[] = [];
  const layers = [...new Set(layered.flatMap(({ origin }) => [origin.layer!.index, ...endsAt(origin)]))];
  for (const index of layers.sort((a, b) => a - b)) {
    const below = layered.filter(({ origin }) => origin.layer!.index < index && (endsAt(origin)[0] ?? index) >= index);
    const here = layered.filter(({ origin }) => origin.layer!.index === index);
    const taken = new Set<string>();
    for (const place of here) steps.push(arrival(place, below, here, index, taken));
    for (const { origin } of [...below, ...here]) {
      if (endsAt(origin)[0] !== index || taken.has(origin.path)) continue;
      // Another entry at the same path in the same layer has it as well: then it is still there.
      if (isOwnRemoval(origin.removal) && here.some((other) => isLiveAt(other, origin.path))) continue;
      steps.push({
        event: "deleted",
        path: origin.path,
        ...(origin.deletedBy === undefined ? {} : { layer: origin.deletedBy }),
        ...(origin.removal === undefined ? {} : { removal: origin.removal }),
      });
    }
  }
  for (const { origin } of places) if (origin.part === "config") steps.push({ event: "configured", path: origin.path });
  const proved = places.find(({ origin }) => origin.proof !== undefined);
  return {
    ...{ image, digest, platform, steps },
    isVisible: places.some(({ origin }) => !origin.deleted),
    ...(proved?.origin.proof === undefined ? {} : { proof: proved.origin.proof, proves: proved.content }),
  };
}

/** Each layer and path once: a secret can stand in many lines of a file. Those that stay come first, so that they speak for the path. */
function distinctPlaces(places: readonly Place[]): readonly Place[] {
  const distinct = new Map<string, Place>();
  const inLayers = places.filter(({ origin }) => origin.layer !== undefined);
  for (const place of inLayers.toSorted((a, b) => Number(a.origin.deleted) - Number(b.origin.deleted))) {
    const key = `${place.origin.layer!.index} ${isOwnRemoval(place.origin.removal)} ${place.origin.path}`;
    if (!distinct.has(key)) distinct.set(key, place);
  }
  return [...distinct.values()].sort(
    (a, b) =>
      a.origin.layer!.index - b.origin.layer!.index ||
      // A link stands behind what it leads to.
      Number(a.origin.linkTo !== undefined) - Number(b.origin.linkTo !== undefined) ||
      compareText(a.origin.path, b.origin.path),
  );
}

/** The layer that takes the place away, if one does. */
function endsAt({ deletedBy }: ImageOrigin): readonly number[] {
  return deletedBy === undefined ? [] : [deletedBy.index];
}

function isLiveAt({ origin }: Place, path: string): boolean {
  return origin.path === path && !isOwnRemoval(origin.removal);
}

/** How the secret came to a place in a layer. `taken` gathers the paths below that it takes over, so that they are not called deleted. */
function arrival(
  { origin, content }: Place,
  below: readonly Place[],
  here: readonly Place[],
  index: number,
  taken: Set<string>,
): LifetimeStep {
  const { path, layer } = origin;
  const at = { path, ...(layer === undefined ? {} : { layer }) };
  const before = below.find((place) => place.origin.path === path);
  if (before !== undefined) {
    taken.add(path);
    return { event: before.content === content ? "rewritten" : "changed", ...at };
  }
  const isStill = (place: Place): boolean => !here.some(({ origin }) => origin.path === place.origin.path);
  const source =
    below.find((place) => isStill(place) && endsAt(place.origin)[0] === index && place.content === content) ??
    below.find((place) => isStill(place) && endsAt(place.origin)[0] === index) ??
    below.find((place) => place.content === content) ??
    below[0];
  if (source !== undefined) {
    const isMoved = endsAt(source.origin)[0] === index && isStill(source) && !taken.has(source.origin.path);
    if (isMoved) taken.add(source.origin.path);
    return { event: isMoved ? "moved" : "copied", ...at, from: source.origin.path };
  }
  if (origin.linkTo !== undefined && here.some((place) => place.origin.path === origin.linkTo))
    return { event: "copied", ...at, from: origin.linkTo };
  return { event: "introduced", ...at };
}

/**
 * What happened, for people: `root/.npmrc introduced in layer 1`. `isAlone`: all steps are about one path, which was said before. Paths are not escaped yet.
 */
export function stepText(step: LifetimeStep, isAlone = false): string {
  const where = step.layer === undefined ? "" : ` in layer ${step.layer.index}`;
  const words = `${eventWords(step)}${where}${step.event === "changed" ? ", the secret is still in it" : ""}`;
  return isAlone ? words : `${step.path} ${words}`;
}

function eventWords({ event, from = "elsewhere", removal }: LifetimeStep): string {
  switch (event) {
    case "introduced":
    case "changed":
      return event;
    case "copied":
    case "moved":
      return `${event} from ${from}`;
    case "rewritten":
      return "written again";
    case "deleted":
      return removalWords(removal);
    case "configured":
      return "in the configuration";
  }
}

/** What a layer did to a file, in a word that stands before "in layer 2". */
export function removalWords(removal: Removal | undefined): string {
  switch (removal) {
    case undefined:
    case "whiteout":
      return "deleted";
    case "opaque":
      return "deleted with its folder";
    case "replaced":
      return "replaced";
    case "covered":
      return "replaced with its folder";
    case "shadowed":
      return "overwritten";
    case "after-end":
      return "hidden behind the end of the tar";
  }
}

/** Whether something has happened to a secret that its places alone do not tell. */
export function isEventful(lifetime: Lifetime): boolean {
  return lifetime.steps.some(({ event }) => event !== "introduced" && event !== "configured");
}

/** How a lifetime ends, for people. */
export function endText({ isVisible }: Lifetime): string {
  return isVisible ? "visible in containers" : "not visible in containers, still extractable";
}
