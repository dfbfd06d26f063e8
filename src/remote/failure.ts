import { ToolError } from "../model/problem.ts";
import type { Excess } from "./watch.ts";

/** Why a repository could not be fetched. */
export type Reason =
  | Excess
  | "credentials-missing"
  | "credentials-refused"
  | "forbidden"
  | "not-found"
  | "not-a-repository"
  | "certificate"
  | "unknown-host"
  | "no-connection"
  | "broken-off"
  | "damaged-there"
  | "host-key"
  | "ssh-key"
  | "transport"
  | "disk-full"
  | "interrupted"
  | "no-git"
  | "invalid-address"
  | "other";

/** Thrown within this room, and told with the address by its door. `detail` holds nothing that the other side wrote. */
export class Failure extends Error {
  readonly reason: Reason;
  readonly detail: string | undefined;
  constructor(reason: Reason, detail?: string) {
    super(reason);
    this.reason = reason;
    this.detail = detail;
  }
}

const texts: Readonly<Record<Reason, readonly [message: string, hint: string]>> = {
  "too-large": [
    "it is larger than what may be fetched",
    "--max-fetch-megabytes allows more; TMPDIR says on which disk there is room.",
  ],
  silent: ["the server stopped answering", "Try again later."],
  fruitless: ["the server answers and sends nothing", "Clone it with git, and scan the clone."],
  "credentials-missing": [
    "the server asks for credentials (a repository that does not exist is often told so)",
    "Let git know them (credential helper, .netrc, ssh key), or write https://user:token@host/…",
  ],
  "credentials-refused": [
    "the server refuses the credentials",
    "Check that the token is valid and may read this repository.",
  ],
  forbidden: ["the server forbids it (403)", "Check that the token may read this repository."],
  "not-found": ["there is no such repository, or it is not shown without credentials", "Check the address."],
  "not-a-repository": [
    "what the server answers is no git repository",
    "Check the address: it is the one that git clone takes.",
  ],
  certificate: ["the server's certificate cannot be trusted", "Tell git of your own authority with http.sslCAInfo."],
  "unknown-host": ["the name of the host is not known", "Check the address and the network."],
  "no-connection": ["the server cannot be reached", "Check the address, the network and the proxy."],
  "broken-off": ["the connection broke off", "Try again."],
  "damaged-there": [
    "the server cannot read all of it",
    "Have it repaired there (git fsck), or scan a copy that is at hand.",
  ],
  "host-key": ["the ssh key of the host is not known here, or has changed", "Connect to it once with ssh."],
  "ssh-key": ["ssh was not let in", "Add your key to the agent: nothing is asked for while scanning."],
  transport: ["the server leads to another kind of address", "Use the address that it leads to."],
  "disk-full": ["there is no room for it on the disk", "TMPDIR says where there is."],
  interrupted: ["the scan was stopped while it was fetched", "Run it again."],
  "no-git": ["ssh needs git", "Install git, or use the https address."],
  "invalid-address": ["it is no address of a repository", "It is one of https://, ssh://, file://, user@host:path."],
  other: ["git gave up", "git clone --mirror of it shows why."],
};

/** A repository could not be fetched. */
export class NotFetched extends ToolError {
  /** There was no room for it: it is too large, or the disk is full. */
  readonly isForRoom: boolean;

  constructor(message: string, hint: string, reason: Reason) {
    super(reason === "interrupted" ? "interrupted" : "not-fetched", message, { hint });
    this.isForRoom = reason === "too-large" || reason === "disk-full";
  }
}

/**
 * What to say of a repository that could not be fetched: one line with its clean address, and a next step. `detail`: more of it, without
 * anything that the other side wrote.
 */
export function fetchError(url: string, reason: Reason, detail?: string): NotFetched {
  const [message, hint] = texts[reason];
  return new NotFetched(`cannot fetch ${url}: ${detail ?? message}`, hint, reason);
}
