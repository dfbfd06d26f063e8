import { randomBytes } from "node:crypto";
import { open, rename, stat, unlink } from "node:fs/promises";

/**
 * Writes a file beside its place and moves it there, so that a reader sees the old or the new one, whole. A link at the path is replaced, never followed. Keeps the permissions
 * of a file that is there; a new one can be read by all, as it goes into git. `before`: called right before it takes its place; where that throws, nothing has changed. Throws what the system says.
 */
export async function replaceFile(
  path: string,
  data: string | Uint8Array,
  before?: () => Promise<void>,
): Promise<void> {
  const mode = await stat(path).then(
    (known) => known.mode & 0o777,
    () => undefined,
  );
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    {
      await using handle = await open(temporary, "wx", mode ?? 0o644);
      // The user's mask counts for new files alone.
      if (mode !== undefined) await handle.chmod(mode);
      await handle.writeFile(data);
      await handle.sync();
    }
    await before?.();
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
