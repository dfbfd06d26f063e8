import { decidedFinding, sayingOf, type Entry, type KnownSecret, type ScanRecord } from "../../case/index.ts";
import { verdicts, verdictWords } from "../../model/decision.ts";
import type { Finding } from "../../model/finding.ts";
import { ToolError } from "../../model/problem.ts";
import { sanitize } from "../../model/sanitize.ts";
import { counted, placeLines, writeLines } from "../../report/index.ts";
import { openCase, type OpenCase } from "../open-case.ts";

/** `leaktrace case list CASE`: one line for each secret. Gives the exit code. */
export async function list(path: string): Promise<number> {
  using opened = await openCase(path);
  await writeLines(listLines(opened), process.stdout);
  return 0;
}

/** `leaktrace case show CASE [fingerprint]`: what the case holds; or all that is known of one secret. Gives the exit code. */
export async function show(path: string, fingerprint?: string): Promise<number> {
  using opened = await openCase(path);
  await writeLines(fingerprint === undefined ? caseLines(opened) : secretLines(opened, fingerprint), process.stdout);
  return 0;
}

function* listLines({ file, decisions, state }: OpenCase): Iterable<string> {
  for (const secret of state().secrets) {
    const { fingerprint, severity, rule, masked } = secret.description;
    const finding = decidedFinding(secret, decisions, file.path);
    const places = finding.sightings.length;
    const [where] = placeLines(finding.sightings[0]!);
    const more = places > 1 ? ` and ${counted(places - 1, "more place")}` : "";
    const status = statusOf(secret, finding, decisions.standing(fingerprint));
    yield [
      status.padEnd(14),
      severity.padEnd(8),
      fingerprint,
      sanitize(rule.id),
      sanitize(masked),
      `${where}${more}`,
    ].join("  ");
    for (const fact of finding.facts.filter((text) => text.startsWith("conflict: "))) yield `    ${sanitize(fact)}`;
  }
}

function* caseLines({ file, decisions, state }: OpenCase): Iterable<string> {
  const { scans, secrets } = state();
  yield sanitize(file.path);
  yield "";
  yield counted(scans.length, "scan");
  for (const scan of scans) yield `  ${sanitize(scanText(scan))}`;
  yield "";
  const standings = secrets.map(({ description }) => decisions.standing(description.fingerprint));
  const counts = verdicts.map((verdict) => ({
    verdict,
    count: standings.filter((one) => one.kind === "decided" && one.decision.verdict === verdict).length,
  }));
  const decided = counts
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${verdictWords[verdict]}`);
  const open = standings.filter(({ kind }) => kind === "open").length;
  const gone = secrets.filter(({ isGone }) => isGone).length;
  const disputed = standings.length - open - standings.filter(({ kind }) => kind === "decided").length;
  const told = [
    ...decided,
    `${open} open`,
    ...(disputed === 0 ? [] : [`${disputed} in conflict`]),
    ...(gone === 0 ? [] : [`${gone} gone`]),
  ];
  yield `${counted(secrets.length, "secret")}: ${told.join(", ")}`;
  const conflicts = decisions.conflicted();
  if (conflicts.length === 0) return;
  yield "";
  yield `${counted(conflicts.length, "conflict")}, open until somebody decides again`;
  for (const fingerprint of conflicts) {
    const state = decisions.standing(fingerprint);
    if (state.kind !== "conflict") continue;
    yield `  ${fingerprint}`;
    for (const side of state.sides) yield `    ${entryText(side)}`;
  }
}

function* secretLines({ file, decisions, state }: OpenCase, asked: string): Iterable<string> {
  const found = state().secrets.filter(({ description }) => description.fingerprint.startsWith(asked));
  const [secret] = found;
  if (secret === undefined) throw new ToolError("usage", `${file.path} holds no secret ${asked}`);
  if (found.length > 1)
    throw new ToolError("usage", `${found.length} secrets begin with ${asked}`, { hint: "Give more of it." });
  const { description } = secret;
  const finding = decidedFinding(secret, decisions, file.path);
  yield `${description.severity.toUpperCase()}  ${sanitize(description.rule.description)}`;
  yield `  value  ${sanitize(description.masked)}`;
  yield `  rule   ${sanitize(description.rule.id)} (${description.confidence})`;
  yield `  state  ${statusOf(secret, finding, decisions.standing(description.fingerprint))}`;
  for (const fact of finding.facts) yield `  fact   ${sanitize(fact)}`;
  yield `  seen   first ${timeText(secret.firstSeen)}, last ${timeText(secret.lastSeen)}`;
  if (!secret.isGone) for (const sighting of secret.sightings()) yield* labelled("where", placeLines(sighting));
  for (const { sighting, lastSeen } of secret.gone())
    yield* labelled("gone", [
      ...placeLines(sighting()),
      `was here on ${lastSeen.slice(0, 10)}, not in the last complete scan`,
    ]);
  for (const entry of decisions.entries(description.fingerprint)) yield `  said   ${entryText(entry)}`;
  if (description.rule.revoke !== "") yield `  do     ${sanitize(description.rule.revoke)}`;
  yield `  id     ${description.fingerprint}`;
}

function* labelled(label: string, [head, ...details]: readonly string[]): Iterable<string> {
  yield `  ${label.padEnd(5)}  ${head}`;
  for (const detail of details) yield `         ${detail}`;
}

function statusOf(
  { isGone }: KnownSecret,
  { suppressed }: Finding,
  standing: ReturnType<OpenCase["decisions"]["standing"]>,
): string {
  if (standing.kind === "conflict") return "conflict";
  if (standing.kind === "decided") return verdictWords[standing.decision.verdict];
  if (isGone) return "gone";
  return suppressed === undefined ? "open" : "hidden";
}

function entryText({ time, by, act, decision }: Entry): string {
  const what = act === "decide" ? "" : ` (${act})`;
  const reason = decision === undefined || decision.reason === "" ? "" : `: ${decision.reason}`;
  return sanitize(`${timeText(time)}  ${by}: ${sayingOf(decision)}${what}${reason}`);
}

/** To the second. */
function timeText(time: string): string {
  return `${time.slice(0, 19)}Z`;
}

function scanText({ began, facts: { by, targets, report } }: ScanRecord): string {
  const names = targets.map(({ name }) => name).join(" ");
  if (report === undefined) return `${timeText(began)}  ${by}: ${names}: has not ended`;
  const gaps =
    report.targets.some(({ status }) => status === "incomplete" || status === "unreachable") || report.interrupted;
  const found = report.targets.reduce((sum, { findings }) => sum + findings, 0);
  // One that several targets hold counts in each.
  const each = report.targets.length > 1 ? ", counted in each target" : "";
  return `${timeText(began)}  ${by}: ${names === "" ? report.rules.origin : names}: ${counted(found, "secret")}${each}${gaps ? ", incomplete" : ""}`;
}
