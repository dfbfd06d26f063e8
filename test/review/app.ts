/**
 * A program for the terminal tests: a review whose scan is run by signals. `SIGUSR2` makes the next finding appear, after the last one the
 * scan ends; with `throw` as its argument the signal makes the process throw instead. Decisions go to `.leaktraceignore` in the current folder.
 */
import { ignoreFileName } from "../../src/findings/index.ts";
import { createLiveFeed, openIgnoreFile, review } from "../../src/review/index.ts";
import { makeFinding } from "./make-finding.ts";

const [what = ""] = process.argv.slice(2);
const feed = createLiveFeed("shop.git");
// The value is made here, of pieces, so that the test can look for it in everything that the terminal got.
const secret = ["swordfish", "of", "the", "test"].join("-");
const findings = [5, 4, 3, 2, 1].map((n) => makeFinding(n, { secret: `${secret}-${n}` }));
let next = 0;
process.on("SIGUSR2", () => {
  if (what === "throw") throw new Error("planted");
  const finding = findings[next++];
  if (finding === undefined) feed.end({ findings });
  else feed.observer.finding(finding);
});
try {
  const outcome = await review({
    feed,
    decisions: await openIgnoreFile(ignoreFileName, ignoreFileName),
    terminal: { stdin: process.stdin, stdout: process.stdout },
  });
  process.stdout.write(`${outcome.by}: ${outcome.summary}\n`);
} catch (error) {
  process.stdout.write(`caught: ${error instanceof Error ? error.message : String(error)}\n`);
}
process.exit();
