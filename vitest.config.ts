import { defineConfig } from "vitest/config";

/** Suites that make many repositories, or kill many processes: `npm run test:wide`. */
const wide = [
  ...["copies", "damage", "objects"].map((name) => `test/content/git/${name}.test.ts`),
  ...["attribution", "coverage", "damaged", "differential", "gaps", "hostile-folders", "names", "stores"].map(
    (name) => `test/sources/git/${name}.test.ts`,
  ),
  ...["range/select", "staged/staged"].map((name) => `test/sources/git/${name}.test.ts`),
  ...["fetch", "hostile", "redirects", "ssh"].map((name) => `test/remote/${name}.test.ts`),
  ...[
    "build/build-plans",
    "case/killed",
    "cli/archives",
    "cli/belonging",
    "cli/case",
    "cli/explain",
    "cli/fix",
    "cli/hostile-images",
    "cli/hostile-rules",
    "cli/inner-repositories",
    "cli/lifetimes",
    "cli/odd-files",
    "cli/review-live",
    "cli/review-reading",
    "cli/review-writing",
    "cli/scan-targets",
    "cli/secret-files",
    "cli/selections",
    "cli/self-test",
    "cli/triage",
    "content/compression",
    "content/containers/cost",
    "content/containers/keystores",
    "content/containers/programs",
    "detect/engines",
    "engine/containerd",
    "engine/engine",
    "hooks/commit",
    "hooks/install",
    "hooks/push",
    "review/colours",
    "review/every-key",
    "review/whole-review",
    "detect/dense",
  ].map((name) => `test/${name}.test.ts`),
  ...[
    "pool/large-archives",
    "pool/layer-thread",
    "pool/workers",
    "registry/artifacts",
    "registry/docker-registry",
    "registry/layers-at-once",
    "registry/proxied",
    "registry/stalled",
    "response/sweep",
    "store/cache",
    "store/proved",
    "store/usual-storage",
  ].map((name) => `test/${name}.test.ts`),
];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: "usual", include: ["test/**/*.test.{ts,tsx}"], exclude: wide } },
      { extends: true, test: { name: "wide", include: wide } },
    ],
    // Tests start worker threads, terminals and processes of their own: each file gets a process, not a thread.
    pool: "forks",
    // Machines are noisy; a test that works takes far less.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What one test scanned must not spare another its scan.
    env: { LEAKTRACE_CACHE_DIR: "/dev/null/no-cache" },
    setupFiles: ["test/property-seed.ts"],
    globalSetup: ["test/build-once.ts"],
    reporters: ["default", "./test/count-reporter.ts"],
  },
});
