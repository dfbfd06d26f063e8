import type { Finding } from "../model/finding.ts";
import { allowlistText, keepsInIgnoreFile } from "./elsewhere.ts";
import type { Command } from "./command.ts";
import { overlayHeight, overlayLines } from "./overlays.ts";
import { withoutFinding } from "./selection.ts";
import { selectedFinding, verdictOf, type Action, type Reduced, type ReviewState } from "./state.ts";
import type { WrittenIn } from "./writer.ts";

function only(state: ReviewState): Reduced {
  return { state, effects: [] };
}

/** What a key does while an overlay is open. `keyName`: what is written is confirmed by Enter alone. */
export function inOverlay(state: ReviewState, command: Command, keyName: string): Reduced {
  if (state.overlay === "proposal") {
    const answer = answered(state, command, keyName);
    if (answer !== undefined) return answer;
  }
  if (state.overlay === "elsewhere") {
    const chosen = chosenPlace(state, command);
    if (chosen !== undefined) return chosen;
  }
  const page = overlayHeight(state.size);
  const last = Math.max(0, overlayLines(state).length - page);
  const to = (overlayTop: number): Reduced => only({ ...state, overlayTop: Math.max(0, Math.min(last, overlayTop)) });
  switch (command) {
    case "down":
      return to(state.overlayTop + 1);
    case "up":
      return to(state.overlayTop - 1);
    case "half-down":
    case "page-down":
      return to(state.overlayTop + page);
    case "half-up":
    case "page-up":
      return to(state.overlayTop - page);
    case "top":
      return to(0);
    case "bottom":
      return to(last);
    case "quit":
      return { state, effects: [{ kind: "quit", by: "quit" }] };
    case "copy": {
      const finding = state.overlay === "elsewhere" ? selectedFinding(state) : undefined;
      if (finding === undefined) return only(state);
      return { state, effects: [{ kind: "copy", what: "allowlist", text: allowlistText(finding, state.place) }] };
    }
    case "close":
    case "back":
    case "help":
    case "problems":
    case "elsewhere":
      return only({ ...state, overlay: undefined, overlayTop: 0 });
    default:
      return only(state);
  }
}

/** The places of the overlay, by their numbers: the first is where decisions go anyway. */
function chosenPlace(state: ReviewState, command: Command): Reduced | undefined {
  switch (command) {
    case "tab-text":
      return wished(state, "mark");
    case "tab-change":
      return wished(state, "allowlist");
    case "tab-story":
    case "rule":
      return drafted(state);
    case "tab-why":
      return keepsInIgnoreFile(state) ? undefined : wished(state, "ignore-file");
    default:
      return undefined;
  }
}

function wished(state: ReviewState, what: WrittenIn): Reduced {
  const finding = selectedFinding(state);
  if (finding === undefined) return only(withoutFinding(state));
  const decision = verdictOf(state, finding) === undefined ? undefined : state.decisions.get(finding.fingerprint);
  const wish = { what, finding, place: state.place, ...(decision === undefined ? {} : { decision }) };
  return {
    state: { ...state, overlay: "proposal", overlayTop: 0, proposal: { ...wish, stage: "working", rows: [] } },
    effects: [{ kind: "propose", wish }],
  };
}

/** Gives the rule of the selected finding to the editor. What becomes of it can only be told once everything was found. */
export function drafted(state: ReviewState): Reduced {
  const finding = selectedFinding(state);
  if (finding === undefined) return only(withoutFinding(state));
  if (state.scan.isRunning)
    return only({ ...state, toast: "once the scan is over: it shows what a change of a rule does" });
  const wish = { what: "rule", finding, place: state.place } as const;
  return {
    state: {
      ...state,
      overlay: "proposal",
      overlayTop: 0,
      revealed: undefined,
      proposal: { ...wish, stage: "edited", rows: [] },
    },
    effects: [{ kind: "outside", wish: { kind: "draft", finding, place: state.place } }],
  };
}

/** A key that answers a proposal; undefined for those that scroll. */
function answered(state: ReviewState, command: Command, keyName: string): Reduced | undefined {
  const { proposal } = state;
  const closed: ReviewState = { ...state, overlay: undefined, overlayTop: 0, proposal: undefined };
  if (proposal === undefined) return only(closed);
  if (keyName === "Enter")
    return proposal.stage === "ready"
      ? { state: { ...state, toast: "writing" }, effects: [{ kind: "commit" }] }
      : only(state);
  switch (command) {
    case "edit":
      return proposal.what === "rule" ? drafted(state) : only(state);
    case "close":
    case "back":
      return { state: { ...closed, toast: "nothing was written" }, effects: [{ kind: "withdraw" }] };
    case "into":
    case "copy":
    case "help":
    case "problems":
    case "elsewhere":
      return only(state);
    default:
      return undefined;
  }
}

/** The state with what came of a wish; nothing changes where it was withdrawn meanwhile. */
export function proposed(
  state: ReviewState,
  { what, stage, rows }: Extract<Action, { kind: "proposed" }>,
): ReviewState {
  const { proposal } = state;
  if (proposal?.what !== what) return state;
  return { ...state, proposal: { ...proposal, stage, rows } };
}

/** Findings that something written elsewhere hides, with that told in each. */
export function hiddenBy(
  state: ReviewState,
  { hidden, by, said }: Extract<Action, { kind: "written" }>,
): readonly Finding[] {
  return hidden.flatMap((fingerprint) => {
    const finding = state.findings.get(fingerprint);
    return finding === undefined ? [] : [{ ...finding, suppressed: { by, reason: said } }];
  });
}
