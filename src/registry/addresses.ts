import { lookup, type LookupAddress } from "node:dns";
import { BlockList, isIP } from "node:net";

/** Networks of machines, houses, firms and clouds: whoever writes a manifest must not have their servers asked. */
const inner = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const) {
  inner.addSubnet(network, bits, "ipv4");
  inner.addSubnet(`::ffff:${network}`, 96 + bits, "ipv6");
}
for (const [network, bits] of [
  ["::", 127],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  inner.addSubnet(network, bits, "ipv6");

/** Whether an address belongs to no one network, and so may be asked without the user's word. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !inner.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** What a machine says to itself, and what clouds tell their machines (169.254.169.254): no registry keeps anything there. */
const own = new BlockList();
own.addSubnet("127.0.0.0", 8, "ipv4");
own.addSubnet("::ffff:127.0.0.0", 104, "ipv6");
own.addAddress("::1", "ipv6");
const services = new BlockList();
services.addSubnet("0.0.0.0", 8, "ipv4");
services.addSubnet("169.254.0.0", 16, "ipv4");
services.addSubnet("::ffff:169.254.0.0", 112, "ipv6");
services.addAddress("::", "ipv6");
services.addSubnet("fe80::", 10, "ipv6");

/**
 * Whether a registry may send us to a host. It may to others of its own network, where firms keep their blobs; to this machine only if it is on it, too
 * (`isOwn`), and never to what clouds tell their machines. A host that nobody here knows is left to the proxy that does.
 */
export async function mayBeSentTo(hostname: string, isOwn: boolean): Promise<boolean> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const known = isIP(host) === 0 ? await addressesOf(host) : [{ address: host }];
  return known.every(({ address }) => {
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    return !services.check(address, family) && (isOwn || !own.check(address, family));
  });
}

/** None where nobody here knows the name. */
function addressesOf(hostname: string): Promise<readonly Pick<LookupAddress, "address">[]> {
  return new Promise((resolve) => {
    lookup(hostname, { all: true }, (error, addresses) => resolve(error === null ? addresses : []));
  });
}
