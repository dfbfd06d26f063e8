import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { open, rename, stat, unlink } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import {
  absorbCounted,
  CaseFile,
  checkedRecordsOf,
  entryFromRecord,
  entryToRecord,
  keyIdOf,
  loadPublicKey,
  loadSigningKey,
  looksLikeCase,
  openBundle,
  readGitleaksReport,
  recordsOf,
  recordsOfImport,
  writeBundle,
  type Absorbed,
  type CaseRecord,
  type OpenedBundle,
} from "../../case/index.ts";
import { ToolError } from "../../model/problem.ts";
import { sanitize, sanitizeJson } from "../../model/sanitize.ts";
import { codeBehind } from "../../model/thrown.ts";
import { checkWritable, counted, writeReport } from "../../report/index.ts";
import { exitCodes } from "../exit.ts";
import { openCase, writtenAt } from "../open-case.ts";
import { readBounded } from "../read-bounded.ts";
import { readReportFile } from "../report-file.ts";
import { reviewerName } from "../reviewer.ts";
import { toolVersion } from "./version.ts";
import { linesIn } from "../file-lines.ts";

/** A report of gitleaks is read whole. */
const maxReportBytes = 1 << 28;
const gzipMagic = "\u001f\u008b";

/** `leaktrace case merge CASE OTHER…`: takes all that other cases hold into the first. Gives the exit code. */
export async function merge(path: string, others: readonly string[]): Promise<number> {
  using file = await CaseFile.open(path, { create: true });
  for (const other of others) {
    using source = await CaseFile.open(other);
    tell(path, other, absorbCounted(file, checkedRecordsOf(source)));
  }
  await tellConflicts(path);
  return exitCodes.clean;
}

/** `leaktrace case import CASE FILE…`: bundles, reports in JSON lines, decisions as text, reports in gitleaks' form. Gives the exit code. */
export async function importFiles(path: string, names: readonly string[]): Promise<number> {
  using file = await CaseFile.open(path, { create: true });
  for (const name of names) tell(path, name, absorbCounted(file, await recordsIn(name)));
  await tellConflicts(path);
  return exitCodes.clean;
}

/** `leaktrace case export CASE`: a signed bundle of all of it; or its decisions, a line each, that merge in git. Gives the exit code. */
export async function exportCase(
  path: string,
  options: { readonly output?: string; readonly key?: string; readonly decisions?: boolean },
): Promise<number> {
  using opened = await openCase(path);
  const { file } = opened;
  if (options.decisions === true) {
    await writeReport(options.output ?? "-", decisionLines(file));
    return exitCodes.clean;
  }
  const output = options.output ?? `${basename(path).replace(/\.(?:case|db|sqlite)$/, "")}.evidence.tgz`;
  await checkWritable(output);
  const { key, isNew, publicPath } = await loadSigningKey(options.key ?? defaultKeyPath(), {
    create: options.key === undefined,
  });
  if (isNew)
    say(`made a key to sign with: ${options.key ?? defaultKeyPath()}; its public part, for others: ${publicPath}`);
  const created = `${new Date().toISOString().slice(0, 19)}Z`;
  const facts = { version: toolVersion(), created, report: opened.report() };
  if (output === "-") await writeBundle(file, key, process.stdout, facts);
  else
    await writeBeside(output, (temporary) =>
      writeBundle(file, key, createWriteStream(temporary, { mode: 0o600 }), facts),
    );
  say(`${output === "-" ? "the bundle" : output}: signed by ${keyIdOf(key)}`);
  return exitCodes.clean;
}

/**
 * `leaktrace case verify FILE`: of a bundle, who signed it and what differs; of a case, whether the file is whole and no entry was altered. Exit code 0: it is whole, and the key is
 * known; 1: something differs; 3: whole, and signed by somebody unknown.
 */
export async function verify(path: string, options: { readonly publicKey?: string }): Promise<number> {
  if (looksLikeCase(path)) return verifyCase(path);
  const known = options.publicKey === undefined ? await ownKeyId() : keyIdOf(await loadPublicKey(options.publicKey));
  const bundle = await opening(path, () => openBundle(path));
  for (const difference of bundle.differences) print(difference);
  if (bundle.signer === undefined || bundle.differences.length > 0) {
    print(`${path}: NOT as it was signed`);
    return exitCodes.found;
  }
  const { keyId } = bundle.signer;
  print(`${path}: ${filesText(bundle)}, written by leaktrace ${bundle.version} on ${bundle.created}`);
  if (keyId === known) {
    print(`verified: as it was signed by ${keyId}${options.publicKey === undefined ? " (your own key)" : ""}`);
    return exitCodes.clean;
  }
  print(`signed by ${keyId}, a key that is not known here: whole, and NOT verified`);
  if (options.publicKey !== undefined) {
    print(`${options.publicKey} is ${known}`);
    return exitCodes.found;
  }
  say("ask whoever signed it for the public key, by another way than the bundle came, and name it with --public-key");
  return exitCodes.incomplete;
}

