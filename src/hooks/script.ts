/** The hooks that there are. */
export type HookName = "pre-push" | "pre-commit";

/** The second line of every hook of ours: by it a hook is known as one, whatever version wrote it. */
const marker = (hook: HookName): string => `# leaktrace ${hook} hook`;

/** The hook that was there before ours lies beside it under this name. */
export const formerName = (hook: HookName): string => `${hook}.before-leaktrace`;

/** What a hook that stops says it stopped. */
const stops: Readonly<Record<HookName, string>> = { "pre-push": "push", "pre-commit": "commit" };

/** How the program that installs the hook was started, for when there is no `leaktrace` on the path. */
export interface Installer {
  readonly node: string;
  readonly program: string;
}

/**
 * The text of the hook, for any POSIX shell. It reads what git says once, gives it to the former hook and then to leaktrace. Where there is
 * no leaktrace the push is stopped: a hook that checks nothing must not look like one that found nothing.
 */
export function hookScript(hook: HookName, { node, program }: Installer): string {
  const what = stops[hook];
  const flag = hook === "pre-push" ? "" : ` --${hook}`;
  return `#!/bin/sh
${marker(hook)} 1. Stops ${what === "push" ? "pushes" : "commits"} that hold secrets; leaktrace hook uninstall${flag} takes it away.
former="\${0%/*}/${formerName(hook)}"
node=${quoted(node)}
program=${quoted(program)}

refs=${hook === "pre-push" ? "$(cat && echo .)" : "."}
refs=\${refs%.}

if [ -x "$former" ]; then
  first=
  [ -h "$former" ] || IFS= read -r first <"$former"
  case $first in
    '#!/bin/sh' | '#!/usr/bin/env sh')
      # Some hooks look at the name they are called by: a plain script is run under the one it had.
      printf '%s' "$refs" | sh -c 'former=$1; shift; . "$former"' "$0" "$former" "$@" || exit $?
      ;;
    *) printf '%s' "$refs" | "$former" "$@" || exit $? ;;
  esac
fi

if command -v leaktrace >/dev/null 2>&1; then
  printf '%s' "$refs" | leaktrace hook ${hook} "$@"
elif [ -x "$node" ] && [ -f "$program" ]; then
  printf '%s' "$refs" | "$node" "$program" hook ${hook} "$@"
else
  echo 'leaktrace: the program is not there, so nothing was checked and the ${what} is stopped' >&2
  echo '  install it, or remove this hook:' "$0" >&2
  echo '  git ${what} --no-verify goes on once without any hook' >&2
  exit 1
fi
`;
}

/** Whether the text of a hook is one of ours. */
export function isOurHook(hook: HookName, text: string): boolean {
  return text.startsWith(`#!/bin/sh\n${marker(hook)} `);
}

/** A word for the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
