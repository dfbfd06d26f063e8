import type { CommitFacts } from "../model/content.ts";
import type { Finding, FindingSighting, Report } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";

/** What the message needs beside the report. */
export interface PushAdvice {
  /** The commit that is checked out; empty when there is none. */
  readonly head: string;
  /** The pushed commits, parents first. A rebase of one without parents begins at the root. */
  readonly commits: ReadonlyMap<string, { readonly isRoot: boolean }>;
}

/** Secrets described one by one; the report of a scan lists all. */
const maxFindings = 20;
/** Places named for one secret. */
const maxPlaces = 5;
/** Problems named one by one. */
const maxProblems = 10;
/** Commits named in what is to be done; who has more of them to mend wants another way. */
const maxCommits = 8;
/** Digits of a commit's id; git takes seven and more. */
const shortLength = 10;
const maxSubject = 60;

/** What a stopped push says: each secret with where it is, and what to do. Lines without line ends; everything scanned is escaped and masked. */
export function* stoppedLines(report: Report, advice: PushAdvice): Iterable<string> {
  yield* stopped(report, "push", (findings) => remedy(findings, advice));
}

/** The same of a commit, which is not made yet. */
export function* stoppedCommitLines(report: Report): Iterable<string> {
  yield* stopped(report, "commit", () => [
    "  Take it out of the file, then: git add <file>, and commit again.",
    "  Was it ever in use? Then revoke it and take a new one.",
    "  Is it no secret? leaktrace review keeps your decision and its reason in .leaktraceignore; then commit again.",
    "  git commit --no-verify skips every check.",
  ]);
}

function* stopped(
  report: Report,
  what: "push" | "commit",
  advise: (findings: readonly Finding[]) => Iterable<string>,
): Iterable<string> {
  const findings = report.findings.filter(({ suppressed }) => suppressed === undefined);
  yield `leaktrace: ${what} stopped: it holds ${findings.length === 1 ? "a secret" : `${findings.length} secrets`}`;
  for (const finding of findings.slice(0, maxFindings)) yield* findingLines(finding);
  if (findings.length > maxFindings) yield `  ... and ${findings.length - maxFindings} more`;
  yield "";
  yield* advise(findings);
  if (report.problems.some(({ effect }) => effect === "incomplete")) {
    yield "";
    yield* incompleteLines(report, what);
  }
}

function* findingLines(finding: Finding): Iterable<string> {
  yield "";
  yield `  ${sanitize(finding.masked === "" ? "(the file itself)" : finding.masked)}  ${sanitize(finding.rule.description || finding.rule.id)} [${sanitize(finding.rule.id)}]`;
  for (const sighting of finding.sightings.slice(0, maxPlaces)) yield `    ${placeText(sighting)}`;
  if (finding.sightings.length > maxPlaces) yield `    ... and ${finding.sightings.length - maxPlaces} more places`;
  if (finding.rule.revoke !== "") yield `    revoke: ${sanitize(finding.rule.revoke)}`;
}

function placeText({ origin, startLine }: FindingSighting): string {
  if (origin.kind !== "git") return origin.kind === "stdin" ? "" : sanitize(origin.path);
  const { commit, objectType } = origin;
  const place =
    objectType === "blob"
      ? // A file that is a secret as a whole has no line.
        `${sanitize(origin.path)}${startLine > 0 ? `:${startLine}` : ""}`
      : objectType === "tree"
        ? `in the name ${sanitize(origin.path)}`
        : `message of this ${objectType}, line ${startLine}`;
  // What is staged lies in no commit.
  if (commit === undefined && (objectType === "blob" || objectType === "tree") && origin.path !== "") return place;
  return commit === undefined
    ? `${place} in ${objectType} ${origin.object.slice(0, shortLength)}`
    : `${place} in commit ${commitText(commit)}`;
}

function commitText({ id, message }: CommitFacts): string {
  const subject = sanitize(message.split("\n", 1)[0] ?? "");
  return `${id.slice(0, shortLength)} "${subject.length > maxSubject ? `${subject.slice(0, maxSubject)}...` : subject}"`;
}

function* remedy(findings: readonly Finding[], { head, commits }: PushAdvice): Iterable<string> {
  const held = new Set<string>();
  let hasTag = false;
  for (const { origin } of findings.flatMap(({ sightings }) => sightings)) {
    if (origin.kind === "git" && origin.commit !== undefined) held.add(origin.commit.id);
    else hasTag = true;
  }
  const ordered = [...commits.keys()].filter((id) => held.has(id));
  const [oldest] = ordered;
  yield "  The commits themselves hold it: deleting it in a later commit does not take it out of the push.";
  if (oldest !== undefined && ordered.length === 1 && oldest === head) {
    yield "  Take it out of your last commit:";
    yield "    edit the file, then: git add -u && git commit --amend";
  } else if (oldest !== undefined) {
    const ids = ordered
      .slice(0, maxCommits)
      .map((id) => id.slice(0, shortLength))
      .join(", ");
    const more = ordered.length > maxCommits ? ` and ${ordered.length - maxCommits} more` : "";
    yield `  Take it out of the ${ordered.length === 1 ? "commit" : "commits"} that brought it in, on the branch that is pushed:`;
    yield `    git rebase -i --rebase-merges ${commits.get(oldest)?.isRoot === true ? "--root" : `${oldest.slice(0, shortLength)}^`}`;
    yield `    there write edit instead of pick for ${ids}${more}; at each stop edit the file, then:`;
    yield "    git add -u && git commit --amend && git rebase --continue";
  }
  if (hasTag) yield "  For a tag: git tag -d <tag>, and make it again without the secret.";
  yield "  Was it ever in use? Then revoke it and take a new one, whether it is pushed or not.";
  yield "  Is it no secret? leaktrace review keeps your decision and its reason in .leaktraceignore; then push again.";
  yield "  git push --no-verify skips every check: whoever can read the remote can read the secret then.";
}

/** What a push or a commit says of which not everything could be read. */
export function* incompleteLines(report: Report, what: "push" | "commit" = "push"): Iterable<string> {
  const problems = report.problems.filter(({ effect }) => effect === "incomplete");
  yield `leaktrace: ${what} stopped: not everything in it could be checked`;
  for (const { subject, message, code } of problems.slice(0, maxProblems))
    yield `  ${sanitize(subject)}: ${sanitize(message)} [${code}]`;
  if (problems.length > maxProblems) yield `  ... and ${problems.length - maxProblems} more`;
  yield "";
  const codes = new Set(problems.map(({ code }) => code));
  if (codes.has("shallow")) yield "  git fetch --unshallow brings the missing history.";
  if (codes.has("partial")) yield "  git fetch --refetch --no-filter brings the missing objects.";
  if (codes.has("object-missing") || codes.has("object-corrupt") || codes.has("pack-corrupt"))
    yield "  git fsck tells more of what is missing or damaged.";
  yield `  git ${what} --no-verify goes on without any check.`;
}
