import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/**
 * Counts a run for `.ci/run`: writes `{"passed":…,"failed":…,"skipped":…}` to the file that LEAKTRACE_TEST_COUNTS names. Under
 * LEAKTRACE_REQUIRE_ALL=1 a skipped test is a failure: a machine that cannot run a test must not look as if it had.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].map((test) => `${module.relativeModuleId}: ${test.fullName}`),
    );
    const failedTests = modules.reduce((sum, module) => sum + [...module.children.allTests("failed")].length, 0);
    // A file that does not load has no tests that could fail.
    const failedModules = modules.filter((module) => module.errors().length > 0).length;
    const passed = modules.reduce((sum, module) => sum + [...module.children.allTests("passed")].length, 0);
    const requireAll = process.env["LEAKTRACE_REQUIRE_ALL"] === "1";
    const failed = failedTests + failedModules + unhandled.length + (requireAll ? skipped.length : 0);
    if (requireAll && skipped.length > 0) {
      process.stderr.write(
        `\nskipped where nothing may be (LEAKTRACE_REQUIRE_ALL=1):\n${skipped.map((name) => `  ${name}\n`).join("")}`,
      );
      process.exitCode = 1;
    }
    const path = process.env["LEAKTRACE_TEST_COUNTS"];
    if (path !== undefined && path !== "")
      writeFileSync(path, `${JSON.stringify({ passed, failed, skipped: skipped.length })}\n`);
  }
}
