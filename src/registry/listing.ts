import { asArray, asRecord, parseJson } from "../content/json.ts";
import { descriptorsIn, type Descriptor } from "../content/descriptor.ts";
import type { Answer } from "./answer.ts";
import { readDocument } from "./document.ts";
import { refused, RegistryFailure } from "./failure.ts";
import { nextLink } from "./link.ts";
import type { Ask } from "./places.ts";
import { isTag } from "./reference.ts";

/** A page of names or descriptors. */
const maxPageBytes = 16 << 20;
const pageSize = 1000;
/** A registry that pages without end is stopped. */
const maxPages = 200;
/** Documents for which it is asked what refers to them, each by a question of its own: those of some hundred tags. */
const maxAsked = 2000;
/** Where tags are not listed, those that would be there are asked for, four of each document. */
const maxAskedByTag = 16;
/** Answers of registries that do not know what "referrers" are. */
const unknownQuestion: ReadonlySet<number> = new Set([400, 404, 405, 501]);

/** What of a list could not be had; one line without text of the registry. */
export type ReportGap = (message: string) => void;

/** All tags of a repository, sorted; pages are followed as the registry links them. Throws RegistryFailure. */
export async function listTags(ask: Ask, gap: ReportGap): Promise<string[]> {
  const tags = new Set<string>();
  let bad = 0;
  const first = `tags/list?n=${pageSize}`;
  let pages = 0;
  for await (const { answer, bytes } of pagesFrom(ask, first, "application/json", gap, { pages: maxPages })) {
    pages++;
    if (answer.status !== 200 && pages > 1) gap(`its tags have a further page that is not given (${answer.status})`);
    else if (answer.status !== 200)
      throw refused(answer.status, {
        missing: "the registry holds no such repository",
        denied: "the registry does not list its tags",
        other: "the registry does not list its tags",
      });
    const document = asRecord(bytes === undefined ? undefined : parseJson(bytes));
    if (document === undefined && answer.status === 200) gap("a page of its tags cannot be read");
    for (const tag of asArray(document?.["tags"])) {
      // Nothing else may become part of an address.
      if (typeof tag === "string" && isTag(tag)) tags.add(tag);
      else bad++;
    }
  }
  if (bad > 0) gap(`${bad} of its tags are no names of tags: they were not fetched`);
  return [...tags].sort();
}

/**
 * Manifests that refer to some others: signatures, attestations, bills of material (OCI distribution specification, "Listing Referrers"; where a registry
 * does not know that, the tags that stand for it, and those that cosign makes). `readTag` gives what a tag stands for, undefined where there is none.
 */
export async function referrersOf(
  ask: Ask,
  digests: readonly string[],
  readTag: (tag: string) => Promise<Descriptor | undefined>,
  gap: ReportGap,
): Promise<Descriptor[]> {
  const all = [...new Set(digests)];
  const found = new Map<string, Descriptor>();
  // Each has a page, and all together no more further ones than a list may have.
  const budget = { pages: Math.min(all.length, maxAsked) + maxPages };
  for (const digest of all.slice(0, maxAsked)) {
    if (budget.pages <= 0) {
      gap("what refers to more of its documents was not asked");
      break;
    }
    try {
      for await (const { answer, bytes } of pagesFrom(ask, `referrers/${digest}`, indexType, gap, budget)) {
        if (unknownQuestion.has(answer.status)) {
          // The same for all of them.
          for (const one of await taggedReferrers(ask, all, readTag, gap)) found.set(one.digest, one);
          return [...found.values()];
        }
        if (answer.status !== 200 || bytes === undefined) gap("the registry does not tell what refers to an image");
        else for (const one of descriptorsIn(bytes).manifests) found.set(one.digest, one);
      }
    } catch (error) {
      // The image itself is there: it is scanned without them, and is not asked about any more.
      gap(`what refers to an image cannot be had: ${reasonOf(error)}`);
      break;
    }
  }
  if (all.length > maxAsked) gap(`what refers to ${all.length - maxAsked} more of its documents was not asked`);
  return [...found.values()];
}

const indexType = "application/vnd.oci.image.index.v1+json";

/** The pages of a list, as far as they are answered with 200. An answer that breaks off has no bytes. `budget`: pages that are left to be asked for. */
async function* pagesFrom(
  ask: Ask,
  first: string,
  accept: string,
  gap: ReportGap,
  budget: { pages: number },
): AsyncGenerator<{ answer: Answer; bytes: Buffer | undefined }, void> {
  let below: string | undefined = first;
  const asked = new Set<string>();
  while (below !== undefined) {
    if (below === elsewhere || asked.has(below))
      return gap("a list of the registry has a further page that is none of the list: it was not read");
    asked.add(below);
    if (budget.pages-- <= 0)
      return gap(`lists of the registry have more than ${maxPages} further pages: the others were not read`);
    let answer: Answer;
    try {
      answer = await ask("GET", below, { accept });
    } catch (error) {
      if (below === first) throw error;
      return gap(`a list of the registry has further pages that cannot be had: ${reasonOf(error)}`);
    }
    if (answer.status !== 200) {
      await answer.discard();
      yield { answer, bytes: undefined };
      return;
    }
    yield { answer, bytes: await readDocument(answer, maxPageBytes).catch(() => undefined) };
    below = nextPage(answer.header("link"), below);
  }
}

async function taggedReferrers(
  ask: Ask,
  digests: readonly string[],
  readTag: (tag: string) => Promise<Descriptor | undefined>,
  gap: ReportGap,
): Promise<Descriptor[]> {
  const prefixes = new Set(digests.map((digest) => digest.replace(":", "-")));
  const isOne = (tag: string): boolean => prefixes.has(tag.replace(/\.(?:sig|att|sbom)$/, ""));
  const found: Descriptor[] = [];
  for (const tag of (await namedTags(ask, gap))?.filter(isOne) ?? likelyTags([...prefixes], gap)) {
    try {
      const one = await readTag(tag);
      if (one !== undefined) found.push(one);
    } catch (error) {
      gap(`what refers to an image cannot be had: ${reasonOf(error)}`);
    }
  }
  return found;
}

/** Undefined where the registry does not list them. */
async function namedTags(ask: Ask, gap: ReportGap): Promise<readonly string[] | undefined> {
  try {
    return await listTags(ask, gap);
  } catch (error) {
    reasonOf(error);
    return undefined;
  }
}

/** What keeps something from being had that can be done without; throws what ends the run. */
function reasonOf(error: unknown): string {
  if (!(error instanceof RegistryFailure) || error.reason === "interrupted") throw error;
  return error.message;
}

function likelyTags(prefixes: readonly string[], gap: ReportGap): readonly string[] {
  if (prefixes.length > maxAskedByTag)
    gap(
      `the registry does not list its tags: what refers to ${prefixes.length - maxAskedByTag} documents was not asked`,
    );
  return prefixes.slice(0, maxAskedByTag).flatMap((tag) => [tag, `${tag}.sig`, `${tag}.att`, `${tag}.sbom`]);
}

/** The next page, within the same list; `elsewhere` where it would be none of this list. */
function nextPage(link: string | undefined, current: string): string | undefined {
  const target = nextLink(link ?? "");
  const [path = ""] = current.split("?");
  const here = `http://registry.invalid/v2/x/${current}`;
  if (target === undefined) return undefined;
  if (!URL.canParse(target, here)) return elsewhere;
  const next = new URL(target, here);
  return next.pathname.startsWith("/v2/") && next.pathname.endsWith(`/${path}`) ? path + next.search : elsewhere;
}

/** No address. */
const elsewhere = "\0";
