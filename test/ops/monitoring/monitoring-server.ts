import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMonitoringHandler, type MonitoringHandlerOptions, type MonitoringSource } from '#ops'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { once } from '../../helpers/wait.ts'
import { NOW_MS, sampleSource } from './sample-source.ts'

export interface MonitoringServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string
  readonly clock: FakeClock
}

/** The handler on a port of its own. */
export async function startMonitoringServer(
  source: MonitoringSource = sampleSource(),
  options: Partial<MonitoringHandlerOptions> = {},
): Promise<MonitoringServer> {
  const clock = new FakeClock(NOW_MS)
  const server = createServer(createMonitoringHandler(source, { clock, ...options })).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clock,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export async function getJson<T = unknown>(url: string): Promise<T> {
  const response = await fetch(url)
  assert.equal(response.status, 200, url)
  return (await response.json()) as T
}
