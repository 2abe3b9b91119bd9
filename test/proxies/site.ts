/** A server behind a real proxy, with the configuration that `belfry proxy` prints for it. */
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import tls from 'node:tls'
import type { Logger } from '#kit'
import { proxyCommand } from '../../src/commands/proxy/index.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { freePorts } from '../services/free-ports.ts'
import { type ProxyKind, type RunningProxy, startProxy } from './start-proxy.ts'

/** Without settings. */
const NO_FOLDER = '/nonexistent'
const ANY_PORT = { host: '127.0.0.1', port: 0 }

/** What `belfry proxy` prints, by these settings alone; rejects with its complaint. */
export async function printed(
  args: readonly string[],
  { env = {}, cwd = NO_FOLDER }: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<string> {
  let output = ''
  const stdout = { write: (text: string) => (output += text) }
  await proxyCommand({ env, cwd: () => cwd, stdout, stderr: { write: () => true } })
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(args, { from: 'user' })
  return output
}

export interface SiteOptions {
  readonly kind: ProxyKind
  /** Default: at `/`. */
  readonly path?: string
  /** The legacy layout; default: the hub on the web port alone. */
  readonly hasOldHub?: boolean
  /** Whether the server's web listener speaks TLS, too. */
  readonly hasTlsBehind?: boolean
  /** What the server is told beside what the printed file says. */
  readonly server?: Parameters<typeof startTestServer>[0]
  readonly logger?: Logger
  /** What is changed in the printed file. */
  readonly edit?: (config: string) => string
}

export interface ProxiedSite extends AsyncDisposable {
  /** `https://localhost:port`, with the path. */
  readonly url: string
  /** `http://localhost:port`, which leads to `url`. */
  readonly plainUrl: string
  /** NATS over WebSocket of a `websocket {}` block: at a path, and at a port of its own. */
  readonly streamUrl: string
  readonly streamPortUrl: string
  readonly config: string
  readonly server: TestServer
  readonly proxy: RunningProxy
  readonly caFile: string
}

/**
 * Starts both. The certificate's authority is trusted by this whole process from then on. One `websocket {}` block is at
 * `/stream` and at a port of its own.
 */
export async function startSite(options: SiteOptions): Promise<ProxiedSite> {
  const { kind, path = '', hasOldHub = false, hasTlsBehind = false, edit = (config) => config, logger } = options
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const authority = await TestAuthority.create(folder, `authority-${randomUUID()}`)
  const { certFile, keyFile, cert, key } = await authority.issue()
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), authority.ca])
  const [port, plainPort, streamPort] = (await freePorts(3)) as [number, number, number]
  const domain = `https://localhost:${port}${path}`
  const given = options.server ?? {}
  const server = await startTestServer(
    {
      ...given,
      vault: { domain, ...given.vault },
      web: {
        nats: 'all',
        ...(hasTlsBehind && { tls: { certFile, keyFile } }),
        ipHeaderTrustedProxies: ['127.0.0.1'],
        ...given.web,
      },
      websocket: { trustedProxies: ['127.0.0.1'], ...given.websocket },
      ...(hasOldHub && { oldHub: { enabled: true, ...ANY_PORT } }),
    },
    logger,
  )
  cleanup.use(server)
  const { web, websockets, oldHub } = server.server.addresses
  const stream = `127.0.0.1:${websockets[0]?.port}`
  const certificate =
    kind === 'haproxy'
      ? ['--certificate', await writeTo(folder.join('haproxy.pem'), `${cert}\n${key}`)]
      : ['--certificate', certFile, '--key', keyFile]
  const places = ['--listen', `127.0.0.1:${port}`, '--redirect', `127.0.0.1:${plainPort}`]
  const streams = ['--websocket', `/stream=${stream}`, '--websocket', `127.0.0.1:${streamPort}=${stream}`]
  const config = edit(
    await printed([
      ...[
        kind,
        '--domain',
        domain,
        '--upstream',
        `${hasTlsBehind ? 'https://' : ''}127.0.0.1:${web.port}`,
        ...certificate,
        ...places,
        ...streams,
      ],
      ...(hasOldHub ? ['--old-hub', `127.0.0.1:${oldHub?.port}`] : []),
    ]),
  )
  const proxy = cleanup.use(await startProxy({ kind, config, ports: [port, plainPort, streamPort] }))
  const kept = cleanup.move()
  return {
    url: domain,
    plainUrl: `http://localhost:${plainPort}`,
    streamUrl: `wss://localhost:${port}/stream`,
    streamPortUrl: `wss://localhost:${streamPort}`,
    config,
    server,
    proxy,
    caFile: authority.caFile,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function writeTo(file: string, text: string): Promise<string> {
  await writeFile(file, text)
  return file
}
