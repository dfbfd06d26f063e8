import { openTemporaryFolder } from "../remote/temporary-folder.ts";
import {
  apiHost,
  isLoopback,
  openRegistry,
  parseReference,
  type ImageReference,
  type Route,
} from "../registry/index.ts";
import { ToolError } from "../model/problem.ts";
import type { Source } from "../model/source.ts";
import { openRemoteImages } from "../sources/image/index.ts";
import type { ScanOptions } from "./options.ts";
import { readRegistriesConf } from "./registries-file.ts";
import type { OpenContext } from "./request.ts";

/** Names that are files which somebody forgot to make, and no images. */
const looksLikeFile = /\.(?:tar|tgz|gz|zst|xz|bz2|zip)$|^\.{0,2}\//;

/** The image in a registry that an argument of `image` names where there is no such file; undefined for what is no reference. */
export function referenceOf(name: string): ImageReference | undefined {
  return looksLikeFile.test(name) ? undefined : parseReference(name);
}

/**
 * Opens an image of a registry. Its layers come into a temporary folder one by one, while others are scanned, and go when the source goes. Throws
 * ToolError where the registry does not give it.
 */
export async function openRegistryTarget(
  name: string,
  named: ImageReference,
  options: ScanOptions,
  context: OpenContext,
): Promise<Source> {
  const { allTags, plainHttp, foreignLayers } = options;
  if (allTags && (/:[^/]*$/.test(name.replace(/^[^/]*\//, "")) || named.digest !== ""))
    throw new ToolError("usage", `${name} names one image, and --all-tags asks for all`, {
      hint: "Leave out the tag or digest.",
    });
  const { reference, mirrors, plainHttpHosts } = await routeOf(name, named, options);
  let bytes = 0;
  context.received({ bytes, objects: 0 });
  const images = await openRegistry(reference, {
    ...{ folder: openTemporaryFolder(), allTags, plainHttp, env: process.env, signal: context.signal },
    ...{ mirrors, plainHttpHosts },
    ...(foreignLayers === undefined ? {} : { foreignLayers }),
    ...(context.documents === undefined ? {} : { known: context.documents }),
    onReceived: (more) => context.received({ bytes: (bytes += more), objects: 0 }),
  });
  try {
    const { host, repository } = reference;
    const plain = plainHttp || plainHttpHosts.has(host) || isLoopback(host) ? " --src-tls-verify=false" : "";
    return await openRemoteImages(name, images, context, {
      copy: (digest) => `skopeo copy -q${plain} docker://${host}/${repository}@${digest} dir:proof`,
      fetch: (digest) =>
        `curl -fsSL ${plain === "" ? "https" : "http"}://${apiHost(host)}/v2/${repository}/blobs/${digest}`,
    });
  } catch (error) {
    await images[Symbol.asyncDispose]();
    throw error;
  }
}

/** Where an image is asked for: as the user's file says, and mirrors that are named on the command line before all others. Throws ToolError. */
async function routeOf(name: string, named: ImageReference, options: ScanOptions): Promise<Route> {
  const route =
    options.registriesConf === undefined
      ? { reference: named, mirrors: [], plainHttpHosts: new Set<string>(), isBlocked: false }
      : await readRegistriesConf(options.registriesConf, name, named);
  const { host, repository } = route.reference;
  if (route.isBlocked)
    throw new ToolError("registry-blocked", `${name} is not asked for: ${options.registriesConf} blocks its registry`);
  const own = options.mirrors
    .filter(({ of }) => of === host)
    .map(({ host, prefix }) => ({ ...route.reference, host, repository: `${prefix}${repository}` }));
  return { ...route, mirrors: [...own, ...route.mirrors] };
}
