import { BlockList, isIP } from 'node:net'
import { ConfigError } from '#kit'

/**
 * Who is believed in what they say of others: nobody, whoever is not on the public internet, everybody, or a list of
 * addresses and CIDR ranges.
 */
export type TrustedProxies = 'none' | 'local' | 'all' | readonly string[]

export type TrustCheck = (address: string) => boolean

/** Throws a `ConfigError` for an entry that is no address or range; `setting` is what its message calls the list. */
export function trustCheck(trusted: TrustedProxies, setting = 'trusted_proxies'): TrustCheck {
  if (trusted === 'none') return () => false
  if (trusted === 'all') return () => true
  const ranges = blockList(trusted === 'local' ? NOT_GLOBAL : trusted, setting)
  return (address) => {
    const version = isIP(address)
    return version !== 0 && ranges.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}

function blockList(ranges: readonly string[], setting: string): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [, address = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(range) ?? []
    const version = isIP(address)
    const longest = version === 6 ? 128 : 32
    const bits = prefix === undefined ? longest : Number(prefix)
    if (version === 0 || bits > longest) {
      throw new ConfigError(`${setting}: "${range}" is no address or CIDR range`)
    }
    list.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** IANA special-purpose ranges that are not globally reachable (RFC 6890 and its updates). */
const NOT_GLOBAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '100::/64',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
]
