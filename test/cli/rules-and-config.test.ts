import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

function config(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("rules check", () => {
  test("notes what is slow or odd, rule by rule, and counts", () => {
    const path = config(
      "odd.toml",
      `[extend]\nuseDefault = true\n[[rules]]\nid = "slow"\ndescription = "d"\nregex = '''foo.*bar'''\n` +
        `[[rules]]\nid = "loose"\ndescription = "d"\nregex = '''zz[a-z]*'''\nkeywords = ["yy"]\n` +
        `[[rules]]\nid = "empty"\ndescription = "d"\nregex = '''(acme_[0-9a-f]{8})?'''\nkeywords = ["acme_"]\n` +
        `[[rules]]\nid = "good"\ndescription = "d"\nregex = '''good_[0-9a-f]{8}'''\nkeywords = ["good_"]\nexamples = ["x = good_\${hex:8}"]\ncounter_examples = ["good_"]\n`,
    );
    const { code, stdout } = leaktrace(["rules", "check", path]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^note {3}slow\n.*no keywords/m);
    expect(stdout).toMatch(/^note {3}loose\n.*need not hold a keyword/m);
    expect(stdout).toMatch(/^note {3}empty\n.*matches the empty text/m);
    expect(stdout).toMatch(/^ok {5}good$/m);
    expect(stdout).toMatch(/^4 rules of its own or changed/m);
  });

  test("fails where an example is missed or a counter-example is found", () => {
    const path = config(
      "failing.toml",
      `[[rules]]\nid = "a"\ndescription = "d"\nregex = '''acme_[0-9a-f]{8}'''\nkeywords = ["acme_"]\nexamples = ["acme-\${hex:8}"]\ncounter_examples = ["acme_\${hex:9}"]\n`,
    );
    const { code, stdout } = leaktrace(["rules", "check", path]);
    expect(code).toBe(1);
    expect(stdout).toContain("its example is not found: acme-${hex:8}");
    expect(stdout).toContain("its counter-example is found: acme_${hex:9}");
  });

  test("a configuration that no scan would take: code 2, and why", () => {
    const path = config("broken.toml", `[[rules]]\nid = "a"\nregex = '''(?<=x)y'''\n`);
    const { code, stderr } = leaktrace(["rules", "check", path]);
    expect(code).toBe(2);
    expect(stderr).toContain("rule a");
    expect(leaktrace(["rules", "check", join(folder, "none.toml")]).code).toBe(2);
  });
});

describe("rules list and show", () => {
  test("tell how the values of a rule can be checked, or why not, and count it", () => {
    const shown = (id: string): string => leaktrace(["rules", "show", id]).stdout;
    expect(shown("github-pat-classic")).toMatch(
      /^ {2}live {6}GET https:\/\/api\.github\.com\/.*\n(?: {12}.*\n)* {12}valid: 200$/m,
    );
    expect(shown("password-hash-bcrypt")).toMatch(/^ {2}live {6}offline: there is nobody to ask/m);
    expect(leaktrace(["rules", "list"]).stderr).toMatch(
      /^leaktrace: \d+ rules: 1\d{3} say how a value can be checked, \d+ why none can$/m,
    );
  });

  test("show what names tell a value, not the regex made of them, unless it is asked for", () => {
    const { stdout } = leaktrace(["rules", "show", "twilio-auth-token"]);
    expect(stdout).toMatch(/^ {2}near {6}name {3}twilio\n {12}then {3}auth, token\n {12}value {2}\[0-9a-f\]\{32\}$/m);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThan(140);
    const whole = leaktrace(["rules", "show", "twilio-auth-token", "--regex"]).stdout;
    expect(whole.length).toBeGreaterThan(stdout.length + 1000);
    expect(whole).not.toContain("…");
  });

  test("a rule of one's own says its own; one that searches for something else takes nothing of ours", () => {
    const path = config(
      "own-live.toml",
      `[extend]\nuseDefault = true\n[[rules]]\nid = "github-pat-classic"\nregex = '''\\b(ghp_x[0-9a-z]{36})\\b'''\n` +
        `[[rules]]\nid = "gitlab-pat"\nlive_none = "customer-host"\n[[rules]]\nid = "stripe-secret-key"\nseverity = "low"\n`,
    );
    const live = (id: string): string | undefined =>
      /^ {2}live {6}(.*)$/m.exec(leaktrace(["rules", "show", id, "-c", path]).stdout)?.[1];
    expect(live("github-pat-classic")).toBeUndefined();
    expect(live("gitlab-pat")).toMatch(/^customer-host: /);
    expect(live("stripe-secret-key")).toMatch(/^GET https:\/\/api\.stripe\.com/);
    const lost = config(
      "lost-part.toml",
      `[[rules]]\nid = "a"\nregex = "acme_[0-9]{9}"\nlive = { url = "https://acme.com/", basic = "{{part.b}}:{{value}}", valid = [200] }\n`,
    );
    expect(leaktrace(["rules", "check", lost])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("rule b does not exist"),
    });
  });
});

