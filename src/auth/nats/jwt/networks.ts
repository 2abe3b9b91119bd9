import { BlockList, isIP } from 'node:net'

/** Whether `text` is a network as `192.0.2.0/24` or `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  return networkOf(text) !== undefined
}

/** Each is looked at with every login. */
const MAX_NETWORKS = 1_000

/**
 * Whether one of the networks has the address; `true` when there are no networks, `false` when one of them is none, or
 * when there are more than 1,000.
 */
export function isAddressIn(networks: readonly string[], address: string): boolean {
  if (networks.length === 0) return true
  // The name of an interface says nothing of the network.
  const host = address.split('%')[0] as string
  const version = isIP(host)
  if (version === 0 || networks.length > MAX_NETWORKS) return false
  const list = new BlockList()
  for (const text of networks) {
    const network = networkOf(text)
    if (network === undefined) return false
    list.addSubnet(network.address, network.prefix, network.family)
    if (list.check(host, version === 4 ? 'ipv4' : 'ipv6')) return true
  }
  return false
}

interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

function networkOf(text: string): Network | undefined {
  const [, address = '', digits = ''] = /^([^/%]+)\/(\d{1,3})$/.exec(text) ?? []
  const version = isIP(address)
  const prefix = Number(digits)
  if (version === 0 || prefix > (version === 4 ? 32 : 128)) return undefined
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
}
