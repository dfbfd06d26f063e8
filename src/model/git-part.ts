import type { GitOrigin, ObjectField } from "./content.ts";

/**
 * What part of an object a line of it is, for people: `author`, `message, line 2`; `name` of a name, `target of a link`, `in Git LFS`. Empty for
 * ordinary files and where it is not known. Fields are told with the line of the object at which they begin; lines count from 1.
 */
export function gitPart(origin: GitOrigin, line: number): string {
  if (origin.objectType === "tree") return "the name itself";
  if (origin.form === "symlink") return "target of a link";
  if (origin.form === "lfs") return "in Git LFS";
  const field = origin.fields?.findLast((field: ObjectField) => field.line <= line);
  if (field === undefined) return "";
  return field.name === "message" ? `message, line ${line - field.line + 1}` : field.name;
}
