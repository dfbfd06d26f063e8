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

function pageOf({ scheme, host, port, path }: Remote, commit: string): string {
  const base = `${scheme}://${host}${port}`;
  const parts = path.split("/");
  const name = parts.at(-1) ?? "";
  const folder = parts.at(-2) ?? "";
  // Azure DevOps over ssh: v3/organisation/project/repository.
  if (parts[0] === "v3" && parts.length === 4 && /(?:^|\.)(?:dev\.azure|visualstudio)\.com$/.test(host)) {
    const [, organisation = "", project = ""] = parts;
    const home =
      host === "dev.azure.com" ? `https://${host}/${organisation}` : `https://${organisation}.visualstudio.com`;
    return `${home}/${project}/_git/${name}/commit/${commit}`;
  }
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
