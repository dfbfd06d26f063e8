/** What a file is to builds, by its name alone. */
export type BuildFile = "dockerfile" | "compose" | "ignore" | "environment";

/** Tells by the last part of a path. */
export function buildFileKind(name: string): BuildFile | undefined {
  if (/\.(?:docker|container)ignore$/i.test(name)) return "ignore";
  if (/^(?:.+\.)?(?:Dockerfile|Containerfile)(?:[.-].+)?$/i.test(name)) return "dockerfile";
  if (/^(?:docker-|podman-)?compose(?:[.-][\w.-]+)?\.ya?ml$/i.test(name)) return "compose";
  return name === ".env" ? "environment" : undefined;
}
