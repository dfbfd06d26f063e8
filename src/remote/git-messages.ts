import type { Reason } from "./failure.ts";

/** What git (and curl, and ssh, in it) say in the C locale, from the most telling to the least. */
const meanings: readonly (readonly [pattern: RegExp, reason: Reason])[] = [
  [/No space left on device|Disk quota exceeded/, "disk-full"],
  [/Host key verification failed/, "host-key"],
  [/attempting to allocate \d+ over limit|attempted to allocate|Out of memory/, "too-large"],
  [/Could not resolve host/i, "unknown-host"],
  [/Permission denied \((?:publickey|.*password|.*keyboard)|Too many authentication failures/, "ssh-key"],
  [/Authentication failed for|Invalid username or (?:password|token)/, "credentials-refused"],
  [/could not read (?:Username|Password)|terminal prompts disabled/, "credentials-missing"],
  [/returned error: 40[17]\b/, "credentials-refused"],
  [/returned error: 403\b/, "forbidden"],
  [/^fatal: repository '.*' not found|returned error: 40[04]\b|returned error: 410\b/m, "not-found"],
  [
    /does not appear to be a git repository|^ERROR: Repository not found|repository not exported|not found in upstream/m,
    "not-found",
  ],
  [/SSL certificate|certificate verif|server certificate|CAfile|unable to get local issuer/i, "certificate"],
  [
    /transport '.*' not allowed|Protocol ".*" (?:not supported|disabled)|unable to update url base from redirection/,
    "transport",
  ],
  [
    /is this a git repository\?|not valid: |invalid server response|unable to parse|protocol error|bad line length|expected (?:flush|service)/i,
    "not-a-repository",
  ],
  [
    /early EOF|unexpected disconnect|hung up unexpectedly|RPC failed|transfer closed|index-pack failed|invalid index-pack|Recv failure/i,
    "broken-off",
  ],
  [
    /Failed to connect|Connection refused|Connection timed out|Couldn't connect|No route to host|Network is unreachable|SSL_ERROR|TLS|Empty reply/i,
    "no-connection",
  ],
  [/Could not read from remote repository/, "no-connection"],
];

/** Why git failed, by what it wrote. What a server wrote (`remote: …`) is left out: it can say anything. */
export function reasonOf(stderr: string): Reason {
  if (/^remote: aborting due to possible repository corruption/m.test(stderr)) return "damaged-there";
  const own = stderr
    .split(/[\r\n]+/)
    .filter((line) => !line.startsWith("remote:"))
    .join("\n");
  return meanings.find(([pattern]) => pattern.test(own))?.[1] ?? "other";
}

/** Refs that git left at the server because of their names; so many. */
export function ignoredRefs(lines: readonly string[]): number {
  return lines.filter((line) => /ignoring funny ref/i.test(line)).length;
}

/** Objects received so far, where git told. */
export function receivedObjects(stderr: string): number | undefined {
  const told = [...stderr.matchAll(/Receiving objects:\s+\d+% \((\d+)\//g)].at(-1)?.[1];
  return told === undefined ? undefined : Number(told);
}
