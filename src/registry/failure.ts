import { ToolError } from "../model/problem.ts";

/** What kept a registry from answering. */
export type FailureReason =
  | "not-found"
  | "denied"
  | "busy" // it said "later" until we gave up
  | "unreachable"
  | "untrusted" // nothing proves that it is who it says
  | "protocol" // an answer that no registry gives
  | "too-large"
  | "interrupted";

/** A question to a registry that failed. `message` is one line without secrets and without text of the registry. */
export class RegistryFailure extends Error {
  readonly reason: FailureReason;
  constructor(reason: FailureReason, message: string) {
    super(message);
    this.name = "RegistryFailure";
    this.reason = reason;
  }
}

/** What to say of an answer that is none of those that are wanted. */
export function refused(
  status: number,
  said: { readonly missing: string; readonly denied: string; readonly other: string },
): RegistryFailure {
  if (status === 404) return new RegistryFailure("not-found", said.missing);
  if (status === 401 || status === 403) return new RegistryFailure("denied", said.denied);
  return new RegistryFailure("protocol", said.other);
}

const hints: Readonly<Record<FailureReason, string>> = {
  "not-found": "Check the name and the tag. A registry also says this of images that one may not see.",
  denied: "Log in with docker login or podman login; leaktrace uses the same files.",
  busy: "Try again later, or log in: registries allow more to those they know.",
  unreachable: "Check the host. A registry without TLS needs --plain-http.",
  untrusted:
    "An authority of your own is trusted where the environment names its certificate: NODE_EXTRA_CA_CERTS=FILE.",
  protocol: "Check that this is a registry.",
  "too-large": "",
  interrupted: "",
};

/** The failure as trouble that ends the run. */
export function asToolError(reference: string, { reason, message }: RegistryFailure): ToolError {
  const hint = hints[reason];
  return new ToolError("registry", `${reference}: ${message}`, hint === "" ? {} : { hint });
}
