import { memberPath, type GitOrigin, type ImageOrigin, type LayerFacts, type Origin } from "../model/content.ts";
import { gitPart } from "../model/git-part.ts";
import { removalWords } from "../findings/index.ts";
import { carriersAt, carrierText } from "../model/carrier.ts";
import type { FindingSighting } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { structureText } from "../model/structure-text.ts";
import type { Tone } from "./styled.ts";

/** Of a commit message or an instruction this much is looked at: both can be megabytes. In UTF-16 units. */
const maxProseLength = 300;

/** Rows of a match that spans lines (a private key); the first ones tell what it is. */
const maxExcerptLines = 4;

export interface PlaceLine {
  readonly text: string;
  readonly tone: Tone;
}

/** One place of a secret in rows: where, who and when, whether it can still be reached, and the masked line. Sanitised, not yet wrapped. */
export function placeLines(sighting: FindingSighting): readonly PlaceLine[] {
  const { origin } = sighting;
  const structure = structureText(sighting);
  return [
    { text: placeTitle(sighting), tone: "strong" },
    ...originLines(origin, sighting.startLine),
    ...excerpt(sighting.maskedLine),
    ...(structure === "" ? [] : [{ text: structure, tone: "plain" } as const]),
  ];
}

/** `path:line:column`, as editors and people write it. */
export function placeTitle(sighting: FindingSighting): string {
  const { origin } = sighting;
  const at = `${sighting.startLine}:${sighting.startColumn}`;
  const inside = sanitize(memberPath(origin));
  if (origin.kind === "stdin") return `standard input${inside}:${at}`;
  const { path } = origin;
  const part = origin.kind === "git" ? gitPart(origin, sighting.startLine) : "";
  const told = part === "" ? "" : ` (${sanitize(part)})`;
  if (origin.kind === "git" && origin.objectType === "tree") return `${sanitize(path)}${told}`;
  if (path !== "") return `${sanitize(path)}${inside}:${at}${told}`;
  if (origin.kind === "git")
    return `${origin.objectType} ${sanitize(origin.object.slice(0, 12))}${inside}:${at}${told}`;
  return at;
}

function originLines(origin: Origin, line: number): readonly PlaceLine[] {
  switch (origin.kind) {
    case "git":
      return gitLines(origin);
    case "image":
      return imageLines(origin);
    case "file":
      return carriersAt(origin.carried ?? [], line).map((carrier) => ({
        text: sanitize(carrierText(carrier)),
        tone: carrier.stage === undefined ? "alert" : "plain",
      }));
    case "stdin":
      return [];
  }
}

function gitLines(origin: GitOrigin): readonly PlaceLine[] {
  const lines: PlaceLine[] = [{ text: `repository ${sanitize(origin.repository)}`, tone: "plain" }];
  const { commit } = origin;
  if (commit === undefined) {
    const what = origin.objectType === "file" ? "a file" : `${origin.objectType} ${sanitize(origin.object)}`;
    lines.push({
      text: `no commit holds it: ${what}`,
      tone: "plain",
    });
  } else {
    lines.push({
      text: `commit ${sanitize(commit.id.slice(0, 12))} ${sanitize(commit.date)} ${sanitize(commit.author)} <${sanitize(commit.email)}>`,
      tone: "plain",
    });
    lines.push({ text: firstLine(commit.message), tone: "dim" });
  }
  if (origin.removedBy !== undefined) {
    const { id, date, author, email } = origin.removedBy;
    lines.push({
      text: `removed in ${sanitize(id.slice(0, 12))} ${sanitize(date)} ${sanitize(author)} <${sanitize(email)}>`,
      tone: "plain",
    });
  }
  if (origin.otherPaths !== undefined)
    lines.push({ text: `also as ${sanitize(origin.otherPaths.slice(0, 8).join(", "))}`, tone: "plain" });
  if (origin.reachedBy !== undefined) lines.push({ text: `ways to it: ${origin.reachedBy.join(", ")}`, tone: "plain" });
  if (origin.objectType === "file" && commit === undefined) return lines;
  const refs =
    origin.refs.length === 0
      ? "no ref reaches it; it stays until git collects garbage"
      : `reached by ${sanitize(origin.refs.slice(0, 8).join(", "))}${origin.refs.length > 8 ? ` and ${origin.refs.length - 8} more` : ""}`;
  lines.push({
    text: `${origin.inHead ? "still in HEAD" : "not in HEAD any more"}; ${refs}`,
    tone: origin.inHead ? "alert" : "plain",
  });
  return lines;
}

function imageLines(origin: ImageOrigin): readonly PlaceLine[] {
  const platform = origin.platform === "" ? "" : ` ${sanitize(origin.platform)}`;
  const lines: PlaceLine[] = [
    {
      text: `image ${sanitize(origin.image)} ${shortDigest(origin.digest)}${platform}`,
      tone: "plain",
    },
  ];
  if (origin.part === "config")
    lines.push({
      text: "in the image's configuration: everyone who pulls it can read it",
      tone: "alert",
    });
  if (origin.layer !== undefined) lines.push({ text: layerText(origin.layer), tone: "plain" });
  if (origin.deleted) {
    const by = origin.deletedBy === undefined ? "by a later layer" : `by ${layerText(origin.deletedBy)}`;
    lines.push({ text: `${removalWords(origin.removal)} ${by}; still in the image`, tone: "alert" });
  }
  if (origin.linkTo !== undefined) lines.push({ text: `a hard link to ${sanitize(origin.linkTo)}`, tone: "plain" });
  if (origin.committed !== undefined) {
    const { repository, path, commit, isSameFile, isEarlier } = origin.committed;
    const scan = isEarlier === true ? ", as an earlier scan saw it" : "";
    lines.push({
      text: `${isSameFile ? "the same file" : "the same secret"} in ${sanitize(`${repository} ${path}`)} since commit ${sanitize(commit.id.slice(0, 12))} ${sanitize(commit.date)} ${sanitize(commit.author)} <${sanitize(commit.email)}>${scan}`,
      tone: "plain",
    });
  }
  return lines;
}

function layerText(layer: LayerFacts): string {
  const instruction = firstLine(layer.createdBy);
  const { owner } = layer;
  const whose = owner === undefined ? "" : owner.part === "base" ? " (also a layer of " : " (above the base ";
  return `layer ${layer.index} ${shortDigest(layer.digest)}${instruction === "" ? "" : ` ${instruction}`}${owner === undefined ? "" : `${whose}${sanitize(owner.image)})`}`;
}

function shortDigest(digest: string): string {
  const colon = digest.indexOf(":");
  return sanitize(digest.slice(0, colon + 13));
}

function firstLine(text: string): string {
  return sanitize(text.slice(0, maxProseLength).trimStart().split("\n", 1)[0]?.trimEnd() ?? "");
}

function excerpt(maskedLine: string): readonly PlaceLine[] {
  const lines = maskedLine.replace(/\r?\n$/, "").split(/\r?\n/, maxExcerptLines + 1);
  // Tabs indent most of what is scanned; two cells say the same as `\t` and read better.
  const shown = lines.slice(0, maxExcerptLines).map((text): PlaceLine => ({
    text: `│ ${sanitize(text.replaceAll("\t", "  "))}`,
    tone: "plain",
  }));
  return lines.length > maxExcerptLines ? [...shown, { text: "│ …", tone: "dim" }] : shown;
}
