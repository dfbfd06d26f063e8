/**
 * disk: folders and files of the user that this program makes, whole or not at all. Knows nothing of what is in them.
 */
export { makeFolder } from "./make-folder.ts";
export { replaceFile } from "./replace-file.ts";
