/** Real nats-servers that come in as leaf nodes, over every transport, and what crosses in both directions. */
import { test } from 'node:test'
import { TestAuthority } from '../../helpers/certificates.ts'
import { startNatsNode } from '../../helpers/nats-cluster.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { ConfiguredServer } from '../../services/configured-server.ts'
import { describeHubs } from './hubs.ts'
import { checkTraffic, connectTo } from './spoke.ts'

interface Files {
  readonly server: string
  readonly client: string
  readonly caFile: string
}

interface Transport {
  /** What 2.9.10 does not have. */
  readonly since?: 'newest'
  /** Besides its address, of `leafnodes {}`. */
  readonly port?: (files: Files) => string
  readonly webSocket?: (files: Files) => string
  readonly scheme: 'nats' | 'tls' | 'ws' | 'wss'
  readonly path?: string
  readonly remote?: (files: Files) => string
}

const trusting = ({ caFile }: Files) => `tls { ca_file: "${caFile}" }`
const secured = ({ server }: Files) => `tls { ${server} }`

const TRANSPORTS: Readonly<Record<string, Transport>> = {
  TCP: { scheme: 'nats' },
  'TLS that is asked for in INFO': { scheme: 'tls', port: secured, remote: trusting },
  'TLS with certificates on both sides': {
    scheme: 'tls',
    port: ({ server, caFile }) => `tls { ${server}, ca_file: "${caFile}", verify: true }`,
    remote: ({ client, caFile }) => `tls { ${client}, ca_file: "${caFile}" }`,
  },
  'TLS before anything is said': {
    since: 'newest',
    scheme: 'tls',
    port: ({ server }) => `tls { ${server}, handshake_first: true }`,
    remote: ({ caFile }) => `tls { ca_file: "${caFile}", handshake_first: true }`,
  },
  'WebSocket below a path': { scheme: 'ws', path: '/some/path' },
  ...webSockets(),
}

/** As in nats-server's `TestLeafNodeWSBasic`: with masks and without, with TLS and without, compressed or not. */
function webSockets(): Readonly<Record<string, Transport>> {
  const all: Record<string, Transport> = {}
  for (const scheme of ['ws', 'wss'] as const) {
    for (const masks of [true, false]) {
      for (const [hub, spoke] of [
        [false, false],
        [true, true],
        [true, false],
        [false, true],
      ]) {
        const name = `${scheme}, ${masks ? 'masked' : 'without masks'}, compression ${hub ? 'here' : 'not here'} and ${spoke ? 'there' : 'not there'}`
        all[name] = {
          scheme,
          webSocket: (files) => `${scheme === 'wss' ? secured(files) : 'no_tls: true'}, compression: ${hub}`,
          remote: (files) =>
            `${scheme === 'wss' ? `${trusting(files)}, ` : ''}ws_compression: ${spoke}, ws_no_masking: ${!masks}`,
        }
      }
    }
  }
  return all
}

async function filesIn(folder: Awaited<ReturnType<typeof temporaryFolder>>): Promise<Files> {
  const authority = await TestAuthority.create(folder)
  const issued = [authority.issue(), authority.issue({ subject: 'CN=spoke', dnsNames: [] })]
  const [server, client] = (await Promise.all(issued)).map(
    ({ certFile, keyFile }) => `cert_file: "${certFile}", key_file: "${keyFile}"`,
  )
  return { server: server!, client: client!, caFile: authority.caFile }
}

describeHubs('traffic in both directions with a spoke', ({ name: program, command }) => {
  for (const [name, { since, scheme, path = '', ...transport }] of Object.entries(TRANSPORTS)) {
    if (since === 'newest' && program !== 'newest') continue
    test(name, async () => {
      await using folder = await temporaryFolder()
      const files = await filesIn(folder)
      const webSocket = transport.webSocket?.(files) ?? 'no_tls: true'
      await using hub = await ConfiguredServer.start(
        `leafnodes { listen: "127.0.0.1:-1"\n${transport.port?.(files) ?? ''}\n}
         websocket { listen: "127.0.0.1:-1"\n${webSocket}\n}`,
      )
      const { leafnodes, websockets } = hub.server.addresses
      const { port } = scheme.startsWith('ws') ? websockets[0]! : leafnodes!
      const remote = `url: "${scheme}://localhost:${port}${path}"\n${transport.remote?.(files) ?? ''}`
      await using spoke = await startNatsNode({
        name: 'spoke',
        config: `leafnodes { reconnect: 1, remotes: [ { ${remote} } ] }`,
        ...(command && { command }),
      })
      await using here = await connectTo(hub.natsUrl)
      await using there = await connectTo(spoke.url)
      await checkTraffic(there.client, here.client, 'up')
      await checkTraffic(here.client, there.client, 'down')
    })
  }
})
