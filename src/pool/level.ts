import { isCompressed, type ContainerKind } from "../content/containers/index.ts";

/** Where members lie: the path to them, how many archives are open, and how many forms were taken off since the last one. */
export interface Level {
  readonly path: string;
  readonly depth: number;
  readonly forms: number;
}

/** Where the members of a container at this place lie. */
export function deeper(level: Level, kind: ContainerKind): Level {
  return isCompressed(kind) ? { ...level, forms: level.forms + 1 } : { ...level, depth: level.depth + 1, forms: 0 };
}

/** A compressed file has no name of its own; each archive adds one, behind `!` as gitleaks writes it. */
export function join(path: string, name: string): string {
  return path === "" ? name : name === "" ? path : `${path}!${name}`;
}
