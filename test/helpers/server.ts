import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Logger, silentLogger } from '#kit'
import type { ListenAddress } from '#net'
import { type Server, startServer } from '#server'

export interface TestServer extends AsyncDisposable {
  readonly server: Server
  readonly dataFolder: string
  /** `http://127.0.0.1:port` */
  readonly webUrl: string
  /** `https://localhost:port`, with the local authority's certificate. */
  readonly secureUrl: string
  readonly certificateAuthorityFile: string
  /** `nats://127.0.0.1:port` */
  readonly natsUrl: string
  /** The listener of `websocket {}`, plain. */
  readonly webSocketUrl: string
  /** NATS over WebSocket on the web listener. */
  readonly webNatsUrl: string
  close(): Promise<void>
}

type Overrides = NonNullable<Parameters<typeof startServer>[0]>

/** A whole server on free ports of 127.0.0.1 with a data folder of its own, which goes when it is closed. */
export async function startTestServer(overrides: Overrides = {}, logger: Logger = silentLogger): Promise<TestServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'belfry-test-'))
  const anyPort = { host: '127.0.0.1', port: 0 }
  const server = await startServer(
    {
      ...overrides,
      nats: { ...anyPort, ...overrides.nats },
      websocket: { ...anyPort, noTls: true, ...overrides.websocket },
      web: { ...anyPort, https: anyPort, nats: 'local', ...overrides.web },
      // The least that is allowed: tests log in often.
      vault: { dataFolder: folder, passwordIterations: 100_000, loginRatelimitMaxBurst: 1000, ...overrides.vault },
    },
    { logger },
  ).catch(async (error: unknown) => {
    await rm(folder, { recursive: true })
    throw error
  })
  const { web, https, nats, websockets } = server.addresses
  const close = async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
  return {
    server,
    dataFolder: folder,
    webUrl: `http://${at(web)}`,
    secureUrl: `https://localhost:${https?.port}`,
    certificateAuthorityFile: server.certificateAuthorityFile ?? '',
    natsUrl: `nats://${at(nats)}`,
    webSocketUrl: `ws://${at(websockets[0]!)}`,
    webNatsUrl: `ws://${at(web)}/nats`,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function at({ host, port }: ListenAddress): string {
  return `${host}:${port}`
}
