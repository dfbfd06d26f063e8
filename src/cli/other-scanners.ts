/** What other programs call it, and what does the same here. Keys are as they are typed. */
const commands: ReadonlyMap<string, string> = new Map([
  ...same("leaktrace dir FOLDER", "fs", "filesystem", "rootfs"),
  ...same("leaktrace git REPOSITORY (a path or an address)", "repo", "repository"),
  ...same(
    "leaktrace image docker:NAME, or any registry: leaktrace image registry.example.com/team/api:1.4",
    "docker",
    "podman",
  ),
  ...same(
    "leaktrace scan https://HOST/TEAM/REPOSITORY; for many: one address a line, and leaktrace scan --targets FILE",
    "github",
    "gitlab",
    "gitea",
    "bitbucket",
    "azure",
    "huggingface",
    "hf",
  ),
  ...same("leaktrace scan --targets FILE (one target a line), --resume to go on", "sweep", "multi", "batch"),
  ...same("leaktrace config check, and leaktrace rules check CONFIG", "doctor", "validate", "check", "lint"),
  ...same("leaktrace review report.jsonl, in the terminal", "view", "serve", "tui", "ui"),
  ...same("-b REPORT: an earlier report (-f json or jsonl) is the baseline", "baseline"),
  ...same("leaktrace hook install --pre-commit", "pre-commit", "install"),
  ...same("leaktrace report CASE-OR-REPORT -f FORMAT", "convert", "export"),
  ...same("leaktrace case verify, leaktrace verify-fix; no secret is sent anywhere to try it", "verify"),
]);

const notTried = "no secret is sent anywhere to try it; `facts` in a report is what can be proved without";

const options: ReadonlyMap<string, string> = new Map([
  ...same(
    notTried,
    "--only-verified",
    "--only-valid",
    "--no-verification",
    "--no-verify",
    "--no-validate",
    "--validation",
    "--results",
    "--validation-status",
  ),
  ...same("-f json (gitleaks' fields), -f jsonl (everything)", "--json", "--jsonl", "--legacy-print", "--sarif"),
  ...same("-f FORMAT", "--format", "--output-format"),
  ...same("-r FILE; the format goes by its extension, or -f", "-o", "--output", "--out", "--report"),
  ...same(
    '--log-opts "COMMIT..HEAD"; by date --since, by branch --branch',
    "--since-commit",
    "--commit",
    "--from",
    "--max-depth",
    "--depth",
  ),
  ...same("exit code 1 for secrets is the default; --exit-code N changes it", "--fail", "--error"),
  ...same("--workers N", "--concurrency", "--jobs", "-j", "--parallel", "--threads", "--git-workers"),
  ...same(
    "the target stands without an option: leaktrace image app.tar, leaktrace git ../api",
    "--image",
    "--input",
    "-s",
    "--source",
    "--path",
    "--repo",
  ),
  ...same(
    "--enable-rule ID; without some: disabledRules under [extend] of a configuration (leaktrace rules list)",
    "--rule",
    "--rules",
    "--include-detectors",
    "--exclude-detectors",
    "--detectors",
    "--disable-rule",
  ),
  ...same(
    "paths under [[allowlists]] of a configuration, -c FILE (patterns/README.md)",
    "-x",
    "--exclude",
    "--exclude-paths",
    "--include-paths",
    "--skip-dirs",
    "--skip-files",
    "--exclude-globs",
  ),
  ...same("--min-severity SEVERITY", "--severity", "--confidence", "--min-confidence"),
  ...same("-b REPORT: an earlier report (-f json or jsonl)", "--baseline", "--baseline-file", "--manage-baseline"),
  ...same(
    "-i FILE for a .gitleaksignore; decisions of the review lie in .leaktraceignore",
    "--ignorefile",
    "--ignore-file",
  ),
  ...same("-c CONFIG", "--secret-config", "--rules-path", "--config-file"),
  ...same("leave it out: nothing but secrets is looked for", "--scanners", "--security-checks", "--vuln-type"),
  ...same("leave it out: nothing is updated by itself", "--no-update", "--skip-db-update", "--no-update-check"),
  ...same(
    "there is none; --log-level debug says more, and node --cpu-prof measures",
    "--diagnostics",
    "--diagnostics-dir",
    "--profile",
  ),
  ...same("regexes are RE2's always", "--regex-engine", "--regexp-engine"),
  ...same("--log-level debug, or error for less", "--debug", "--trace", "--quiet", "-q", "--silent"),
  ...same("--log-level error", "--no-progress", "--no-fail"),
]);

/**
 * What does here what a word of another program asks for there, where one is known: who tries the gestures of TruffleHog, Trivy, Kingfisher or of a
 * newer gitleaks is told ours. `word`: a command or an option, as it was typed.
 */
export function ourWordFor(word: string): string | undefined {
  return word.startsWith("-") ? options.get(word.replace(/=.*/s, "")) : commands.get(word);
}

function same(hint: string, ...words: readonly string[]): readonly (readonly [string, string])[] {
  return words.map((word) => [word, hint]);
}
