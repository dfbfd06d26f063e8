import { endText, lifetimes, removalWords, stepText } from "../findings/index.ts";
import type { GitOrigin, ImageOrigin } from "../model/content.ts";
import type { Finding } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { clip, fit, wrap } from "./fit.ts";
import { selectedFinding, type ReviewState } from "./state.ts";
import { line, span, type StyledLine, type Tone } from "./styled.ts";

/** Of a secret in very many places the story tells this many. */
const maxPlaces = 500;
const maxEvents = 200;

/** Images whose story is told, the steps of each, and how much of an instruction: all of them can be many. */
const maxLifetimes = 20;
const maxSteps = 50;
const maxInstruction = 300;

/** Findings in one grid, columns of it, and findings that are looked through for it. */
const maxGridRows = 30;
const maxLayers = 40;
const maxAsked = 5000;

const indent = 4;

/** What became of a secret from its first commit to refs, images and its removal, and the layers of its images beside other secrets in them. */
export function storyLines(state: ReviewState, width: number): readonly StyledLine[] {
  const finding = selectedFinding(state);
  if (finding === undefined) return [];
  return [...timeline(finding, width), ...gridLines(state, finding, width), ...lifeLines(finding, width)];
}

interface Event {
  /** ISO 8601; empty where nobody knows. */
  readonly date: string;
  readonly text: string;
  readonly tone: Tone;
}

function timeline({ sightings }: Finding, width: number): readonly StyledLine[] {
  const events = new Map<string, Event>();
  const put = (event: Event): void => void events.set(`${event.date} ${event.text}`, event);
  for (const { origin } of sightings.slice(0, maxPlaces)) {
    if (origin.kind === "git") for (const event of gitEvents(origin)) put(event);
    if (origin.kind === "image") for (const event of imageEvents(origin)) put(event);
    if (origin.kind === "file") put({ date: "", text: `in the file ${origin.path}`, tone: "alert" });
  }
  const sorted = [...events.values()].sort((a, b) => compare(a.date || "~", b.date || "~") || compare(a.text, b.text));
  return [
    line(span("From its first commit on", "strong")),
    ...sorted.slice(0, maxEvents).flatMap(({ date, text, tone }) => {
      const day = (date === "" ? "now" : date.slice(0, 16).replace("T", " ")).padEnd(16);
      return wrap(sanitize(text), width - day.length - 2).map((part, index) =>
        line(span(`${index === 0 ? day : " ".repeat(day.length)}  `, "dim"), span(part, tone)),
      );
    }),
    ...(sorted.length > maxEvents ? [line(span(`and ${sorted.length - maxEvents} more`, "dim"))] : []),
    line(),
  ];
}

function* gitEvents({ commit, removedBy, path, repository, inHead, refs, reachedBy }: GitOrigin): Iterable<Event> {
  if (commit !== undefined) {
    const message = commit.message.slice(0, maxInstruction).trimStart().split("\n", 1)[0] ?? "";
    const text = `comes in: ${commit.id.slice(0, 12)} ${commit.author} <${commit.email}> ${message} (${path}, ${repository})`;
    yield { date: commit.date, text, tone: "strong" };
  }
  if (removedBy !== undefined) {
    const { id, author, email, date } = removedBy;
    yield { date, text: `taken out: ${id.slice(0, 12)} ${author} <${email}> (${path})`, tone: "good" };
  }
  const where = refs.length === 0 ? "no ref reaches it" : `reached by ${refs.slice(0, 12).join(", ")}`;
  const ways = reachedBy === undefined || reachedBy.length === 0 ? "" : `; ways: ${reachedBy.join(", ")}`;
  yield {
    date: "",
    text: `${inHead ? "in HEAD" : "not in HEAD"}, ${where}${ways} (${path}, ${repository})`,
    tone: inHead ? "alert" : "plain",
  };
}

function* imageEvents({ image, path, deleted, removal, layer, deletedBy, committed }: ImageOrigin): Iterable<Event> {
  const from = layer === undefined ? "in its configuration" : `layer ${layer.index}`;
  const end = !deleted
    ? "a container sees it"
    : `${removalWords(removal)}${deletedBy === undefined ? "" : ` in layer ${deletedBy.index}`}, still extractable`;
  yield { date: "", text: `image ${image}: ${path}, ${from}; ${end}`, tone: deleted ? "plain" : "alert" };
  if (committed !== undefined)
    yield {
      date: committed.commit.date,
      text: `committed as ${committed.path} in ${committed.repository}: ${committed.commit.id.slice(0, 12)} ${committed.commit.author}`,
      tone: "plain",
    };
}

