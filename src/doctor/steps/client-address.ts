/** Whom the server takes for the client: all limits by address depend on it. */
import { type Arrival, peerClass } from '#net'
import type { Answer } from '../ask.ts'
import { type Finding, fault, ok, skipped, type Walk } from '../walk.ts'

/** Addresses that nobody has (RFC 5737): none of them may be taken for ours. */
const FORGED = {
  'X-Real-IP': '192.0.2.101',
  'X-Forwarded-For': '198.51.100.102',
  Forwarded: 'for=203.0.113.103',
} as const
const FORGED_ADDRESSES: readonly string[] = ['192.0.2.101', '198.51.100.102', '203.0.113.103']

/** Asks twice, once with forged headers: who the server takes us for has to be the same, and not the proxy. */
export async function checkClientAddress(walk: Walk, path: string): Promise<void> {
  await walk.step('client-address', 'whom the server takes us for', async () => {
    const honest = await walk.probe(path)
    const other = await walk.probe(path, { headers: forgedHeaders(honest.arrival) })
    if (honest.arrival === undefined || other.arrival === undefined) return skipped('nobody tells')
    const isDirect = comesDirectly(honest.answer, honest.arrival) && !walk.marks.isThere
    const speaksHttp = walk.marks.isThere
    return judge({ honest: honest.arrival, forged: other.arrival, local: honest.answer.local, isDirect, speaksHttp })
  })
}

/** In the header that the server believes as well, if it is none of the usual ones. */
function forgedHeaders(arrival: Arrival | undefined): Record<string, string> {
  const header = arrival?.client.header
  const isUsual = header == null || Object.keys(FORGED).some((name) => name.toLowerCase() === header.toLowerCase())
  return { ...FORGED, ...(isUsual ? {} : { [header]: '192.0.2.101' }) }
}

/** The server sees our own end of the connection. Behind NAT it does not, though there is no proxy. */
function comesDirectly({ local }: Answer, { peer }: Arrival): boolean {
  return peer.port === local.port || peer.class === 'public'
}

interface Seen {
  readonly honest: Arrival
  readonly forged: Arrival
  readonly local: Answer['local']
  readonly isDirect: boolean
  /** Whether a proxy has left its mark on what it passed on. */
  readonly speaksHttp: boolean
}

function judge({ honest, forged, local, isDirect, speaksHttp }: Seen): Finding {
  const { address, header, why } = honest.client
  const about = { header }
  const takes = `it takes us for ${address}`
  const isHidden = !isDirect && why !== 'believed'
  if (isHidden) return hidden(honest, speaksHttp)
  if (peerClass(local.address) === 'loopback' && address !== local.address) {
    const says = `${takes}, which ${header} says, but we come from ${local.address}: the proxy says something else than its client's address`
    return fault('client-address-hidden', says, about)
  }
  if (!isForged(forged))
    return ok(isDirect ? `${takes}, without a proxy on the way` : `${takes}, as the proxy says in ${header}`)
  if (isDirect && honest.peer.class !== 'public') {
    return ok(`${takes}, without a proxy on the way; programs on this network may say in ${header} whom they speak for`)
  }
  const says = `${takes}, but also for any address that we write into ${forged.client.header} ourselves`
  if (isDirect) return { status: 'fault', fault: 'client-address-forged', says, mend: trustMend('local') }
  return fault('client-address-forged', `${says}: the proxy passes it on`, about)
}

function hidden({ client: { address, header, why } }: Arrival, speaksHttp: boolean): Finding {
  const says = `it takes the proxy for the client (${address})`
  switch (why) {
    case 'untrusted':
      return {
        status: 'fault',
        fault: 'client-address-hidden',
        says: `${says}: what the proxy says in ${header} is not believed, because its address is none that is trusted`,
        mend: trustMend(address),
      }
    case 'none':
      return {
        status: 'fault',
        fault: 'client-address-hidden',
        says: `${says}: no header is believed (IP_HEADER=none)`,
        mend: { proxy: 'belfry', where: BELFRY, lines: ['IP_HEADER=X-Real-IP'] },
      }
    case 'malformed':
      return fault('client-address-hidden', `${says}: what the proxy says in ${header} is no address`, { header })
    default: {
      const silent = `${says}: the proxy says nothing in ${header}, so that anybody else may`
      // Nothing that it passes on shows that it looks into it.
      const blind = speaksHttp ? '' : '; one that only passes bytes on (TCP mode, port forwarding) cannot'
      return fault('client-address-hidden', silent + blind, { header })
    }
  }
}

/**
 * Whether our own word was taken for it. Where a proxy appended our address to it, and that is one of a private network,
 * the server trusts us as it would another proxy: whoever comes from outside could not do it.
 */
function isForged({ client, headers }: Arrival): boolean {
  if (!FORGED_ADDRESSES.includes(client.address)) return false
  const value = headers[(client.header ?? '').toLowerCase() as keyof typeof headers] ?? ''
  const last = value.split(',').at(-1)!.trim()
  return value === '' || FORGED_ADDRESSES.some((address) => last.includes(address)) || peerClass(last) === 'public'
}

const BELFRY = "in Belfry's environment, then restart it"

function trustMend(value: string) {
  return { proxy: 'belfry', where: BELFRY, lines: [`IP_HEADER_TRUSTED_PROXIES=${value}`] } as const
}
