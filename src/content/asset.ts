import { existsSync } from "node:fs";
import { ToolError } from "../model/problem.ts";

/** Where the build's files lie, seen from the bundle, from a chunk of it, and from this source file. */
const places = ["./", "../", "../../dist/"];

/** A file that the build made. Throws ToolError `not-built` where it is missing. */
export function asset(name: string): URL {
  for (const place of places) {
    const url = new URL(place + name, import.meta.url);
    if (existsSync(url)) return url;
  }
  throw new ToolError("not-built", `a part of the program is missing: ${name}`, {
    hint: "npm run build, or install the package again",
  });
}
