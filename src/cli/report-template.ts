import { readFileSync, statSync } from "node:fs";
import { ToolError } from "../model/problem.ts";
import { codeBehind } from "../model/thrown.ts";
import { chooseFormat, readTemplate, type FormatName, type Template } from "../report/index.ts";

/** Nobody writes a longer one; what is longer was named by mistake. */
const maxTemplateBytes = 1 << 20;

/**
 * The format of a report and its template: `--report-template` implies the format `template`, which cannot do without one. Reads the template, so that what
 * is wrong with it is told before anything is scanned. Throws ToolError.
 */
export function chooseReport(
  formatName: string | undefined,
  reportPath: string | undefined,
  templatePath: string | undefined,
): { readonly reportFormat: FormatName; readonly template?: Template } {
  if (templatePath === undefined) {
    const reportFormat = chooseFormat(formatName, reportPath);
    if (reportFormat !== "template") return { reportFormat };
    throw new ToolError("usage", "-f template needs a template", { hint: "Name it with --report-template." });
  }
  const asked = formatName === undefined ? "template" : chooseFormat(formatName, undefined);
  if (asked !== "template")
    throw new ToolError("usage", `--report-template and -f ${asked} contradict each other`, {
      hint: "Give one of them.",
    });
  return { reportFormat: "template", template: readTemplate(readText(templatePath), templatePath) };
}

function readText(path: string): string {
  try {
    if (statSync(path).size > maxTemplateBytes)
      throw new ToolError("usage", `the template ${path} is too large (1 MiB at most)`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError("usage", `cannot read the template ${path}${codeBehind(error)}`, { cause: error });
  }
}
