/**
 * hooks: git hooks that stop secrets before they leave. Installs and removes them without touching what was there, reads what git gives
 * them, and says what a stopped push needs. Never scans by itself, never changes anything in the repository but the hook.
 */
export { hooksFolder, type HookPlaces } from "./hooks-folder.ts";
export { hookState, installHook, uninstallHook, type HookState } from "./install.ts";
export { incompleteLines, stoppedCommitLines, stoppedLines, type PushAdvice } from "./message.ts";
export { parsePrePushLines, type PrePushLine } from "./pre-push-lines.ts";
export { formerName, type HookName, type Installer } from "./script.ts";
