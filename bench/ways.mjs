// Bundles bench/ways.ts with the detector of the sources, and runs it beside dist/.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import esbuild from "esbuild";

const root = join(import.meta.dirname, "..");
const outfile = join(root, "dist/bench/ways.mjs");
await esbuild.build({
  entryPoints: [join(import.meta.dirname, "ways.ts")],
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
