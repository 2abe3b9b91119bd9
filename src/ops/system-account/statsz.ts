import { goTime } from '../monitoring/go-format.ts'
import { type JsonObject, unlessEmpty } from '../monitoring/json.ts'
import type { ProcessUsage } from '../monitoring/process-usage.ts'
import type { MonitoringSource } from '../monitoring/source.ts'
import { byKind } from '../monitoring/varz.ts'

/** How the server fares, in short: what it tells of itself from time to time. */
export function statsz(source: MonitoringSource, usage: ProcessUsage): JsonObject {
  const { startMs } = source.server()
  const totals = source.totals()
  let activeAccounts = 0
  for (const { clients, leafNodes } of source.accounts()) if (clients + leafNodes > 0) activeAccounts++
  const { leafs } = totals
  const slow = totals.slowConsumers + leafs.slowConsumers
  const stale = totals.staleConnections + leafs.staleConnections
  return {
    start: goTime(startMs),
    mem: usage.memoryBytes,
    cores: usage.cores,
    cpu: usage.cpuPercent,
    connections: totals.connections,
    total_connections: totals.totalConnections,
    active_accounts: activeAccounts,
    subscriptions: totals.subscriptions,
    sent: { msgs: totals.outMsgs + leafs.outMsgs, bytes: totals.outBytes + leafs.outBytes },
    sent_to_clients: { msgs: totals.outMsgs, bytes: totals.outBytes },
    received: { msgs: totals.inMsgs + leafs.inMsgs, bytes: totals.inBytes + leafs.inBytes },
    received_from_clients: { msgs: totals.inMsgs, bytes: totals.inBytes },
    slow_consumers: slow,
    slow_consumer_stats: slow === 0 ? undefined : byKind(totals.slowConsumers, leafs.slowConsumers),
    stale_connections: unlessEmpty(stale),
    stale_connection_stats: stale === 0 ? undefined : byKind(totals.staleConnections, leafs.staleConnections),
    stalled_clients: unlessEmpty(totals.stalledClients),
    active_servers: 1,
    gomaxprocs: usage.cores,
  }
}
