/** A remote, cut into what a page needs. `port`: of the web server; that of ssh says nothing of it. */
interface Remote {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: string;
  /** Without slashes at its ends, and without `.git`. */
  readonly path: string;
}

/** Hosts that answer ssh where a firewall lets nothing but 443 pass, and those that have their pages elsewhere. */
const webHosts: Readonly<Record<string, string>> = {
  "ssh.github.com": "github.com",
  "altssh.gitlab.com": "gitlab.com",
  "altssh.bitbucket.org": "bitbucket.org",
  "ssh.dev.azure.com": "dev.azure.com",
};

/**
 * The page of a commit, where an address tells a host that may have one: GitHub, GitLab, Bitbucket (cloud and own servers), Gitea and Forgejo, Azure DevOps, CodeCommit,
 * Gerrit and Gitiles at Google, or a server that has the pages of one of these. The address comes from what was scanned: only letters that addresses need are taken over, and no credentials.
 */
export function commitPage(address: string, commit: string): string | undefined {
  const remote = readRemote(address);
  return remote === undefined || !/^[0-9a-f]{40,64}$/.test(commit) ? undefined : pageOf(remote, commit);
}

/** Where gitleaks knows how links to a line are made; `none` makes none, `unknown` goes by the host. */
export const platforms = ["unknown", "none", "github", "gitlab", "azuredevops", "gitea", "bitbucket"] as const;

export type Platform = (typeof platforms)[number];

/** A place in a file as a commit holds it. */
export interface PlaceInFile {
  readonly commit: string;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
}

/** The page of a line, in the forms that gitleaks gives them; undefined where the host is of no platform that is known. What is said of `commitPage` holds here. */
export function linePage(address: string, place: PlaceInFile, asked: Platform = "unknown"): string | undefined {
  const remote = readRemote(address);
  if (remote === undefined || asked === "none" || !/^[0-9a-f]{40,64}$/.test(place.commit) || place.path === "")
    return undefined;
  const platform = asked === "unknown" ? platformOf(remote.host) : asked;
  const base = azureHome(remote) ?? `${remote.scheme}://${remote.host}${remote.port}/${remote.path}`;
  const { commit, startLine: from, endLine: to } = place;
  const path = place.path.split("/").map(encodePart).join("/");
  const isRange = to > from;
  switch (platform) {
    case "github": {
      const plain = /\.(?:md|ipynb)$/i.test(path) ? "?plain=1" : "";
      return `${base}/blob/${commit}/${path}${plain}#L${from}${isRange ? `-L${to}` : ""}`;
    }
    case "gitlab":
      return `${base}/blob/${commit}/${path}#L${from}${isRange ? `-${to}` : ""}`;
    case "gitea":
      return `${base}/src/commit/${commit}/${path}${/\.(?:md|ipynb)$/i.test(path) ? "?display=source" : ""}#L${from}${isRange ? `-L${to}` : ""}`;
    case "bitbucket":
      return `${base}/src/${commit}/${path}#lines-${from}${isRange ? `:${to}` : ""}`;
    case "azuredevops":
      return `${base}/commit/${commit}?path=/${path}&line=${from}&lineEnd=${to}&lineStartColumn=1&lineEndColumn=10000000&type=2&lineStyle=plain&_a=files`;
    default:
      return undefined;
  }
}

function platformOf(host: string): Platform | undefined {
  if (host === "github.com") return "github";
  if (/(?:^|\.)gitlab\./.test(host)) return "gitlab";
  if (/(?:^|\.)(?:dev\.azure|visualstudio)\.com$/.test(host)) return "azuredevops";
  if (["gitea.com", "code.forgejo.org", "codeberg.org"].includes(host)) return "gitea";
  return host === "bitbucket.org" ? "bitbucket" : undefined;
}

/** A part of a path in an address; what is no text has no address. */
function encodePart(part: string): string {
  return encodeURIComponent(Buffer.from(part, "utf8").toString("utf8"));
}

function readRemote(address: string): Remote | undefined {
  const url =
    /^(https?|ssh|git|git\+ssh):\/\/(?:[^@/]*@)?([A-Za-z0-9.-]+)(?::(\d*))?\/+((?:[\w.~/-]|%[0-9A-Fa-f]{2})+?)(?:\.git)?\/*$/.exec(
      address,
    );
  if (url !== null) {
    const [, scheme = "", host = "", port = "", path = ""] = url;
    const isWeb = scheme.startsWith("http");
    return {
      scheme: scheme === "http" ? "http" : "https",
      host: webHosts[host] ?? host,
      port: isWeb && port !== "" ? `:${port}` : "",
      path,
    };
  }
  // As scp writes it: with a user, or a host that is a name of the network and not of the user's own configuration.
  const short =
    /^(?:[\w.-]+@([A-Za-z0-9.-]+)|([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)):\/*((?:[\w.~/-]|%[0-9A-Fa-f]{2})+?)(?:\.git)?\/*$/.exec(
      address,
    );
  if (short === null) return undefined;
  const [, named, bare, path = ""] = short;
  const host = named ?? bare ?? "";
  return { scheme: "https", host: webHosts[host] ?? host, port: "", path };
}

/** The page of a repository of Azure DevOps that is reached over ssh (`v3/organisation/project/repository`). */
function azureHome({ host, path }: Pick<Remote, "host" | "path">): string | undefined {
  const [version, organisation = "", project = "", name = "", ...more] = path.split("/");
  if (version !== "v3" || name === "" || more.length > 0) return undefined;
  if (!/(?:^|\.)(?:dev\.azure|visualstudio)\.com$/.test(host)) return undefined;
  const home =
    host === "dev.azure.com" ? `https://${host}/${organisation}` : `https://${organisation}.visualstudio.com`;
  return `${home}/${project}/_git/${name}`;
}

function pageOf({ scheme, host, port, path }: Remote, commit: string): string {
  const base = `${scheme}://${host}${port}`;
  const parts = path.split("/");
  const name = parts.at(-1) ?? "";
  const folder = parts.at(-2) ?? "";
  const home = azureHome({ host, path });
  if (home !== undefined) return `${home}/commit/${commit}`;
  const region = /^git-codecommit(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com$/.exec(host)?.[1];
  if (region !== undefined)
    return `https://${region}.console.aws.amazon.com/codesuite/codecommit/repositories/${name}/commit/${commit}?region=${region}`;
  if (host.endsWith(".googlesource.com")) return `${base}/${path.replace(/^a\//, "")}/+/${commit}`;
  // Bitbucket on a server of its own, whose addresses for cloning hold `scm`, and those of ssh nothing before the project.
  const isOwnBitbucket = parts.at(-3) === "scm" || (/bitbucket|stash/.test(host) && host !== "bitbucket.org");
  if (isOwnBitbucket && parts.length >= 2) {
    const before = parts.slice(0, parts.at(-3) === "scm" ? -3 : -2).map((part) => `/${part}`);
    const owner = folder.startsWith("~") ? `users/${folder.slice(1)}` : `projects/${folder}`;
    return `${base}${before.join("")}/${owner}/repos/${name}/commits/${commit}`;
  }
  const page = /gitlab/.test(host) ? "-/commit" : host === "bitbucket.org" ? "commits" : "commit";
  return `${base}/${path}/${page}/${commit}`;
}
