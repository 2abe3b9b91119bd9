import { goTime } from '../monitoring/go-format.ts'
import { type JsonObject, unlessEmpty } from '../monitoring/json.ts'
import type { ProcessUsage } from '../monitoring/process-usage.ts'
import type { MonitoringSource } from '../monitoring/source.ts'

const OTHER_KINDS = { routes: 0, gateways: 0, leafs: 0 }

/** How the server fares, in short: what it tells of itself from time to time. */
export function statsz(source: MonitoringSource, usage: ProcessUsage): JsonObject {
  const { startMs } = source.server()
  const totals = source.totals()
  let activeAccounts = 0
  for (const { clients, leafNodes } of source.accounts()) if (clients + leafNodes > 0) activeAccounts++
  const sent = { msgs: totals.outMsgs, bytes: totals.outBytes }
  const received = { msgs: totals.inMsgs, bytes: totals.inBytes }
  return {
    start: goTime(startMs),
    mem: usage.memoryBytes,
    cores: usage.cores,
    cpu: usage.cpuPercent,
    connections: totals.connections,
    total_connections: totals.totalConnections,
    active_accounts: activeAccounts,
    subscriptions: totals.subscriptions,
    sent,
    sent_to_clients: sent,
    received,
    received_from_clients: received,
    slow_consumers: totals.slowConsumers,
    slow_consumer_stats: totals.slowConsumers === 0 ? undefined : { clients: totals.slowConsumers, ...OTHER_KINDS },
    stale_connections: unlessEmpty(totals.staleConnections),
    stale_connection_stats:
      totals.staleConnections === 0 ? undefined : { clients: totals.staleConnections, ...OTHER_KINDS },
    stalled_clients: unlessEmpty(totals.stalledClients),
    active_servers: 1,
    gomaxprocs: usage.cores,
  }
}
