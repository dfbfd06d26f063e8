import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "../disk/index.ts";
import { ToolError } from "../model/problem.ts";
import { codeBehind } from "../model/thrown.ts";

/** A key in PEM is some lines. */
const maxKeyBytes = 64 << 10;
const keyMode = 0o600;

export interface SigningKey {
  readonly key: KeyObject;
  /** Whether it was made now. */
  readonly isNew: boolean;
  /** Where its public part lies, for those who are to verify; absent where the key was not made here. */
  readonly publicPath?: string;
}

/**
 * Reads an Ed25519 private key in PEM. Where there is none and `create` is set, makes one that its owner alone can read, and puts its public part beside it.
 * Throws ToolError `signing-key` for anything else, and for a key that others can read.
 */
export async function loadSigningKey(path: string, { create = false } = {}): Promise<SigningKey> {
  const pem = await readKeyFile(path, true);
  if (pem === undefined) {
    if (!create) throw new ToolError("signing-key", `there is no key ${path}`);
    return createSigningKey(path);
  }
  const key = parsed(() => createPrivateKey(pem));
  if (key?.asymmetricKeyType !== "ed25519")
    throw new ToolError("signing-key", `${path} is no Ed25519 private key (PEM, without a passphrase)`);
  return { key, isNew: false };
}

/** Reads a public key in PEM, or the public part of a private one. Throws ToolError `signing-key`. */
export async function loadPublicKey(path: string): Promise<KeyObject> {
  const pem = await readKeyFile(path, false);
  if (pem === undefined) throw new ToolError("signing-key", `there is no key ${path}`);
  const key = parsed(() => createPublicKey(pem));
  if (key?.asymmetricKeyType !== "ed25519")
    throw new ToolError("signing-key", `${path} is no Ed25519 public key (PEM)`);
  return key;
}

async function createSigningKey(path: string): Promise<SigningKey> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicPath = `${path.replace(/\.pem$/, "")}.pub.pem`;
  try {
    makeFolder(dirname(path), 0o700);
    for (const [file, pem, mode] of [
      [path, privateKey.export({ type: "pkcs8", format: "pem" }), keyMode],
      [publicPath, publicKey.export({ type: "spki", format: "pem" }), 0o644],
    ] as const) {
      await using handle = await open(file, file === path ? "wx" : "w", mode);
      await handle.writeFile(pem);
      await handle.sync();
    }
  } catch (error) {
    throw unusable(path, error);
  }
  return { key: privateKey, isNew: true, publicPath };
}

/** Undefined where there is none. A pipe in its place would be waited for, so it is not opened as one. */
async function readKeyFile(path: string, isPrivate: boolean): Promise<string | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > maxKeyBytes) throw new ToolError("signing-key", `${path} is no key`);
    if (isPrivate && process.getuid !== undefined && (stat.mode & 0o077) !== 0)
      throw new ToolError("signing-key", `others can read the key ${path}, so it proves nothing`, {
        hint: `chmod 600 ${path}`,
      });
    return await file.readFile("utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw unusable(path, error);
  }
}

function parsed(read: () => KeyObject): KeyObject | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function unusable(path: string, error: unknown): ToolError {
  if (error instanceof ToolError) return error;
  return new ToolError("signing-key", `cannot use the key ${path}${codeBehind(error)}`, { cause: error });
}