async function verifyCase(path: string): Promise<number> {
  using file = await CaseFile.open(path);
  const damage = [...file.damage()];
  let count = 0;
  try {
    for (const _ of checkedRecordsOf(file)) count++;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    damage.push(error.message);
  }
  for (const line of damage) print(line);
  print(damage.length === 0 ? `${path}: whole, ${counted(count, "record")}` : `${path}: DAMAGED`);
  return damage.length === 0 ? exitCodes.clean : exitCodes.found;
}

/** What a file of any known kind holds, told by how it begins. */
async function recordsIn(name: string): Promise<Iterable<CaseRecord>> {
  if (looksLikeCase(name))
    throw new ToolError("usage", `${name} is a case`, { hint: "leaktrace case merge takes cases." });
  return opening(name, async () => {
    const start = await startOf(name);
    if (start.startsWith(gzipMagic)) {
      const { differences, signer, records } = await openBundle(name, { withRecords: true });
      if (differences.length > 0)
        throw new ToolError("bundle", `${name} is not as it was signed: ${differences[0]}`, {
          hint: `leaktrace case verify ${name} says more.`,
        });
      say(`${name}: signed by ${signer?.keyId ?? "nobody"}`);
      return records;
    }
    if (start.trimStart().startsWith("[")) {
      const bytes = await readBounded(name, maxReportBytes);
      if (bytes === undefined) throw new ToolError("usage", `${name} is too large (256 MiB at most)`);
      return recordsOfImport(
        readGitleaksReport(bytes.toString("utf8")),
        basename(name),
        reviewerName(),
        writtenAt(name),
      );
    }
    if (/^\s*\{"kind":"decision"/.test(start)) return decisionsIn(name);
    // SARIF, CSV and JUnit tell places, and no value by which a secret would be known.
    if (!/^\s*\{\s*"schema"/.test(start))
      throw new ToolError("usage", `${name} is none of what a case takes in`, {
        hint: "It takes reports of -f jsonl, JSON reports of gitleaks' form, bundles, and decisions; not SARIF, CSV or JUnit, which do not tell secrets apart.",
      });
    return recordsOfImport(await readReportFile(name), basename(name), reviewerName(), writtenAt(name));
  });
}

async function decisionsIn(name: string): Promise<CaseRecord[]> {
  const records: CaseRecord[] = [];
  let number = 0;
  for await (const line of linesIn(createReadStream(name), name)) {
    number++;
    if (line.trim() === "") continue;
    try {
      records.push({ kind: "entry", entry: entryFromRecord(JSON.parse(line)) });
    } catch (error) {
      const what = error instanceof ToolError ? error.message : "it is not JSON";
      throw new ToolError("record-invalid", `line ${number} of ${name} cannot be read: ${what}`);
    }
  }
  return records;
}

/** Sorted by id: what two people add rarely stands side by side. */
function* decisionLines(file: CaseFile): Iterable<string> {
  for (const record of recordsOf(file))
    if (record.kind === "entry") yield sanitizeJson(JSON.stringify(entryToRecord(record.entry)));
}

async function startOf(name: string): Promise<string> {
  const known = await stat(name);
  // A pipe would lose its beginning.
  if (!known.isFile()) throw new ToolError("usage", `${name} is not a regular file`);
  await using file = await open(name, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
  return buffer.toString("latin1", 0, bytesRead);
}

/** The system's reasons in one line. */
async function opening<T>(name: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError("usage", `cannot read ${name}${codeBehind(error)}`, { cause: error });
  }
}

/** A reader sees the old file or the new one. */
async function writeBeside(path: string, write: (temporary: string) => Promise<unknown>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    if (error instanceof ToolError) throw error;
    throw new ToolError("report-unwritable", `cannot write ${path}${codeBehind(error)}`, { cause: error });
  }
}

function defaultKeyPath(): string {
  const asked = process.env["XDG_CONFIG_HOME"] ?? "";
  return join(isAbsolute(asked) ? asked : join(homedir(), ".config"), "leaktrace", "signing-key.pem");
}

async function ownKeyId(): Promise<string | undefined> {
  return existsSync(defaultKeyPath()) ? keyIdOf((await loadSigningKey(defaultKeyPath())).key) : undefined;
}

async function tellConflicts(path: string): Promise<void> {
  using opened = await openCase(path);
  const conflicts = opened.decisions.conflicted().length;
  if (conflicts > 0)
    say(
      `${counted(conflicts, "conflict")} of decisions, open until somebody decides again: leaktrace case show ${path}`,
    );
}

function tell(path: string, from: string, { scans, secrets, places, decisions }: Absorbed): void {
  const parts = [
    counted(scans, "scan"),
    counted(secrets, "secret"),
    counted(places, "place"),
    counted(decisions, "decision"),
  ];
  say(`${path}: ${parts.join(", ")} new from ${from}`);
}

function filesText({ files }: OpenedBundle): string {
  return files.map(({ name, lines }) => `${name} (${counted(lines, "line")})`).join(", ");
}

function print(line: string): void {
  process.stdout.write(`${sanitize(line)}\n`);
}

function say(line: string): void {
  process.stderr.write(`leaktrace: ${sanitize(line)}\n`);
}