describe("rules diff", () => {
  const target = join(folder, "target");
  mkdirSync(target);
  writeFileSync(join(target, "a.txt"), `${probe(1)}\n`);

  test("names what other rules gain and lose, masked", () => {
    const other = config(
      "other.toml",
      `[[rules]]\nid = "other"\ndescription = "d"\nregex = '''never_[0-9]{9}'''\nkeywords = ["never_"]\n`,
    );
    const gained = leaktrace(["rules", "diff", other, rules, target]);
    expect(gained.code).toBe(1);
    expect(gained.stdout).toMatch(/^\+ prb_.* probe /m);
    expect(gained.stdout).toContain("0 lost, 1 gained");
    expect(gained.stdout).not.toContain(probe(1));
    const lost = leaktrace(["rules", "diff", rules, "built-in", target]);
    expect(lost.stdout).toMatch(/^- prb_/m);
    expect(leaktrace(["rules", "diff", rules, rules, target]).code).toBe(0);
  });

  test("a value that another rule names is neither", () => {
    const renamed = config(
      "renamed.toml",
      `[[rules]]\nid = "renamed"\ndescription = "d"\nregex = '''\\b(prb_[0-9A-Za-z]{30})\\b'''\nkeywords = ["prb_"]\n`,
    );
    const { code, stdout } = leaktrace(["rules", "diff", rules, renamed, target]);
    expect(code).toBe(1);
    expect(stdout).toContain("probe is now renamed");
    expect(stdout).toContain("0 lost, 0 gained, 1 by another rule");
  });
});

describe("config", () => {
  test("show names every place, the one that is used, and where rules come from", () => {
    const target = join(folder, "with-config");
    mkdirSync(target);
    writeFileSync(
      join(target, ".gitleaks.toml"),
      `[extend]\nuseDefault = true\ndisabledRules = ["github-oauth-token"]\n[[rules]]\nid = "mine"\ndescription = "d"\nregex = '''mine_[0-9]{9}'''\nkeywords = ["mine_"]\n`,
    );
    const { code, stdout } = leaktrace(["config", "show", "--origin", target]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}used +\S+\.gitleaks\.toml$/m);
    expect(stdout).toMatch(/^ {2}not there +\S+\.leaktrace\.toml$/m);
    expect(stdout).toMatch(/^ {2}own +mine$/m);
    expect(stdout).toMatch(/^ {2}left out +github-oauth-token$/m);
    expect(stdout).toContain("come with what is scanned");
    const named = leaktrace(["config", "show", target], { env: { ...process.env, GITLEAKS_CONFIG: rules } });
    expect(named.stdout).toMatch(/^ {2}used +GITLEAKS_CONFIG = /m);
    expect(named.stdout).toMatch(/^ {2}there, not used +\S+\.gitleaks\.toml$/m);
    const ours = leaktrace(["config", "show", target, "-c", "built-in"]);
    expect(ours.stdout).toMatch(/from built-in: /);
    expect(ours.stdout).not.toContain("come with what is scanned");
  });

  test("a configuration in a variable is not printed", () => {
    const text = `[[rules]]\nid = "inline"\ndescription = "d"\nregex = '''inline_[0-9]{9}'''\nkeywords = ["inline_"]\n`;
    const { stdout } = leaktrace(["config", "show", folder], { env: { ...process.env, GITLEAKS_CONFIG_TOML: text } });
    expect(stdout).toMatch(/^ {2}used +GITLEAKS_CONFIG_TOML$/m);
    expect(stdout).not.toContain("inline_");
  });

  test("check trusts what reports a planted secret, and nothing else", () => {
    expect(leaktrace(["config", "check", folder])).toMatchObject({ code: 0 });
    const hiding = config("hiding.toml", `[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''.*''']\n`);
    const { code, stdout } = leaktrace(["config", "check", folder, "-c", hiding]);
    expect(code).toBe(3);
    expect(stdout).toContain("cannot be trusted");
    expect(leaktrace(["config", "check", folder, "-c", join(folder, "absent.toml")]).code).toBe(2);
  });
});
