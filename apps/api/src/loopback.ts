import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether only this machine can reach an address. A name is one when all that it stands for is; one that stands for
 * nothing is none.
 */
export async function isLoopback(host: string): Promise<boolean> {
  if (isIP(host) !== 0) {
    return isLoopbackAddress(host);
  }
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return addresses.length > 0 && addresses.every(({ address }) => isLoopbackAddress(address));
}

/** Whether the host of a URL is this machine for every program, whatever any name service says. */
export function isLoopbackName(hostname: string): boolean {
  const plain = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(plain) === 0 ? /^(.+\.)?localhost$/.test(plain) : isLoopbackAddress(plain);
}

function isLoopbackAddress(address: string): boolean {
  const [plain = ''] = address.split('%');
  return LOOPBACK.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}
