import { join } from "node:path";
import { pathToFileURL } from "node:url";
import esbuild from "esbuild";

/** Bundles `NAME.ts` of this folder with the sources that it uses, and runs it beside dist/. */
export async function runBundled(name) {
  const root = join(import.meta.dirname, "..");
  const outfile = join(root, `dist/bench/${name}.mjs`);
  await esbuild.build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["re2"],
    logLevel: "warning",
  });
  process.chdir(root);
  await import(pathToFileURL(outfile).href);
}
