/** What the program says of itself without arguments: what it is, how to begin, the commands. */
export const overview = `leaktrace finds secrets that leaked into git repositories and container images,
and the commit or layer that brought each one in.

  leaktrace scan .                       everything in this repository's history
  leaktrace image app.tar                every layer of an image, deleted files

Commands:
  scan [target...]       look at what each target is, and scan it
  git [repository]       all of a repository: history, messages, stashes, reflog
  image <image...>       archives, registries, Docker, podman: all layers
  dir [path...]          scan files and folders
  stdin                  scan standard input
  review [target...]     go through findings in the terminal, as they come
  report <case|report>   a case or report in any format (md, html, csv, sarif …)
  case list|show|…       findings and decisions in a file: merge, export, verify
  hook install           stop pushes that hold secrets, or commits
  fix <image> [context]  what to do about the secrets in an image, with a patch
  verify-fix <old> <new> whether the image that was built anew still holds them
  explain <place>        why something at FILE:LINE is reported, or is not
  rules list             the kinds of secrets that are known
  config show|check      what a scan of a target would go by, and from where
  cache show|clear       what scans remember, so that the next one is quick
  completion <shell>     completion for bash, zsh, fish
  version                the version

leaktrace <command> --help tells more.
`;

/** Printed above the options of a command: what people do with it most. */
const examples: Readonly<Record<string, readonly string[]>> = {
  scan: [
    "leaktrace scan .",
    "leaktrace scan ../api ../web image.tar",
    "leaktrace scan https://git.example.com/team/api git@git.example.com:team/web.git",
    "leaktrace scan --targets list.txt -r report.jsonl",
    "leaktrace scan --targets list.txt --resume -r report.jsonl",
  ],
  git: [
    "leaktrace git",
    "leaktrace git ../api -r findings.sarif",
    "leaktrace git https://git.example.com/team/api",
    'leaktrace git --log-opts "origin/main..HEAD"',
    "leaktrace git --since 2.weeks.ago --branch 'release/*'",
    "leaktrace git --staged",
  ],
  image: [
    "leaktrace image app.tar",
    "leaktrace image oci:build/image -f json",
    "leaktrace image registry.example.com/team/api:1.4",
    "leaktrace image registry.example.com/team/api --all-tags",
    "leaktrace image docker:app:1.4 podman: podman-container:web",
    "docker save app:1.4 | leaktrace image -",
    "leaktrace image containers-storage: docker-storage: containerd: /var/lib/registry",
  ],
  dir: ["leaktrace dir .", "leaktrace dir conf/ deploy/ -f json"],
  stdin: ["kubectl get pods -o yaml | leaktrace stdin"],
  review: [
    "leaktrace review",
    "leaktrace review report.jsonl",
    "leaktrace review incident.case",
    "leaktrace review --screen-reader app.tar",
  ],
  report: ["leaktrace report incident.case -f sarif -r leaks.sarif", "leaktrace report report.jsonl -r leaks.html"],
  case: [
    "leaktrace scan ../api app.tar --case incident.case",
    "leaktrace review incident.case",
    "leaktrace case merge incident.case from-ada.case",
    "leaktrace case export incident.case && leaktrace case verify incident.evidence.tgz",
  ],
  fix: [
    "leaktrace fix app.tar .",
    "leaktrace fix registry.example.com/team/api:1.4 . --patch fix.patch && git apply fix.patch",
  ],
  "verify-fix": ["leaktrace verify-fix app-old.tar app.tar", "leaktrace verify-fix report.jsonl oci:build/image"],
  explain: [
    "leaktrace explain config/app.env:12",
    "leaktrace explain lt1483affb9ff4510d63a126389d829bf3a ../api",
    "leaktrace explain 8a3e1f…:src/db.py:40 ../api",
  ],
  rules: [
    "leaktrace rules list",
    "leaktrace rules show github-pat-classic",
    "leaktrace rules test github-pat-classic notes.txt",
    "leaktrace rules check .leaktrace.toml",
    "leaktrace rules diff built-in .leaktrace.toml ../api",
  ],
  config: ["leaktrace config show --origin ../api", "leaktrace config check -c rules.toml"],
  completion: ["leaktrace completion bash > ~/.local/share/bash-completion/completions/leaktrace"],
};

/** The examples of a command, as they stand above its options. */
export function exampleText(name: string): string {
  return `Examples:\n${(examples[name] ?? []).map((line) => `  ${line}\n`).join("")}`;
}

/** Printed below the options of verify-fix. */
export const verifyFixHelp = `
Exit codes:
  0    all of it is gone, and nothing new came
  1    something is left, or new
  2    wrong usage, configuration or rules
  3    all of it seems gone, but not everything could be scanned
`;

/** Printed below the options of case verify. */
export const verifyCaseHelp = `
Exit codes:
  0    whole, and signed by the key that was named (or your own); of a case: whole
  1    not as it was signed, or signed by another key than the one named; of a case: damaged
  2    wrong usage, or no bundle and no case
  3    whole, and signed by a key that is not known here
`;

/** Printed below the options of the scanning commands. */
export const exitCodeHelp = `
Exit codes:
  0    everything was scanned, and nothing was found
  1    secrets were found (--exit-code changes it)
  2    wrong usage, configuration or rules; nothing was scanned
  3    nothing was found, but not everything could be scanned
  130  interrupted (143: terminated, 129: hung up); what was found is written
`;
