/** What a commit object says (git-commit-object; gitformat-pack leaves it to `git cat-file`). Texts are decoded as UTF-8. */
export interface Commit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: string;
  readonly email: string;
  /** Seconds since 1970. */
  readonly authorTime: number;
  readonly committer: string;
  readonly committerEmail: string;
  readonly committerTime: number;
  readonly message: string;
}

/** Parses a commit; undefined when it has no tree. Missing or odd lines give empty texts and time 0. Parents have ids as long as the tree's. */
export function parseCommit(bytes: Buffer): Commit | undefined {
  const end = bytes.indexOf("\n\n");
  const head = bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
  const tree = /^tree ([0-9a-f]{40}|[0-9a-f]{64})$/m.exec(head)?.[1];
  if (tree === undefined) return undefined;
  const parents: string[] = [];
  let author = "";
  let email = "";
  let authorTime = 0;
  let committer = "";
  let committerEmail = "";
  let committerTime = 0;
  for (const line of head.split("\n")) {
    const space = line.indexOf(" ");
    const key = line.slice(0, space);
    const value = line.slice(space + 1);
    if (key === "parent" && value.length === tree.length && /^[0-9a-f]+$/.test(value)) parents.push(value);
    else if (key === "author") ({ name: author, email, time: authorTime } = parsePerson(value));
    else if (key === "committer")
      ({ name: committer, email: committerEmail, time: committerTime } = parsePerson(value));
  }
  return {
    tree,
    parents,
    author,
    email,
    authorTime,
    committer,
    committerEmail,
    committerTime,
    message: end < 0 ? "" : bytes.toString("utf8", end + 2, bytes.length),
  };
}

/** `Name <mail> 1700000000 +0100`. */
function parsePerson(text: string): { name: string; email: string; time: number } {
  const open = text.lastIndexOf("<");
  const close = text.lastIndexOf(">");
  if (open < 0 || close < open) return { name: text, email: "", time: 0 };
  const time = Number.parseInt(text.slice(close + 1), 10);
  return {
    name: text.slice(0, open).trim(),
    email: text.slice(open + 1, close),
    time: Number.isSafeInteger(time) ? time : 0,
  };
}
