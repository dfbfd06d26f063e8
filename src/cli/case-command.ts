import type { Command } from "commander";
import { exampleText, verifyCaseHelp } from "./help.ts";

/** Where an action leaves the exit code. */
interface Outcome {
  code: number;
}

/** `leaktrace case …`. */
export function addCaseCommand(program: Command, outcome: Outcome): void {
  const group = program
    .command("case")
    .description("what scans found and people decided, in one file (scan --case makes it)")
    .addHelpText("before", exampleText("case"));
  const add = (
    name: string,
    description: string,
    act: (args: readonly string[], values: Readonly<Record<string, unknown>>) => Promise<number>,
  ): Command => {
    const command = group.command(name).description(description).argument("<case>");
    return command.action(async () => {
      outcome.code = await act(command.args, command.opts());
    });
  };
  const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  add("list", "one line for each secret", async ([path = ""]) => (await import("./commands/case-show.ts")).list(path));
  add("show", "what it holds; or all that is known of one secret", async ([path = "", id]) =>
    (await import("./commands/case-show.ts")).show(path, id),
  ).argument("[id]", "lt1…, or its beginning");
  add("merge", "take all that other cases hold into the first", async ([path = "", ...others]) =>
    (await import("./commands/case-exchange.ts")).merge(path, others),
  ).argument("<others...>");
  add(
    "import",
    "take in bundles, reports (-f jsonl, or gitleaks' JSON), decisions as text",
    async ([path = "", ...names]) => (await import("./commands/case-exchange.ts")).importFiles(path, names),
  ).argument("<files...>");
  add(
    "export",
    "all of it in one signed file; or its decisions as text that merges in git",
    async ([path = ""], values) => {
      const [output, key] = [text(values["output"]), text(values["key"])];
      const { exportCase } = await import("./commands/case-exchange.ts");
      return exportCase(path, {
        decisions: values["decisions"] === true,
        ...(output === undefined ? {} : { output }),
        ...(key === undefined ? {} : { key }),
      });
    },
  )
    .option("-o, --output <file>", "write it here (default: CASE.evidence.tgz; decisions: standard output)")
    .option(
      "--key <file>",
      "sign with this Ed25519 key in PEM (default: signing-key.pem in the user's leaktrace folder)",
    )
    .option("--decisions", "decisions alone, one line each");
  add(
    "verify",
    "who signed a bundle, and whether it is as it was; whether a case is whole",
    async ([path = ""], values) => {
      const publicKey = text(values["publicKey"]);
      const { verify } = await import("./commands/case-exchange.ts");
      return verify(path, publicKey === undefined ? {} : { publicKey });
    },
  )
    .option("--public-key <file>", "the key that it should be signed with, in PEM (default: your own)")
    .addHelpText("after", verifyCaseHelp);
}
