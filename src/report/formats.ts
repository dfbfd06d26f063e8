import { extname } from "node:path";
import type { Report } from "../model/finding.ts";
import { ToolError } from "../model/problem.ts";
import { csv } from "./csv.ts";
import { html } from "./html.ts";
import { json } from "./json.ts";
import { jsonl } from "./jsonl.ts";
import { junit } from "./junit.ts";
import { markdown } from "./markdown.ts";
import type { ReportOptions } from "./options.ts";
import { sarif } from "./sarif.ts";
import { template } from "./template/index.ts";
import { text } from "./text.ts";

/** Writes a report in one format: lines without line ends, made as they are asked for. */
export type Format = (report: Report, options: ReportOptions) => Iterable<string>;

export type FormatName = "text" | "json" | "jsonl" | "sarif" | "csv" | "junit" | "markdown" | "html" | "template";

export const formats: Readonly<Record<FormatName, Format>> = {
  text,
  json,
  jsonl,
  sarif,
  csv,
  junit,
  markdown,
  html,
  template,
};

export const formatNames: readonly FormatName[] = [
  "text",
  "json",
  "jsonl",
  "sarif",
  "csv",
  "junit",
  "markdown",
  "html",
  "template",
];

const byExtension: ReadonlyMap<string, FormatName> = new Map([
  [".json", "json"],
  [".jsonl", "jsonl"],
  [".ndjson", "jsonl"],
  [".sarif", "sarif"],
  [".csv", "csv"],
  [".xml", "junit"],
  [".txt", "text"],
  [".md", "markdown"],
  [".markdown", "markdown"],
  [".html", "html"],
  [".htm", "html"],
]);

/**
 * The format to write: the one named (in any case), else the one that the path's extension tells, else text. Throws ToolError
 * `format-unknown` for a name that is none.
 */
export function chooseFormat(name: string | undefined, path: string | undefined): FormatName {
  if (name === undefined || name === "") return byExtension.get(extname(path ?? "").toLowerCase()) ?? "text";
  const known =
    formatNames.find((format) => format === name.toLowerCase()) ?? byExtension.get(`.${name.toLowerCase()}`);
  if (known !== undefined) return known;
  throw new ToolError("format-unknown", `there is no report format "${name}"`, {
    hint: `The formats are ${formatNames.join(", ")}.`,
  });
}
