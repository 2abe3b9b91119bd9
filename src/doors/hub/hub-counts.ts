import { Tally } from '#kit'
import type { HubTransport } from './hub.ts'

/** What happened at one hub since the start. */
export class HubCounts {
  /** By transport. */
  readonly opened = new Tally(['WebSockets', 'ServerSentEvents', 'LongPolling'] satisfies HubTransport[])
  /** By why they ended, in a few words: `connection lost`. */
  readonly closed = new Tally()
  /** Requests that got no connection, by HTTP status. */
  readonly refused = new Tally()
  /** Messages, each as often as there were connections that were handed it; by type where messages have types. */
  readonly told = new Tally()
  /** Times that a client was behind, and was told to sync in place of what it had missed. */
  coalesced = 0
}

/** The same for whoever watches, as it is at the moment. */
export interface HubSnapshot {
  /** As the log calls it: `user`, `anonymous`, or the path of a hub of the operator's own. */
  readonly hub: string
  readonly connections: Readonly<Record<HubTransport, number>>
  readonly counts: HubCounts
  /** Clients that came back and were told to sync, since something may have been missed. */
  readonly caughtUp: number
}
