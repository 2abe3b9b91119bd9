/** Links of ours to real nats-servers, over every transport, and what crosses them in both directions. */
import { test } from 'node:test'
import { TestAuthority } from '../../helpers/certificates.ts'
import { type NatsNodeOptions, startNatsNode } from '../../helpers/nats-cluster.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { connectTcp } from '../nats-clients.ts'
import { describeHubs } from './hubs.ts'
import { checkTraffic, linked, startSpoke } from './spoke.ts'

interface Files {
  readonly server: string
  readonly client: string
  readonly caFile: string
}

interface Transport {
  /** What 2.9.10 does not have. */
  readonly since?: 'newest'
  readonly hub?: (files: Files) => NatsNodeOptions
  readonly url: (ports: { leafPort: number; webSocketPort: number }) => string
  readonly remote?: (files: Files) => string
}

const tcp: Transport['url'] = ({ leafPort }) => `nats://127.0.0.1:${leafPort}`
const ws: Transport['url'] = ({ webSocketPort }) => `ws://127.0.0.1:${webSocketPort}`
const wss: Transport['url'] = ({ webSocketPort }) => `wss://localhost:${webSocketPort}`
const securedWs = ({ server }: Files) => ({ webSocketConfig: `tls { ${server} }` })
const trusting = ({ caFile }: Files) => `tls { ca_file: "${caFile}" }`

const TRANSPORTS: Readonly<Record<string, Transport>> = {
  TCP: { url: tcp },
  'TLS that the hub asks for': {
    hub: ({ server }) => ({ leafConfig: `tls { ${server} }` }),
    url: ({ leafPort }) => `nats://localhost:${leafPort}`,
    remote: trusting,
  },
  'TLS with certificates on both sides': {
    hub: ({ server, caFile }) => ({ leafConfig: `tls { ${server}, ca_file: "${caFile}", verify: true }` }),
    url: ({ leafPort }) => `tls://localhost:${leafPort}`,
    remote: ({ client, caFile }) => `tls { ${client}, ca_file: "${caFile}" }`,
  },
  'TLS before anything is said': {
    since: 'newest',
    hub: ({ server }) => ({ leafConfig: `tls { ${server}, handshake_first: true }` }),
    url: ({ leafPort }) => `nats://localhost:${leafPort}`,
    remote: ({ caFile }) => `tls { ca_file: "${caFile}", handshake_first: true }`,
  },
  WebSocket: { url: ws },
  'WebSocket, compressed': {
    hub: () => ({ webSocketConfig: 'no_tls: true, compression: true' }),
    url: ws,
    remote: () => 'ws_compression: true',
  },
  'WebSocket, without masks': { url: ws, remote: () => 'ws_no_masking: true' },
  'WebSocket, compressed and without masks': {
    hub: () => ({ webSocketConfig: 'no_tls: true, compression: true' }),
    url: ws,
    remote: () => 'ws_compression: true, ws_no_masking: true',
  },
  'WebSocket with compression that the hub does not have': { url: ws, remote: () => 'ws_compression: true' },
  'WebSocket over TLS': { hub: securedWs, url: wss, remote: trusting },
  'WebSocket over TLS, compressed and without masks': {
    hub: ({ server }) => ({ webSocketConfig: `tls { ${server} }, compression: true` }),
    url: wss,
    remote: (files) => `${trusting(files)}, ws_compression: true, ws_no_masking: true`,
  },
}

async function files(folder: Awaited<ReturnType<typeof temporaryFolder>>): Promise<Files> {
  const authority = await TestAuthority.create(folder)
  const [server, client] = await Promise.all([
    authority.issue(),
    authority.issue({ subject: 'CN=spoke', dnsNames: [] }),
  ])
  const pair = (one: typeof server) => `cert_file: "${one.certFile}", key_file: "${one.keyFile}"`
  return { server: pair(server), client: pair(client), caFile: authority.caFile }
}

describeHubs('traffic in both directions', ({ name: program, command }) => {
  for (const [name, transport] of Object.entries(TRANSPORTS)) {
    if (transport.since === 'newest' && program !== 'newest') continue
    test(name, async () => {
      await using folder = await temporaryFolder()
      const made = await files(folder)
      await using hub = await startNatsNode({ leafnodes: true, ...(command && { command }), ...transport.hub?.(made) })
      await using spoke = await startSpoke(transport.url(hub), transport.remote?.(made))
      await linked(spoke)
      const there = await connectTcp(hub.url)
      const here = await connectTcp(spoke.natsUrl)
      try {
        await checkTraffic(here, there, 'up')
        await checkTraffic(there, here, 'down')
      } finally {
        await Promise.all([here.close(), there.close()])
      }
    })
  }
})
