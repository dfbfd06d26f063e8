import { join } from "node:path";
import esbuild from "esbuild";

/** A module of the sources, bundled in memory. @param path from the repository's root */
export async function loadSource(path) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(import.meta.dirname, "..", path)],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
