/**
 * Measures the program beside another one, alternating, and prints medians, the ratio and the peak of memory: docs/performance.md.
 *
 *   node bench/run.mjs git REPOSITORY     full history, beside git cat-file
 *   node bench/run.mjs layer FILE.tar.gz  one layer, beside gzip -dc
 *   node bench/run.mjs start              start-up, beside node -e 0
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

const program = join(import.meta.dirname, "../bin/leaktrace.js");
const runs = Number(process.env.LEAKTRACE_BENCH_RUNS ?? 5);
const memoryEveryMs = 20;

const [what, path = ""] = process.argv.slice(2);
console.log(`node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model.trim()}, ${runs} runs each`);

switch (what) {
  case "git": {
    const repository = resolve(path);
    const cat = ["-C", repository, "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"];
    await compare(["git", ...cat], [process.execPath, program, "git", repository, "-f", "jsonl", "--no-cache"]);
    break;
  }
  case "layer": {
    const file = resolve(path);
    await inScratch(async (folder) => {
      await compare(
        ["gzip", "-dc", file],
        [process.execPath, program, "image", `oci:${layoutOf(file, folder)}`, "-f", "jsonl", "--no-cache"],
      );
    });
    break;
  }
  case "start":
    await compare([process.execPath, "-e", "0"], [process.execPath, program, "version"]);
    await inScratch(async (folder) => {
      const file = join(folder, "small.txt");
      writeFileSync(file, "nothing to see\n");
      for (const command of ["dir", "scan"]) {
        await compare([process.execPath, program, "version"], [process.execPath, program, command, file]);
      }
    });
    break;
  default:
    console.error("what to measure: git REPOSITORY, layer FILE.tar.gz, start");
    process.exitCode = 2;
}

async function compare(other, ours) {
  const results = { other: [], ours: [] };
  // The first of each warms the file cache and is not counted.
  for (let run = 0; run <= runs; run++) {
    for (const [name, command] of [
      ["other", other],
      ["ours", ours],
    ]) {
      const result = await measure(command);
      if (run > 0) results[name].push(result);
    }
  }
  const [theirs, own] = [median(results.other.map(({ ms }) => ms)), median(results.ours.map(({ ms }) => ms))];
  console.log(`  ${shown(other)}: ${Math.round(theirs)} ms`);
  console.log(
    `  ${shown(ours)}: ${Math.round(own)} ms, ${Math.max(...results.ours.map(({ megabytes }) => megabytes))} MB at most`,
  );
  console.log(`  ratio ${(own / theirs).toFixed(2)}, ${Math.round(own - theirs)} ms more`);
}

/** Runs a command with its output thrown away. Memory is the kernel's high-water mark, asked for while the process is there. */
function measure([file, ...args]) {
  return new Promise((done, fail) => {
    const began = performance.now();
    const child = spawn(file, args, { stdio: ["ignore", "ignore", "ignore"] });
    let megabytes = 0;
    const look = () => {
      try {
        const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
        megabytes = Math.max(megabytes, Math.round(Number(peak ?? 0) / 1024));
      } catch {
        // It ended between two looks.
      }
    };
    const timer = setInterval(look, memoryEveryMs);
    child.on("error", fail);
    child.on("exit", (code) => {
      clearInterval(timer);
      const ms = performance.now() - began;
      // 1: secrets were found; 3: something could not be read.
      if (code !== 0 && code !== 1 && code !== 3) fail(new Error(`${file} ${args.join(" ")} ended with ${code}`));
      else done({ ms, megabytes });
    });
  });
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function shown([file, ...args]) {
  return [basename(file), ...args.map((arg) => (arg.startsWith("/") ? basename(arg) : arg))].join(" ");
}

/** An image with one layer. Its diff id is left unknown, as the tar is not unpacked here. */
function layoutOf(layer, folder) {
  const blobs = join(folder, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const digest = createHash("sha256").update(readFileSync(layer)).digest("hex");
  cpSync(layer, join(blobs, digest));
  const add = (value, mediaType) => {
    const text = JSON.stringify(value);
    const hex = createHash("sha256").update(text).digest("hex");
    writeFileSync(join(blobs, hex), text);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
  };
  const config = add(
    { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } },
    "application/vnd.oci.image.config.v1+json",
  );
  const layers = [
    {
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: `sha256:${digest}`,
      size: statSync(layer).size,
    },
  ];
  const manifest = add({ schemaVersion: 2, config, layers }, "application/vnd.oci.image.manifest.v1+json");
  writeFileSync(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return folder;
}

async function inScratch(work) {
  const folder = mkdtempSync(join(tmpdir(), "leaktrace-bench-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
