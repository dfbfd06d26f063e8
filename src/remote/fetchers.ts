/** What fetches: the git program, or what is built in. */
export const fetchers = ["git", "builtin"] as const;
export type Fetcher = (typeof fetchers)[number];
