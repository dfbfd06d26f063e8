import type { ContentId } from "../model/content.ts";
import type { ContentHit, Publication } from "../model/detection.ts";
import { severities, type Severity } from "../model/rule.ts";

/** Which packages have which contents as they are: of several the one that says most. */
export class PublishedContents {
  readonly #of = new Map<ContentId, Publication>();

  /** Returns whether something new was told. */
  add({ content, publishedIn }: ContentHit): boolean {
    if (publishedIn === undefined) return false;
    const before = this.#of.get(content);
    if (before !== undefined && rank(before) <= rank(publishedIn)) return false;
    this.#of.set(content, publishedIn);
    return true;
  }

  of(content: ContentId): Publication | undefined {
    return this.#of.get(content);
  }
}

function rank({ by, name }: Publication): string {
  return `${by === "distribution" ? 0 : 1}${name}`;
}

/** What is told of a file that is as a package has it. */
export function publishedFact({ name, by }: Publication): string {
  return by === "distribution" ? `the file is as package ${name} has it` : `the file is as the wheel ${name} has it`;
}

/**
 * The severity of a secret by what has the contents that it is in; undefined where one is nobody's package. What everybody can download is nobody's secret; what came in
 * a wheel may come from an index of few. Both are told.
 */
export function severityOf(own: Severity, by: ReadonlySet<Publication["by"] | undefined>): Severity {
  if (by.has(undefined)) return own;
  if (!by.has("author")) return "info";
  return severities.indexOf(own) > severities.indexOf("low") ? own : "low";
}
