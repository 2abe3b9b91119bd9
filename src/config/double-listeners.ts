import { isIPv4 } from 'node:net'
import type { NatsServerOptions } from './options.ts'
import type { HostAndPort } from './types/address.ts'

/** A line for each pair of listeners that cannot both have the address that they are to have. */
export function doubleListeners({ nats, websockets, leafnodes, monitoring }: Listeners): string[] {
  const listeners: (readonly [what: string, address: HostAndPort | undefined])[] = [
    ['NATS over TCP', nats],
    ...websockets.map((websocket) => ['NATS over WebSocket', websocket] as const),
    ['leaf nodes', leafnodes.listener],
    ['monitoring', monitoring?.http],
    ['monitoring', monitoring?.https],
  ]
  return listeners.flatMap(([what, address], i) =>
    listeners.slice(i + 1).flatMap(([other, otherAddress]) => {
      if (address === undefined || otherAddress === undefined || !exclude(address, otherAddress)) return []
      return `port ${address.port} is both for ${what} and for ${other}: each needs one of its own`
    }),
  )
}

type Listeners = Pick<NatsServerOptions, 'nats' | 'websockets' | 'leafnodes' | 'monitoring'>

function exclude(a: HostAndPort, b: HostAndPort): boolean {
  return a.port === b.port && a.port !== 0 && (a.host === b.host || covers(a, b) || covers(b, a))
}

function covers({ host }: HostAndPort, other: HostAndPort): boolean {
  return host === '0.0.0.0' && isIPv4(other.host)
}
