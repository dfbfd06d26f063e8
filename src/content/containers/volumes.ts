/**
 * The second and later files of an archive that was divided: `backup.7z.002`, `backup.zip.002`, `backup.z02`. Their bytes begin anywhere, so that names alone tell
 * them. (Volumes of RAR begin as RAR archives do.)
 */
const laterVolume = /(?:\.(?:7z|zip|tar|t?gz|tgz|t?bz2|t?xz|txz|zst)\.(?!0*[01]$)\d{3,4}|\.z(?!00)\d{2,3})$/i;

/** Whether a path names a later file of a divided archive. */
export function isLaterVolume(path: string): boolean {
  return laterVolume.test(path);
}

/** What is told of one that begins as nothing that can be opened. */
export const laterVolumeMessage = "is a later part of a divided archive, which is not put together";
