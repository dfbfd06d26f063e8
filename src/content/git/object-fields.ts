import type { ObjectField } from "../../model/content.ts";

/** Header fields told; a hostile object can have millions of lines. */
const maxFields = 64;

/**
 * Which fields of a commit or tag object stand in which lines: `tree`, `parent` (once), `author`, …, and `message` where that begins. Lines that begin with a
 * space go on with the field before them (git-commit-object: `gpgsig`, `mergetag`).
 */
export function objectFields(bytes: Buffer): ObjectField[] {
  const fields: ObjectField[] = [];
  let line = 1;
  for (let at = 0; at < bytes.length && fields.length < maxFields; line++) {
    const end = bytes.indexOf(10, at);
    if (end === at) {
      fields.push({ name: "message", line: line + 1 });
      break;
    }
    const space = bytes.indexOf(0x20, at);
    if (space > at && bytes[at] !== 0x20) {
      const name = bytes.toString("latin1", at, Math.min(space, at + 32));
      if (/^[a-z][a-z0-9-]*$/.test(name) && fields.at(-1)?.name !== name) fields.push({ name, line });
    }
    if (end < 0) break;
    at = end + 1;
  }
  return fields;
}
