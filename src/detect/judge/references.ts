import { isMadeForPolicy } from "./password.ts";
import { looksRandom } from "./random-value.ts";

/** The value as a whole names something else: a variable, a template, a place in a secret store. */
const REFERENCE = new RegExp(
  [
    String.raw`^\$\{?[A-Za-z_][\w.:-]*\}?$`, // $NAME ${NAME} ${sys:name}
    String.raw`^\$\{[^}]*\}$|^\$\([^)]*\)$|^\$\[[^\]]*\]$|^\$[\d@*#?$]$`,
    String.raw`^%env\([\w:]+\)%$|^\$[A-Za-z_]\w{2,}[|#:;,/.-].*\$[A-Za-z_]\w{2,}`, // variables of Symfony; text made of two variables
    String.raw`^\{\$\w+(?:->|\[|\.)|\{\$[a-z_]\w*(?:\}|->|\[["'])|^%\{\$\w`, // a variable of PHP in its text, colours in a prompt
    String.raw`^%[A-Za-z_][\w.]*%$|^%\(?\w*\)?[sdvqifx]$|^%\{[^}]+\}$|^![A-Za-z_]\w*!$`,
    String.raw`\{\{|\}\}|<%|%>|\{%|<\?|#\{|\$\{\{|<<[a-z]|@\{`,
    String.raw`\$\{[A-Za-z_$][\w.$]*(?:\}|\()|\$\([A-Za-z]`, // text with a variable or a call in it
    String.raw`^\{[\w.:$!-]*\}$|^\[[A-Z_a-z][\w .-]*\]$|^<[^<>]+>$|^:[a-z_]\w*$|^@[A-Za-z_]\w*@$|^__\w+__$`,
    String.raw`^(?:vault|op|bw|doppler|infisical|akv|secret|ssm|awssm|sm|gcp-sm|keyring|pass|kms|env|file|exec|ref\+\w+|credentials|dotenv|config|aws-secret|azurekeyvault|gcpsecret)://?`,
    String.raw`^(?:vault|env|file|ssm|keyring|exec|secretref|awssm|gcp-sm|sm|kms):[\w/.#-]+$`,
    String.raw`^arn:aws|^\{\{?resolve:|^/aws/reference/|^@Microsoft\.KeyVault|^projects/[^/]+/secrets/|^/run/secrets/|^/var/run/secrets/`,
    String.raw`^secret [a-z][a-z0-9]*(?:_[a-z0-9]+)+$|^!(?:Ref|Sub|GetAtt|vault|secret|env|ENV|include|ImportValue|Join|If|FindInMap)\b|^(?:var|local|data|module|each|self|this|random_password|random_string|aws_\w+|azurerm_\w+|google_\w+|kubernetes_\w+|tls_\w+|vault_\w+|secrets|inputs|params|steps|env|github|vars|outputs)\.[\w.\[\]"'*-]+$`,
    String.raw`\b(?:os\.environ|os\.getenv|getenv|process\.env|import\.meta\.env|ENV\.fetch|ENV\[|System\.getenv|std::env|Sys\.getenv|environ\.get|secrets\.\w+|config\.get|GetEnvironmentVariable|viper\.Get|settings\.\w+|conf\.get|Deno\.env|core\.getInput|Env\.get|getProperty)\b`,
    String.raw`^\$env:|^\$Env:|^\$\w+(?:->|::|\[|\.)\w|^\$\w+\[["']|\$1[^\w$].*\$2(?:\W|$)|^\$this|^\(Get-|^\[System\.`,
  ].join("|"),
);

/** Syntax that only code has: calls, indices, arrows, concatenation. */
const CODE =
  /^[A-Za-z_$][\w$.]*\(|^[A-Za-z_$][\w$]*(?:->|::)[A-Za-z_]|^[A-Za-z_$][\w$.]*\[["'\d\w]*\]?$|^(?:new|await|function|lambda|async|typeof|return|not|if)\b|=>|\)\s*[;{]|&&|\|\||^\([^)]*\)$|^[a-z_]\w*\s*\?\s|^[&*][a-z]\w*$/;

/** A dotted or arrowed chain of names: `settings.auth.token`, `user->password`, `Foo::BAR`. */
const CHAIN = /^[A-Za-z_$@&*][\w$]*(?:(?:\?\.|\.|->|::)[A-Za-z_$][\w$]*)+[?!]?$/;

/** `@name`: a parameter of SQL, a variable of Ruby, a resource of Android. In quotes, made for a policy, it is a password: `'@Paris1990x'`. */
const AT_NAME = /^@[A-Za-z_]\w*$/;

/** Whether a value is a look-up instead of a value. @param isQuoted inside quotes a chain of names or a call is text, not code */
export function isReference(value: string, isQuoted: boolean): boolean {
  if (REFERENCE.test(value)) return true;
  if (AT_NAME.test(value)) return !isQuoted || !isMadeForPolicy(value);
  // A token of three parts with dots is built as a chain of names, but no names are drawn by chance.
  return !isQuoted && (CODE.test(value) || CHAIN.test(value)) && !looksRandom(value, 1.5);
}
