import { ToolError } from "../model/problem.ts";

/** Patterns and names of a hostile file have any length; a message is a line. Characters. */
const maxMessage = 500;

/** A text of people's length: the end of a longer one is left out. */
export function shorten(message: string): string {
  return message.length <= maxMessage ? message : `${message.slice(0, maxMessage)} …`;
}

/** The error of this room. */
export function invalid(message: string, hint?: string): ToolError {
  return new ToolError("rules-invalid", shorten(message), hint === undefined ? {} : { hint });
}
