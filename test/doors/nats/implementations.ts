/**
 * The two servers that the suites of this folder run against, started from the same configuration text: Belfry, and
 * Debian's nats-server 2.9.10, whose behaviour is the reference. What differs on purpose is said in the tests with
 * `Differing`, so that each difference can be seen.
 */
import { writeFile } from 'node:fs/promises'
import { type Logger, silentLogger } from '#kit'
import { startServer } from '#server'
import { startNatsServer } from '../../helpers/nats-server.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import type { Address } from '../../net/raw-socket.ts'

export type ImplementationName = 'belfry' | 'natsServer'

export interface RunningImplementation extends AsyncDisposable {
  readonly name: ImplementationName
  readonly tcp: Address
  readonly webSocket: Address
}

export interface Implementation {
  readonly name: ImplementationName
  /** For `describe(…, { skip })`. */
  readonly skip: string | false
  start(configText: string): Promise<RunningImplementation>
}

/** An expectation that is the same for both, or one for each. */
export type Differing<T> = T | { readonly belfry: T; readonly natsServer: T }

export function expectationOf<T>(expected: Differing<T>, name: ImplementationName): T {
  const isDiffering = typeof expected === 'object' && expected !== null && 'natsServer' in expected
  return isDiffering ? expected[name] : (expected as T)
}

const WEB_SOCKET = 'websocket { listen: "127.0.0.1:-1", no_tls: true }'

export const IMPLEMENTATIONS: readonly Implementation[] = [
  { name: 'belfry', skip: false, start: (configText) => startBelfry(configText) },
  { name: 'natsServer', skip: requireProgram('nats-server').skip, start: startReference },
]

/** A whole Belfry with this configuration; a plain WebSocket listener is added where there is none. */
export async function startBelfry(configText: string, logger: Logger = silentLogger): Promise<RunningImplementation> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const configFile = folder.join('belfry.conf')
  await writeFile(configFile, `listen: "127.0.0.1:-1"\n${withWebSocket(configText)}\n`)
  const overrides = { web: { host: '127.0.0.1', port: 0, https: false }, vault: { dataFolder: folder.path } } as const
  const server = cleanup.use(await startServer(overrides, { configFile, logger }))
  const { nats, websockets } = server.addresses
  const kept = cleanup.move()
  return { name: 'belfry', tcp: nats, webSocket: websockets[0]!, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function startReference(configText: string): Promise<RunningImplementation> {
  const server = await startNatsServer(withWebSocket(configText))
  const { nats, websocket } = server.ports
  return {
    name: 'natsServer',
    tcp: addressIn(nats),
    webSocket: addressIn(websocket),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function withWebSocket(configText: string): string {
  return configText.includes('websocket') ? configText : `${configText}\n${WEB_SOCKET}`
}

function addressIn(urls: readonly string[] | undefined): Address {
  return { host: '127.0.0.1', port: Number(new URL(urls?.[0] ?? '').port) }
}
