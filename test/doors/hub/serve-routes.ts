import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turnOver } from 'node:timers/promises'
import type { PathRouter } from '#net'

export interface ServedRoutes {
  readonly port: number
  /** Resolves when a request that is still to come was let in. */
  nextRequest(): Promise<void>
  /** Takes no more connections, and cuts those that are left when `drain` has resolved. */
  close(drain: () => Promise<void>): Promise<void>
}

/** An HTTP server on 127.0.0.1 that has nothing but these routes. */
export async function serveRoutes(router: PathRouter): Promise<ServedRoutes> {
  const server: Server = createServer((request, response) => {
    if (!router.handleRequest(request, response)) response.writeHead(404).end()
  })
  server.on('upgrade', (request, socket, head) => router.handleUpgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async nextRequest() {
      await once(server, 'request')
      await turnOver()
    },
    async close(drain) {
      const closed = once(server, 'close')
      server.close()
      await drain()
      server.closeAllConnections()
      await closed
    },
  }
}
