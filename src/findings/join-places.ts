import type { CommittedFile, GitOrigin, ImageOrigin, Origin } from "../model/content.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";
import type { ImageFacts } from "../model/image-facts.ts";
import { createLayerOwners } from "./layer-owners.ts";

/**
 * Tells each place in an image what the other places of the report know of it: the commit that put the same file, or the same secret, into a
 * repository, and whose layer it is. Gives the same for the same findings, however they were joined before.
 */
export function joinPlaces(findings: readonly Finding[], images: readonly ImageFacts[]): readonly Finding[] {
  const owned = createLayerOwners(images);
  return findings.map((finding) => {
    if (!finding.sightings.some(({ origin }) => origin.kind === "image")) return finding;
    const committed = createCommitFinder(finding.sightings);
    const sightings = finding.sightings.map((sighting) => {
      const { origin } = sighting;
      if (origin.kind !== "image") return sighting;
      const joined = withCommit(owned(origin), committed(sighting));
      return joined === origin ? sighting : { ...sighting, origin: joined };
    });
    return { ...finding, sightings };
  });
}

function withCommit(origin: ImageOrigin, committed: CommittedFile | undefined): ImageOrigin {
  if (committed === undefined && origin.committed === undefined) return origin;
  const { committed: _, ...rest } = origin;
  return committed === undefined ? rest : { ...rest, committed };
}

/** Sightings are sorted, so the first commit that is met is the earliest. */
function createCommitFinder(
  sightings: readonly FindingSighting[],
): (sighting: FindingSighting) => CommittedFile | undefined {
  const ofContent = new Map<string, CommittedFile>();
  let ofValue: CommittedFile | undefined;
  for (const { origin, content } of sightings) {
    const file = committedFile(origin);
    if (file === undefined) continue;
    if (!ofContent.has(content)) ofContent.set(content, { ...file, isSameFile: true });
    ofValue ??= file;
  }
  return ({ content }) => ofContent.get(content) ?? ofValue;
}

function committedFile(origin: Origin): CommittedFile | undefined {
  if (!isCommitted(origin)) return undefined;
  const { repository, path, commit } = origin;
  const { id, author, email, date } = commit;
  return { repository, path, commit: { id, author, email, date }, isSameFile: false };
}

function isCommitted(origin: Origin): origin is GitOrigin & Required<Pick<GitOrigin, "commit">> {
  return origin.kind === "git" && origin.commit !== undefined;
}
