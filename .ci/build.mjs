// Builds dist/: the kernel and the decoder of LZMA (AssemblyScript → WebAssembly), the rules (TOML → JSON), and the bundles with their lazy chunks.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import esbuild from "esbuild";

const root = new URL("..", import.meta.url).pathname;
const dist = join(root, "dist");
const version = JSON.parse(await readFile(join(root, "package.json"), "utf8")).version;

await mkdir(dist, { recursive: true });
try {
  await Promise.all([buildWebAssembly(), buildRules(), bundle()]);
} catch (error) {
  // Modules that were loaded as data have their whole text for a name: left to itself, node would print it.
  console.error(String(error.stack ?? error).replaceAll(/data:text\/javascript;base64,[\w+/=]+/g, "(bundled)"));
  process.exit(1);
}

async function buildWebAssembly() {
  const asc = await import("assemblyscript/asc");
  for (const [name, folder] of [
    ["kernel", "src/detect/kernel/assembly"],
    ["lzma", "src/content/containers/lzma/assembly"],
  ]) {
    const { error, stderr } = await asc.main([
      join(root, folder, "index.ts"),
      ...["--outFile", join(dist, `${name}.wasm`)],
      ...["--optimizeLevel", "3", "--runtime", "stub", "--noAssert", "--enable", "simd"],
      ...["--initialMemory", "1", "--maximumMemory", "65536", "--baseDir", "/"],
    ]);
    if (error) throw new Error(`${name} does not compile:\n${stderr.toString()}`);
  }
}

async function buildRules() {
  const { compileBuiltin } = await load("src/rules/build.ts");
  const { packPrebuilt } = await load("src/detect/prebuilt.ts");
  const { followOf } = await load("src/rules/follow-program.ts");
  const folder = join(root, "patterns");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".toml")).sort();
  const files = await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(folder, name), "utf8") })),
  );
  const { ruleset, notes, examples } = compileBuiltin(files);
  const templates = Object.fromEntries(examples.map(({ id, examples: [first] }) => [id, [first]]));
  await writeWhole(join(dist, "rules.json"), asciiJson(ruleset));
  await writeWhole(join(dist, "rule-notes.json"), asciiJson(notes));
  await writeWhole(join(dist, "examples.json"), asciiJson(templates));
  await writeWhole(join(dist, "kernel.bin"), packPrebuilt(ruleset, followOf));
}

/** One letter beyond Latin-1 in it, and V8 holds the whole text in twice the memory while it is read. */
function asciiJson(value) {
  const escape = (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replaceAll(/[\u0080-\uffff]/g, escape);
}

/** A module of the sources. Two builds at once (two test runs in one tree) share no file that either of them removes. */
async function load(path) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(root, path)],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

/** Whoever reads the file meanwhile sees the old one or the new one. */
async function writeWhole(path, text) {
  await writeFile(`${path}.${process.pid}`, text);
  await rename(`${path}.${process.pid}`, path);
}

async function bundle() {
  const { metafile } = await esbuild.build({
    metafile: true,
    entryPoints: {
      cli: join(root, "src/cli/main.ts"),
      worker: join(root, "src/pool/worker.ts"),
      "layer-reader": join(root, "src/pool/layer-reader.ts"),
    },
    outdir: dist,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    chunkNames: "chunks/[name]-[hash]",
    minifySyntax: true,
    legalComments: "none",
    external: ["re2", "better-sqlite3"],
    define: {
      "process.env.NODE_ENV": '"production"',
      LEAKTRACE_VERSION: JSON.stringify(version),
      LEAKTRACE_BUNDLED: "true",
      LEAKTRACE_SCANNER: JSON.stringify(await scannerDigest()),
    },
    alias: { "react-devtools-core": join(root, ".ci/empty.mjs") },
    // CommonJS dependencies ask for node's own modules with require().
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  await Promise.all([removeOldChunks(metafile), writeNotices(metafile)]);
}

/** Of everything but the rules that decides what is found in a content, and what is said of a target: what is known from another build counts only where it is equal. */
async function scannerDigest() {
  const hash = createHash("sha256");
  for (const room of ["model", "content", "detect", "pool", "sources"]) {
    const names = await readdir(join(root, "src", room), { recursive: true });
    for (const name of names.filter((name) => name.endsWith(".ts")).sort())
      hash.update(`${room}/${name}\0`).update(await readFile(join(root, "src", room, name)));
  }
  return hash.digest("hex");
}

/** Chunks of earlier builds have other hashes; they would only fatten the package. */
async function removeOldChunks(metafile) {
  const current = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const name of await readdir(join(dist, "chunks"))) {
    if (!current.has(name)) await rm(join(dist, "chunks", name), { force: true });
  }
}

/** Their licences ask that they travel with the code: one file names every package that is in the bundle, with its licence. */
async function writeNotices(metafile) {
  // The WebAssembly modules hold parts of their compiler's standard library.
  const used = new Set(["node_modules/assemblyscript"]);
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = packageFolder(path);
      if (folder !== undefined && bytesInOutput > 0) used.add(folder);
    }
  }
  const notices = await Promise.all([...used].map((folder) => notice(join(root, folder))));
  const parts = [...new Set(notices.map(({ title, text }) => `${title}\n\n${text.trim()}\n`))].sort();
  const rule = `\n${"-".repeat(80)}\n\n`;
  await writeWhole(
    join(dist, "THIRD-PARTY.txt"),
    `This program contains code of these packages.\n${rule}${parts.join(rule)}`,
  );
}

/** `node_modules/a/node_modules/@b/c` for a file in it; undefined for our own files. */
function packageFolder(path) {
  const marker = "node_modules/";
  const at = path.lastIndexOf(marker);
  if (at < 0) return undefined;
  const [scope, name] = path.slice(at + marker.length).split("/");
  return path.slice(0, at + marker.length) + (scope.startsWith("@") ? `${scope}/${name}` : scope);
}

async function notice(folder) {
  const { name, version, license, author } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const files = (await readdir(folder)).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return {
    title: `${name} ${version} (${license})`,
    text:
      texts.join("\n") ||
      `By ${author?.name ?? author ?? "its authors"}. The package names its licence and holds no text of it.`,
  };
}
