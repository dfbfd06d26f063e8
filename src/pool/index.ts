/**
 * pool: units in, results out, over worker threads that open what they scan themselves. It knows how to keep threads busy, how much may be
 * under way, and what to do when a thread dies; it knows nothing of targets, findings or reports.
 */
export { Pool, type PoolOptions } from "./pool.ts";
