// Builds dist/: the kernel (AssemblyScript → WebAssembly), the rules (TOML → JSON), and the bundles with their lazy chunks.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import esbuild from "esbuild";

const root = new URL("..", import.meta.url).pathname;
const dist = join(root, "dist");
const version = JSON.parse(await readFile(join(root, "package.json"), "utf8")).version;

await mkdir(dist, { recursive: true });
await Promise.all([buildKernel(), buildRules(), bundle()]);

async function buildKernel() {
  const asc = await import("assemblyscript/asc");
  const { error, stderr } = await asc.main([
    join(root, "src/detect/kernel/assembly/index.ts"),
    ...["--outFile", join(dist, "kernel.wasm")],
    ...["--optimizeLevel", "3", "--runtime", "stub", "--noAssert", "--initialMemory", "1", "--maximumMemory", "65536"],
    ...["--baseDir", "/"],
  ]);
  if (error) throw new Error(`the kernel does not compile:\n${stderr.toString()}`);
}

async function buildRules() {
  const compiler = join(dist, "build-rules.mjs");
  await esbuild.build({
    entryPoints: [join(root, "src/rules/build.ts")],
    outfile: compiler,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["re2"],
    logLevel: "warning",
  });
  const { compileBuiltin } = await import(pathToFileURL(compiler).href);
  const folder = join(root, "patterns");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".toml")).sort();
  const files = await Promise.all(names.map(async (name) => ({ name, text: await readFile(join(folder, name), "utf8") })));
  const { ruleset } = compileBuiltin(files);
  await writeFile(join(dist, "rules.json"), JSON.stringify(ruleset));
  await rm(compiler);
}

async function bundle() {
  const { metafile } = await esbuild.build({
    metafile: true,
    entryPoints: { cli: join(root, "src/cli/main.ts"), worker: join(root, "src/pool/worker.ts") },
    outdir: dist,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    chunkNames: "chunks/[name]-[hash]",
    minifySyntax: true,
    legalComments: "linked",
    external: ["re2"],
    define: {
      "process.env.NODE_ENV": '"production"',
      LEAKTRACE_VERSION: JSON.stringify(version),
      LEAKTRACE_BUNDLED: "true",
    },
    alias: { "react-devtools-core": join(root, ".ci/empty.mjs") },
    // CommonJS dependencies ask for node's own modules with require().
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    logLevel: "warning",
  });
  // Chunks of earlier builds have other hashes; they would only fatten the package.
  const current = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const name of await readdir(join(dist, "chunks"))) {
    if (!current.has(name) && !name.endsWith(".LEGAL.txt")) await rm(join(dist, "chunks", name));
  }
}
