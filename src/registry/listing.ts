import { asRecord, asTexts, parseJson } from "../content/json.ts";
import type { RegistryClient } from "./client.ts";
import { descriptorsIn, type Descriptor } from "../content/descriptor.ts";
import { refused, RegistryFailure } from "./failure.ts";
import { isTag } from "./reference.ts";
import { readWhole } from "../content/read-whole.ts";

/** A page of names or descriptors. */
const maxPageBytes = 16 << 20;
const pageSize = 1000;
/** A registry that pages without end is stopped. */
const maxPages = 200;
/** Documents for which it is asked what refers to them: those of one image and its platforms. */
const maxAsked = 64;

/** All tags of a repository, sorted; pages are followed as the registry links them. Throws RegistryFailure. */
export async function listTags(client: RegistryClient, repository: string): Promise<string[]> {
  const tags = new Set<string>();
  let path: string | undefined = `/v2/${repository}/tags/list?n=${pageSize}`;
  for (let page = 0; path !== undefined && page < maxPages; page++) {
    const answer = await client.ask("GET", path, { accept: "application/json" });
    if (answer.status !== 200) {
      await answer.discard();
      throw refused(answer.status, {
        missing: "the registry holds no such repository",
        denied: "the registry does not list its tags",
        other: "the registry does not list its tags",
      });
    }
    for (const tag of tagsIn(await readWhole(answer.body, maxPageBytes))) tags.add(tag);
    path = nextPage(answer.header("link"), path);
  }
  return [...tags].sort();
}

/**
 * Manifests that refer to some others: signatures, attestations, bills of material (OCI distribution specification, "Listing Referrers"; where a registry
 * does not know that, the tags that stand for it, and those that cosign makes). Empty where a registry does not tell.
 */
export async function referrersOf(
  client: RegistryClient,
  repository: string,
  digests: readonly string[],
  readTag: (tag: string) => Promise<Descriptor>,
): Promise<Descriptor[]> {
  const asked = [...new Set(digests)].slice(0, maxAsked);
  const found = new Map<string, Descriptor>();
  for (const digest of asked) {
    const answer = await client.ask("GET", `/v2/${repository}/referrers/${digest}`, {
      accept: "application/vnd.oci.image.index.v1+json",
    });
    if (answer.status !== 200) {
      await answer.discard();
      // It does not know the question: the same for all of them.
      for (const one of await taggedReferrers(client, repository, asked, readTag)) found.set(one.digest, one);
      break;
    }
    for (const one of descriptorsIn(await readWhole(answer.body, maxPageBytes)).manifests) found.set(one.digest, one);
  }
  return [...found.values()];
}

async function taggedReferrers(
  client: RegistryClient,
  repository: string,
  digests: readonly string[],
  readTag: (tag: string) => Promise<Descriptor>,
): Promise<Descriptor[]> {
  const prefixes = new Set(digests.map((digest) => digest.replace(":", "-")));
  const isOne = (tag: string): boolean => prefixes.has(tag.replace(/\.(?:sig|att|sbom)$/, ""));
  const found: Descriptor[] = [];
  try {
    for (const tag of (await listTags(client, repository)).filter(isOne)) found.push(await readTag(tag));
  } catch (error) {
    if (!(error instanceof RegistryFailure) || error.reason === "interrupted") throw error;
  }
  return found;
}

function tagsIn(bytes: Buffer | undefined): readonly string[] {
  const document = asRecord(bytes === undefined ? undefined : parseJson(bytes)) ?? {};
  // Nothing else may become part of an address.
  return asTexts(document["tags"]).filter(isTag);
}

/** The next page (RFC 8288), within the same registry. */
function nextPage(link: string | undefined, current: string): string | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  const here = new URL(current, "http://registry.invalid");
  if (target === undefined || !URL.canParse(target, here.href)) return undefined;
  const next = new URL(target, here);
  return next.pathname.startsWith("/v2/") ? next.pathname + next.search : undefined;
}
