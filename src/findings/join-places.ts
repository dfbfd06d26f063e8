import type { CommittedContent, CommittedFile, ContentId, GitOrigin, ImageOrigin, Origin } from "../model/content.ts";
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

/**
 * Finds what the report knows of a place: the commit of the same file; else the one that an earlier scan saw, which the place names already; else the one
 * of the same secret. Sightings are sorted, so the first commit that is met is the earliest.
 */
function createCommitFinder(
  sightings: readonly FindingSighting[],
): (sighting: FindingSighting) => CommittedFile | undefined {
  const ofContent = new Map<ContentId, CommittedFile>();
  let ofValue: CommittedFile | undefined;
  for (const { origin, content } of sightings) {
    const file = committedFile(origin);
    if (file === undefined) continue;
    if (!ofContent.has(content)) ofContent.set(content, { ...file, isSameFile: true });
    ofValue ??= file;
  }
  return ({ content, origin }) => ofContent.get(content) ?? earlierCommit(origin) ?? ofValue;
}

/** Files with secrets in repositories, each with the commit that put it there first, as far as the findings tell. */
export function committedContents(findings: readonly Finding[]): CommittedContent[] {
  return findings.flatMap(({ fingerprint, sightings }) => {
    const met = new Map<string, CommittedContent>();
    for (const { origin, content } of sightings) {
      const file = committedFile(origin);
      if (file === undefined || file.path === "") continue;
      const key = `${file.repository}\0${content}`;
      if (!met.has(key)) met.set(key, { content, fingerprint, file: { ...file, isSameFile: true } });
    }
    return [...met.values()];
  });
}

/** Has files in images name the commits that earlier scans saw put them into repositories. `find`: by the file and its secret. */
export function withEarlierCommits(
  findings: readonly Finding[],
  find: (content: ContentId, fingerprint: string) => CommittedFile | undefined,
): readonly Finding[] {
  return findings.map((finding) => {
    let isChanged = false;
    const sightings = finding.sightings.map((sighting) => {
      const { origin, content } = sighting;
      const file = origin.kind === "image" ? find(content, finding.fingerprint) : undefined;
      if (origin.kind !== "image" || file === undefined) return sighting;
      isChanged = true;
      const committed: CommittedFile = { ...file, isEarlier: true };
      return { ...sighting, origin: { ...origin, committed } };
    });
    return isChanged ? { ...finding, sightings } : finding;
  });
}

function earlierCommit(origin: Origin): CommittedFile | undefined {
  return origin.kind === "image" && origin.committed?.isEarlier === true ? origin.committed : undefined;
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
