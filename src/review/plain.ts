import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Finding } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { verdictWords, type DecisionSink } from "../model/decision.ts";
import { detailLines } from "./detail.ts";
import type { ReviewFeed } from "./feed.ts";
import { editRule, type Asking } from "./plain-rule.ts";
import { overlayLines, proposalHeadRows } from "./overlays.ts";
import { placeTitle } from "./place-lines.ts";
import { createSession, type Session } from "./session.ts";
import { selectedFinding, verdictOf, type ReviewState } from "./state.ts";
import { plainText } from "./styled.ts";
import type { Writer } from "./writer.ts";

/** For the detail's line breaks; lines of questions are as long as they are, for programs and screen readers. */
const plainSize = { columns: 80, rows: 24 };

const help = `r real · f false positive · i REASON ignore · x rotated · each can be followed by a reason
w mark or w allowlist write a mark into the line, an allowlist into your configuration; both ask first
R change its rule; what appears and vanishes is shown before it is saved
s (or an empty line) skip · d detail · u undo · q quit`;

/**
 * The review as numbered questions: one line each, answered by one letter and Enter. For dumb terminals, screen readers, pipes and programs.
 * Ends when everything is answered and the scan is over, at `q`, or where the input ends. Gives the last state.
 */
export async function runPlain(options: {
  readonly feed: ReviewFeed;
  readonly decisions: DecisionSink;
  readonly input: Readable;
  readonly output: Writable;
  readonly now: () => string;
  readonly writer?: Writer;
}): Promise<ReviewState> {
  const news = createNews();
  const session = createSession({
    feed: options.feed,
    decisions: options.decisions,
    size: plainSize,
    now: options.now,
    changed: news.tell,
    perform: () => {},
    ...(options.writer === undefined ? {} : { writer: options.writer }),
  });
  const say = (text: string): void => {
    options.output.write(`${text}\n`);
  };
  const lines = createInterface({ input: options.input, terminal: false });
  const answers = lines[Symbol.asyncIterator]();
  const next = async (): Promise<string | undefined> => {
    const answer = await answers.next();
    return answer.done === true ? undefined : answer.value;
  };
  try {
    await ask(session, options.writer, { say, next, nextChange: news.next });
  } finally {
    lines.close();
    await session.close();
  }
  return session.state();
}

interface Talk extends Asking {
  readonly nextChange: () => Promise<void>;
}

async function ask(session: Session, writer: Writer | undefined, talk: Talk): Promise<void> {
  const { say, nextChange } = talk;
  const skipped = new Set<string>();
  let number = 0;
  let saidWaiting = false;
  let returnTo: Finding | undefined;
  // A report is asked about in its order of severity, which its end decides; a scan takes too long to wait for.
  while (session.state().scan.isRunning && session.state().scan.isReading) await nextChange();
  for (;;) {
    const finding = returnTo ?? nextOpen(session.state(), skipped);
    returnTo = undefined;
    if (finding === undefined) {
      if (!session.state().scan.isRunning) return;
      if (!saidWaiting) say("waiting for the scan");
      saidWaiting = true;
      await nextChange();
      continue;
    }
    number += 1;
    session.select(finding.fingerprint);
    say(question(session.state(), finding, number));
    const outcome = await answered(session, finding, writer, talk);
    if (outcome === "quit") return;
    if (outcome === "skip") skipped.add(finding.fingerprint);
    if (outcome === "undone") {
      skipped.clear();
      returnTo = openSelected(session.state());
    }
  }
}

/** Asks until the question is settled: help, detail and answers that mean nothing leave it open. */
async function answered(
  session: Session,
  finding: Finding,
  writer: Writer | undefined,
  talk: Talk,
): Promise<"decided" | "skip" | "undone" | "quit"> {
  const { say, next } = talk;
  const isDecided = (): boolean =>
    verdictOf(session.state(), session.state().findings.get(finding.fingerprint) ?? finding) !== undefined;
  for (;;) {
    const answer = await next();
    if (answer === undefined) return "quit";
    const [, letter = "", rest = ""] = /^\s*(\S?)\s*(.*)$/su.exec(answer) ?? [];
    switch (letter) {
      case "":
      case "s":
        return "skip";
      case "q":
        return "quit";
      case "u":
        session.key({ name: "u", text: "u" });
        await session.settled();
        say(session.state().toast);
        return "undone";
      case "d":
        for (const row of detailLines(session.state())) say(plainText(row));
        break;
      case "w": {
        const key = elsewhere.find(([, word]) => rest.trim() === word)?.[0];
        if (key === undefined) {
          say(`w takes ${elsewhere.map(([, word]) => word).join(" or ")}`);
          break;
        }
        await writeElsewhere(session, key, talk);
        if (isDecided()) return "decided";
        break;
      }
      case "R":
        // What a change does can only be told once everything was found.
        if (session.state().scan.isRunning) say("waiting for the scan");
        while (session.state().scan.isRunning) await talk.nextChange();
        await editRule(session, writer, talk, () => answeredProposal(session, talk));
        if (isDecided()) return "decided";
        break;
      case "r":
      case "f":
      case "x":
      case "i": {
        const reason = letter === "i" && rest.trim() === "" ? await askedReason(talk) : rest;
        if (letter === "i" && reason.trim() === "") {
          say("not decided: a reason is needed");
          break;
        }
        decide(session, letter, reason);
        await session.settled();
        const verdict = verdictOf(session.state(), finding);
        say(verdict === undefined ? session.state().toast : `${verdictWords[verdict]}`);
        return verdict === undefined ? "skip" : "decided";
      }
      default:
        say(help);
    }
  }
}

