import { ToolError } from "../../../model/problem.ts";

/** An argument that selects commits and is not understood, or names what is not there: exit code 2, before anything is scanned. */
export function usageError(message: string, hint: string): ToolError {
  return new ToolError("usage", message, { hint });
}
