import { BlockList, isIP } from 'node:net'

/** IANA's special-purpose IPv4 ranges, and multicast: none of them is a host on the public internet. */
const NOT_GLOBAL_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const

/** All that IANA has given out so far. What embeds IPv4 addresses (mapped, NAT64) lies elsewhere. */
const GLOBAL_IPV6 = ['2000::', 3] as const

/** Teredo and other protocols, documentation, 6to4. */
const NOT_GLOBAL_IPV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

const ranges = (kind: 'ipv4' | 'ipv6', subnets: readonly (readonly [string, number])[]) => {
  const list = new BlockList()
  for (const [network, bits] of subnets) list.addSubnet(network, bits, kind)
  return list
}

const notGlobalIpv4 = ranges('ipv4', NOT_GLOBAL_IPV4)
const globalIpv6 = ranges('ipv6', [GLOBAL_IPV6])
const notGlobalIpv6 = ranges('ipv6', NOT_GLOBAL_IPV6)

/** Whether a host of the public internet may be at `address`. In doubt not; never for what is no address. */
export function isGlobalAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !notGlobalIpv4.check(address, 'ipv4')
    case 6:
      // An address with a zone is of the link at hand.
      return !address.includes('%') && globalIpv6.check(address, 'ipv6') && !notGlobalIpv6.check(address, 'ipv6')
    default:
      return false
  }
}
