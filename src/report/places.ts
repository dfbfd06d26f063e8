import type { GitOrigin, ImageOrigin, LayerFacts } from "../model/content.ts";
import type { FindingSighting } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";

/** Hex digits of a commit id or digest shown to people. */
const shortLength = 12;

/** Refs named for one place; a commit can be reached from thousands. */
const maxRefs = 3;

/** An instruction is shown up to here: its beginning tells which one it is. */
const maxInstruction = 160;

/** A place for people: one line that says where, then lines of detail. Escaped. */
export function placeLines(sighting: FindingSighting): [string, ...string[]] {
  const { origin } = sighting;
  const at = sighting.startLine < 1 ? "" : `:${sighting.startLine}:${sighting.startColumn}`;
  switch (origin.kind) {
    case "stdin":
      return [`standard input${at}`];
    case "file":
      return [`${sanitize(origin.path)}${at}`];
    case "git":
      return gitLines(origin, at);
    case "image":
      return imageLines(origin, at);
  }
}

function gitLines(origin: GitOrigin, at: string): [string, ...string[]] {
  const { commit } = origin;
  const object = origin.object.slice(0, shortLength);
  const what = origin.path !== "" ? `${sanitize(origin.path)}${at}` : `${origin.objectType} ${object}${at}`;
  const repository = origin.repository === "" || origin.repository === "." ? "" : `${sanitize(origin.repository)}: `;
  const head = `${repository}${what}`;
  if (commit === undefined) {
    return [head, origin.objectType === "blob" ? `object ${object}, in no commit` : reach(origin)];
  }
  const author = sanitize(commit.email === "" ? commit.author : `${commit.author} <${commit.email}>`);
  return [head, `commit ${commit.id.slice(0, shortLength)} · ${commit.date.slice(0, 10)} · ${author}`, reach(origin)];
}

function reach(origin: GitOrigin): string {
  const refs = origin.refs.slice(0, maxRefs).map(sanitize).join(", ");
  const more = origin.refs.length > maxRefs ? ` and ${origin.refs.length - maxRefs} more` : "";
  if (origin.refs.length === 0) return "reached from no branch or tag, still in the repository";
  return `${origin.inHead ? "in HEAD" : "not in HEAD, still in history"} · ${refs}${more}`;
}

function imageLines(origin: ImageOrigin, at: string): [string, ...string[]] {
  const platform = origin.platform === "" ? "" : ` (${sanitize(origin.platform)})`;
  const lines: string[] = [];
  if (origin.layer !== undefined) lines.push(layerText(origin.layer));
  if (origin.deleted) {
    const by = origin.deletedBy === undefined ? "by a later layer" : `in layer ${origin.deletedBy.index}`;
    lines.push(`deleted ${by}, still in the image`);
  }
  return [`${sanitize(origin.image)}${platform}: ${sanitize(origin.path)}${at}`, ...lines];
}

function layerText(layer: LayerFacts): string {
  const digest = sanitize(layer.digest === "" ? layer.diffId : layer.digest).replace(
    /^(sha256:[0-9a-f]{12})[0-9a-f]*$/,
    "$1",
  );
  const created = sanitize(layer.createdBy);
  const instruction = created.length > maxInstruction ? `${created.slice(0, maxInstruction)}…` : created;
  return [`layer ${layer.index}`, digest, instruction].filter((part) => part !== "").join(" · ");
}
