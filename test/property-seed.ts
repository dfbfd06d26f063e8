import { createHash } from "node:crypto";
import fc from "fast-check";

/**
 * One seed for all properties, so that a run that is green stays green until something changes. Other values: `LEAKTRACE_SEED=anything npm test`;
 * what such a run finds is a bug like any other.
 */
export const seed = process.env["LEAKTRACE_SEED"] ?? "leaktrace";
fc.configureGlobal({ seed: createHash("sha256").update(seed).digest().readInt32LE(0) });
