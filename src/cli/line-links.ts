import type { FindingSighting, Report } from "../model/finding.ts";
import { remoteOf } from "./remote-of.ts";
import { linePage, type Platform } from "./review/commit-page.ts";

/** Gives the web page of a place, for those in repositories that were cloned from a host with such pages. */
export type LinkOf = (sighting: FindingSighting) => string | undefined;

/** Looks up where the repositories of a report were cloned from. Reads their configuration, and asks nobody. */
export async function lineLinks(report: Report, platform: Platform | undefined): Promise<LinkOf> {
  const repositories = new Set<string>();
  if (platform !== "none")
    for (const { sightings } of report.findings)
      for (const { origin } of sightings)
        if (origin.kind === "git" && origin.commit !== undefined) repositories.add(origin.repository);
  const remotes = new Map<string, string>();
  for (const repository of repositories) {
    const remote = await remoteOf(repository).catch(() => undefined);
    if (remote !== undefined) remotes.set(repository, remote);
  }
  return ({ origin, startLine, endLine }) => {
    if (origin.kind !== "git" || origin.commit === undefined || origin.objectType !== "blob" || startLine < 1)
      return undefined;
    const remote = remotes.get(origin.repository);
    const place = { commit: origin.commit.id, path: origin.path, startLine, endLine };
    // A member of an archive has no lines there.
    return remote === undefined || origin.member !== undefined ? undefined : linePage(remote, place, platform);
  };
}
