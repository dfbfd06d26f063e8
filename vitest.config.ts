import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
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
