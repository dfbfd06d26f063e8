/** Hosts of syntax descriptions and documentation: nobody can log in there (RFC 2606, RFC 6761, and the usual stand-ins). */
const STAND_IN =
  /^(?:host|hostname|server|servername|your[\w-]*|my-?(?:host|server|domain)[\w-]*|domain|address|ip|fqdn|url|site|registry|proxy|proxyhost|remote|endpoint|foo|bar|baz|x|y|z|a|b|abc|xyz)(?:\.(?:com|net|org|local|tld|foo|bar|invalid|test|domain))?$|(?:^|\.)(?:example\.?(?:com|net|org|edu|test)?|invalid|test|tld|domain\.(?:com|tld)|foo\.(?:com|bar)|acme\.(?:com|org)|contoso\.com|(?:my|your)?(?:company|domain|server|host|site)\.(?:com|net|org))$/i;

/** Whether the URL in a match leads to a stand-in for a host. @param match text that holds `@host` behind the user information */
export function leadsNowhere(match: string): boolean {
  const host = /@([\w.-]+)[^@]*$/.exec(match)?.[1] ?? "";
  return STAND_IN.test(host);
}

/** Hosts of a network's own names, and those that tests resolve. */
const INNER = /\.(?:local|localdomain|lan|home|internal|corp|svc|docker|localhost|arpa)$/i;

/** Whether the URL in a match leads to a host that the world can resolve: three labels or more, none of them a stand-in. @param match as above */
export function leadsOutside(match: string): boolean {
  const host = /@([\w.-]+)[^@]*$/.exec(match)?.[1] ?? "";
  return /^(?:[a-z0-9-]+\.){2,}[a-z]{2,}$/i.test(host) && !STAND_IN.test(host) && !INNER.test(host);
}

/** `scheme://user:password@`: the user of the URL in a match; empty when there is none. */
export function urlUser(match: string): string {
  return /:\/\/([^:@/\s]*):/.exec(match)?.[1] ?? "";
}
