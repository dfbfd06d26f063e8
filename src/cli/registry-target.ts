import { openTemporaryFolder } from "../remote/temporary-folder.ts";
import { isLoopback, openRegistry, parseReference, type ImageReference } from "../registry/index.ts";
import { ToolError } from "../model/problem.ts";
import type { Source } from "../model/source.ts";
import { openRemoteImages } from "../sources/image/index.ts";
import type { ScanOptions } from "./options.ts";
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
  reference: ImageReference,
  options: ScanOptions,
  context: OpenContext,
): Promise<Source> {
  const { allTags, plainHttp, foreignLayers } = options;
  const mirrors = options.mirrors.filter(({ of }) => of === reference.host);
  if (allTags && (/:[^/]*$/.test(name.replace(/^[^/]*\//, "")) || reference.digest !== ""))
    throw new ToolError("usage", `${name} names one image, and --all-tags asks for all`, {
      hint: "Leave out the tag or digest.",
    });
  let bytes = 0;
  context.received({ bytes, objects: 0 });
  const images = await openRegistry(reference, {
    ...{ folder: openTemporaryFolder(), allTags, plainHttp, mirrors, env: process.env, signal: context.signal },
    ...(foreignLayers === undefined ? {} : { foreignLayers }),
    onReceived: (more) => context.received({ bytes: (bytes += more), objects: 0 }),
  });
  try {
    const { host, repository } = reference;
    const plain = plainHttp || isLoopback(host) ? " --src-tls-verify=false" : "";
    return await openRemoteImages(name, images, context, {
      copy: (digest) => `skopeo copy -q${plain} docker://${host}/${repository}@${digest} dir:proof`,
    });
  } catch (error) {
    await images[Symbol.asyncDispose]();
    throw error;
  }
}