/** Keys of the overlay of places, and what they are called here. */
const elsewhere = [
  ["2", "mark"],
  ["3", "allowlist"],
] as const;

/** Shows what would be written elsewhere, and writes it where the answer is yes. The same keys as on the screen. */
async function writeElsewhere(session: Session, key: string, talk: Talk): Promise<void> {
  session.key({ name: "w", text: "w" });
  session.key({ name: key, text: key });
  if ((await answeredProposal(session, talk)) === "edit") session.key({ name: "Esc", text: "" });
}

/** Shows what is proposed, once that is known, and asks. `edit`: a rule is to be changed once more, or has to be; its proposal is open still. */
async function answeredProposal(session: Session, { say, next, nextChange }: Talk): Promise<"edit" | "done"> {
  const stage = (): string | undefined => session.state().proposal?.stage;
  while (stage() === "working" || stage() === "edited") await nextChange();
  const tell = (): void => {
    for (const row of overlayLines(session.state()).slice(proposalHeadRows)) say(plainText(row));
  };
  tell();
  if (stage() !== "ready") return "edit";
  const isRule = session.state().proposal?.what === "rule";
  say(`write it? [y n${isRule ? " e" : ""}]`);
  const answer = (await next()) ?? "";
  if (isRule && /^\s*e/i.test(answer)) return "edit";
  session.key(/^\s*y/i.test(answer) ? { name: "Enter", text: "" } : { name: "Esc", text: "" });
  await session.settled();
  // Why it could not be written.
  if (session.state().overlay !== undefined) tell();
  else say(session.state().toast);
  if (session.state().overlay !== undefined) session.key({ name: "Esc", text: "" });
  return "done";
}

async function askedReason({ next, say }: Asking): Promise<string> {
  say("reason:");
  return (await next()) ?? "";
}

/** The same keys as on the screen, so that both do the same. */
function decide(session: Session, letter: "r" | "f" | "x" | "i", reason: string): void {
  const type = (name: string, text = ""): void => session.key({ name, text });
  if (letter !== "i" && reason !== "") write(type, "c", reason);
  if (letter === "i") write(type, "i", reason);
  else type(letter, letter);
}

function write(type: (name: string, text?: string) => void, prompt: "c" | "i", text: string): void {
  type(prompt, prompt);
  type("End");
  type("C-u");
  type("Paste", text);
  type("Enter");
}

function nextOpen(state: ReviewState, skipped: ReadonlySet<string>): Finding | undefined {
  for (const fingerprint of state.list.shown) {
    const finding = state.findings.get(fingerprint);
    if (finding !== undefined && !skipped.has(fingerprint) && verdictOf(state, finding) === undefined) return finding;
  }
  return undefined;
}

/** Undoing puts the selection on what was undone. */
function openSelected(state: ReviewState): Finding | undefined {
  const finding = selectedFinding(state);
  return finding !== undefined && verdictOf(state, finding) === undefined ? finding : undefined;
}

function question(state: ReviewState, finding: Finding, number: number): string {
  const [first] = finding.sightings;
  const where = first === undefined ? "" : ` in ${placeTitle(first)}`;
  const more = finding.sightings.length > 1 ? ` and ${finding.sightings.length - 1} more places` : "";
  return `${number}. ${finding.severity} ${sanitize(finding.rule.id)} ${sanitize(finding.masked)}${where}${more} (${state.counts.open} open) [r f i x w R s d u q ?]`;
}

interface News {
  readonly tell: () => void;
  /** Resolves at the next change. */
  readonly next: () => Promise<void>;
}

function createNews(): News {
  let waiting: (() => void)[] = [];
  return {
    tell: () => {
      for (const wake of waiting.splice(0)) wake();
    },
    next: () =>
      new Promise((wake) => {
        waiting = [...waiting, wake];
      }),
  };
}