/** Secrets of the image by its layers: `#` there, `x` taken away, `.` under that still extractable. */
function gridLines(state: ReviewState, finding: Finding, width: number): readonly StyledLine[] {
  const image = finding.sightings.find(({ origin }) => origin.kind === "image")?.origin;
  if (image?.kind !== "image") return [];
  const others = state.list.shown.slice(0, maxAsked).flatMap((fingerprint) => {
    const one = fingerprint === finding.fingerprint ? undefined : state.findings.get(fingerprint);
    return one === undefined ? [] : [one];
  });
  const inLayers: { readonly finding: Finding; readonly stays: readonly Stay[] }[] = [];
  for (const one of [finding, ...others]) {
    const stays = staysIn(one, image.digest);
    if (stays.length > 0) inLayers.push({ finding: one, stays });
    if (inLayers.length === maxGridRows) break;
  }
  if (inLayers.length === 0) return [];
  const last = Math.max(...inLayers.flatMap(({ stays }) => stays.map(({ from, end }) => end ?? from)));
  const layers = Array.from({ length: Math.min(maxLayers, last + 1) }, (_, index) => index);
  const rows = inLayers.map((row) => ({ ...row, cells: layers.map((layer) => cellAt(row.stays, layer)) }));
  const nameWidth = Math.max(12, width - layers.length * 2 - 2);
  const numbers = (digit: (layer: number) => number): string => layers.map((layer) => ` ${digit(layer)}`).join("");
  return [
    line(span(clip(`Layers of ${sanitize(image.image)}`, width), "strong")),
    ...(layers.length > 10 ? [line(span(fit("", nameWidth) + numbers((layer) => Math.floor(layer / 10)), "dim"))] : []),
    line(span(fit("secret, layer", nameWidth) + numbers((layer) => layer % 10), "dim")),
    ...rows.map(({ finding: one, cells }) => {
      const name = `${one === finding ? ">" : " "} ${sanitize(one.rule.id)} ${sanitize(one.masked)}`;
      return line(
        span(fit(name, nameWidth), one === finding ? "strong" : "plain"),
        span(cells.map((cell) => ` ${cell}`).join(""), one === finding ? "alert" : "plain"),
      );
    }),
    ...wrap("# a container of this layer sees it   x taken away   . gone for containers, still extractable", width).map(
      (text) => line(span(text, "dim")),
    ),
    line(),
  ];
}

/** From which layer on an image has a secret at one place, and which takes it away. */
interface Stay {
  readonly from: number;
  readonly end?: number;
}

function staysIn({ sightings }: Finding, digest: string): readonly Stay[] {
  return sightings.slice(0, maxPlaces).flatMap(({ origin }): readonly Stay[] => {
    if (origin.kind !== "image" || origin.digest !== digest) return [];
    // What stands in the configuration is in no layer.
    if (origin.part !== "file" || origin.layer === undefined) return [];
    const { layer, deletedBy } = origin;
    return [{ from: layer.index, ...(deletedBy === undefined ? {} : { end: deletedBy.index }) }];
  });
}

/** What a secret is in a layer: of several places the one that is most alive speaks. */
function cellAt(stays: readonly Stay[], layer: number): string {
  const begun = stays.filter(({ from }) => from <= layer);
  if (begun.length === 0) return " ";
  if (begun.some(({ end }) => end === undefined || end > layer)) return "#";
  return begun.some(({ end }) => end === layer) ? "x" : ".";
}

/** What became of it in images, layer by layer, and how to see it with one's own eyes. */
export function lifeLines(finding: Finding, width: number): readonly StyledLine[] {
  return lifetimes(finding)
    .slice(0, maxLifetimes)
    .flatMap((life) => {
      const platform = life.platform === "" ? "" : ` (${sanitize(life.platform)})`;
      const proof = life.proof === undefined ? [] : wrap(sanitize(life.proof), width - indent);
      return [
        line(),
        ...wrap(`in ${sanitize(life.image)}${platform}: ${endText(life)}`, width).map((text) =>
          line(span(text, "strong")),
        ),
        ...life.steps.slice(0, maxSteps).flatMap((step) => {
          const instruction = sanitize(step.layer?.createdBy.slice(0, maxInstruction) ?? "");
          const text = `${sanitize(stepText(step))}${instruction === "" ? "" : `: ${instruction}`}`;
          return wrap(text, width - indent).map((part) => line(span(" ".repeat(indent)), span(part, "plain")));
        }),
        ...proof.map((part) => line(span(" ".repeat(indent)), span(part, "dim"))),
        ...wrap(`leaktrace fix ${sanitize(life.image)} . says how to take it out of the build`, width - indent).map(
          (part) => line(span(" ".repeat(indent)), span(part, "dim")),
        ),
      ];
    });
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
