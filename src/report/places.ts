import {
  memberPath,
  originPath,
  type CommitMark,
  type CommittedFile,
  type GitOrigin,
  type ImageOrigin,
  type LayerFacts,
  type LayerOwner,
} from "../model/content.ts";
import { carriersAt, carrierText } from "../model/carrier.ts";
import type { FindingSighting } from "../model/finding.ts";
import { removalWords } from "../findings/index.ts";
import { gitPart } from "../model/git-part.ts";
import { sanitize } from "../model/sanitize.ts";
import { structureText } from "../model/structure-text.ts";

/** Hex digits of a commit id or digest shown to people. */
const shortLength = 12;

/** Refs and paths named for one place; a commit can be reached from thousands. */
const maxRefs = 3;

/** An instruction is shown up to here: its beginning tells which one it is. */
const maxInstruction = 160;

/** A place for people: one line that says where, then lines of detail. Escaped. The repository `known` need not be named. */
export function placeLines(sighting: FindingSighting, known = ""): [string, ...string[]] {
  const [head, ...details] = originLines(sighting, known);
  const structure = structureText(sighting);
  return structure === "" ? [head, ...details] : [head, structure, ...details];
}

function originLines(sighting: FindingSighting, known: string): [string, ...string[]] {
  const { origin } = sighting;
  const at = sighting.startLine < 1 ? "" : `:${sighting.startLine}:${sighting.startColumn}`;
  switch (origin.kind) {
    case "stdin":
      return [`standard input${sanitize(memberPath(origin))}${at}`];
    case "file":
      return [
        `${sanitize(originPath(origin))}${at}`,
        ...carriersAt(origin.carried ?? [], sighting.startLine).map((carrier) => sanitize(carrierText(carrier))),
      ];
    case "git":
      return gitLines(origin, at, sighting.startLine, known);
    case "image":
      return imageLines(origin, at);
  }
}

function gitLines(origin: GitOrigin, at: string, line: number, known: string): [string, ...string[]] {
  const { commit } = origin;
  const object = origin.object.slice(0, shortLength);
  const part = gitPart(origin, line);
  const spot = origin.objectType === "tree" ? "" : at;
  const content = origin.path !== "" ? sanitize(origin.path) : `${origin.objectType} ${object}`;
  const what = `${content}${sanitize(memberPath(origin))}${spot}`;
  const repository = ["", ".", known].includes(origin.repository) ? "" : `${sanitize(origin.repository)}: `;
  const head = `${repository}${what}${part === "" ? "" : ` (${sanitize(part)})`}`;
  const details: string[] = [];
  if (commit !== undefined) details.push(`commit ${markText(commit)}`);
  if (origin.removedBy !== undefined) details.push(`removed in ${markText(origin.removedBy)}`);
  if (origin.otherPaths !== undefined) details.push(`also as ${listText(origin.otherPaths)}`);
  const isLoose = commit === undefined && origin.objectType === "blob";
  if (isLoose) details.push(`object ${object}, in no commit${by(origin)}`);
  else details.push(reach(origin));
  return [head, ...details];
}

function markText(commit: CommitMark): string {
  const author = sanitize(commit.email === "" ? commit.author : `${commit.author} <${commit.email}>`);
  return `${commit.id.slice(0, shortLength)} · ${commit.date.slice(0, 10)} · ${author}`;
}

function reach(origin: GitOrigin): string {
  if (origin.objectType === "file" && origin.commit === undefined) return `a file, in no commit${by(origin)}`;
  if (origin.refs.length === 0) return `reached from no branch or tag, still in the repository${by(origin)}`;
  const head = origin.inHead ? "in HEAD" : "not in HEAD, still in history";
  return `${head} · ${listText(origin.refs)}${by(origin)}`;
}

/** The ways by which it is reached. */
function by({ reachedBy }: GitOrigin): string {
  return reachedBy === undefined ? "" : ` · by ${reachedBy.join(", ")}`.replace("by unreachable", "unreachable");
}

function listText(names: readonly string[]): string {
  const more = names.length > maxRefs ? ` and ${names.length - maxRefs} more` : "";
  return `${names.slice(0, maxRefs).map(sanitize).join(", ")}${more}`;
}

function imageLines(origin: ImageOrigin, at: string): [string, ...string[]] {
  const platform = origin.platform === "" ? "" : ` (${sanitize(origin.platform)})`;
  const lines: string[] = [];
  if (origin.layer !== undefined) lines.push(layerText(origin.layer));
  if (origin.linkTo !== undefined) lines.push(`a hard link to ${sanitize(origin.linkTo)}`);
  if (origin.deleted) {
    const by = origin.deletedBy === undefined ? "by a later layer" : `in layer ${origin.deletedBy.index}`;
    lines.push(`${removalWords(origin.removal)} ${by}, still in the image`);
  }
  if (origin.committed !== undefined) lines.push(committedText(origin.committed));
  return [`${sanitize(origin.image)}${platform}: ${sanitize(originPath(origin))}${at}`, ...lines];
}

function committedText({ repository, path, commit, isSameFile, isEarlier }: CommittedFile): string {
  const file = sanitize([repository, path].filter((part) => part !== "").join(": "));
  const what = isSameFile ? "the same file" : "the same secret";
  return `${what} ${isEarlier === true ? "was" : "is"} in ${file} since ${markText(commit)}${isEarlier === true ? " (an earlier scan)" : ""}`;
}

function ownerText({ part, image }: LayerOwner): string {
  return part === "base" ? `also a layer of ${sanitize(image)}` : `above the base ${sanitize(image)}`;
}

function layerText(layer: LayerFacts): string {
  const digest = sanitize(layer.digest === "" ? layer.diffId : layer.digest).replace(
    /^(sha256:[0-9a-f]{12})[0-9a-f]*$/,
    "$1",
  );
  const created = sanitize(layer.createdBy);
  const instruction = created.length > maxInstruction ? `${created.slice(0, maxInstruction)}…` : created;
  const owner = layer.owner === undefined ? "" : ownerText(layer.owner);
  return [`layer ${layer.index}`, digest, instruction, owner].filter((part) => part !== "").join(" · ");
}
