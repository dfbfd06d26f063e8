import { sanitize } from "../model/sanitize.ts";
import { selectedFinding } from "./state.ts";
import type { Session } from "./session.ts";
import type { RuleForm, Writer } from "./writer.ts";

/** How questions are asked and answered. `next`: the next line typed; undefined where the input ends. */
export interface Asking {
  readonly say: (text: string) => void;
  readonly next: () => Promise<string | undefined>;
}

const help = `a number and what it is to be, such as 1 low · file PATH takes the rule's block from a file · show the block
t tries it: what appears and vanishes · q leaves the rule as it is`;

/**
 * The rule workbench as questions: the rule of the selected finding is changed line by line, tried (`tried` shows what appears and vanishes, and asks whether it is to be saved), and saved or not. The draft
 * stays until the review ends, so that it can be taken up again.
 */
export async function editRule(
  session: Session,
  writer: Writer | undefined,
  { say, next }: Asking,
  tried: () => Promise<"edit" | "done">,
): Promise<void> {
  const finding = selectedFinding(session.state());
  if (finding === undefined) return;
  const { place } = session.state();
  session.key({ name: "R", text: "R" });
  if (session.state().proposal === undefined) return say(session.state().toast);
  const left = (text: string): void => {
    session.key({ name: "Esc", text: "" });
    say(text);
  };
  const form = writer === undefined ? "nothing can be written here" : await writer.form(finding);
  if (typeof form === "string") return left(sanitize(form));
  say(`rule ${sanitize(finding.rule.id)}, in ${sanitize(form.name)}`);
  tellFields(form, say);
  for (;;) {
    say(`change what? [1-${form.fields.length} file show t q ?]`);
    const [, word = "", rest = ""] = /^\s*(\S*)\s*(.*?)\s*$/su.exec((await next()) ?? "q") ?? [];
    switch (word) {
      case "q":
        return left("nothing was written");
      case "t":
        session.propose({ what: "rule", finding, place });
        if ((await tried()) === "done") return;
        session.key({ name: "e", text: "e" });
        break;
      case "show":
        for (const line of await form.lines()) say(sanitize(line));
        break;
      case "file":
        tellChange(await form.take(rest), form, say);
        break;
      default:
        if (/^\d+$/.test(word)) tellChange(await form.set(Number(word), rest), form, say);
        else say(help);
    }
  }
}

function tellChange(fault: string, form: RuleForm, say: (text: string) => void): void {
  if (fault === "") tellFields(form, say);
  else say(`not changed: ${sanitize(fault)}`);
}

function tellFields({ fields }: RuleForm, say: (text: string) => void): void {
  for (const [index, { name, now }] of fields.entries())
    say(`${index + 1} ${name}${now === "" ? "" : `: ${sanitize(now)}`}`);
}
