/** The hubs behind nginx, by the rules that people have: those of 2020, those of today, and those that forget the upgrade. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { HttpTransportType, type IHttpConnectionOptions } from '@microsoft/signalr'
import { WebSocket } from 'ws'
import { NotificationType } from '../../src/notify/index.ts'
import { login, register, type TestDevice } from '../helpers/account.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { until } from '../helpers/wait.ts'
import { nginx, startNginx } from '../services/proxies.ts'
import { Approver, INTERNAL_KEY } from './auth-answers.ts'
import { HubClient } from './hub-client.ts'

const ANY_PORT = { host: '127.0.0.1', port: 0 }

/** Apps skip the negotiation, other clients of SignalR do not. */
const WAYS: readonly [name: string, options: IHttpConnectionOptions][] = [
  ['without negotiation', { skipNegotiation: true, transport: HttpTransportType.WebSockets }],
  ['negotiated', { transport: HttpTransportType.WebSockets }],
  ['negotiated, as Server-Sent Events', { transport: HttpTransportType.ServerSentEvents }],
  ['negotiated, as long polling', { transport: HttpTransportType.LongPolling }],
]

/** In front of the main port `web` and the hub's own port `old`. */
type Rules = (ports: { readonly web: string; readonly old: string }) => string

const HEADERS = 'proxy_set_header Host $http_host; proxy_set_header X-Real-IP $remote_addr;'
const UPGRADE = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection'
const RULES_OF_2020: Rules = ({ web, old }) => `
  location / { proxy_pass ${web}; ${HEADERS} }
  location /notifications/hub { proxy_pass ${old}; ${UPGRADE} "upgrade"; }
  location /notifications/hub/negotiate { proxy_pass ${web}; }`

const LAYOUTS: readonly [name: string, rules: Rules][] = [
  ['the rules of 2020, which speak HTTP/1.0 to the hub', RULES_OF_2020],
  [
    'the rules of 2020 with HTTP/1.1',
    (ports) => RULES_OF_2020(ports).replace(UPGRADE, `proxy_http_version 1.1; ${HEADERS} ${UPGRADE}`),
  ],
  [
    'one rule for all, which upgrades what asks for it',
    ({ web }) => `
      proxy_http_version 1.1; ${HEADERS} ${UPGRADE} $connection_upgrade;
      location / { proxy_pass ${web}; }`,
  ],
  [
    'rules of today for each hub, as in the official server’s image',
    ({ web }) => `
      location / { proxy_pass ${web}; ${HEADERS} }
      location /notifications/ { proxy_pass ${web}; proxy_http_version 1.1; ${HEADERS} }
      location /notifications/hub { proxy_pass ${web}; proxy_http_version 1.1; ${HEADERS} ${UPGRADE} $connection_upgrade; }
      location /notifications/anonymous-hub { proxy_pass ${web}; proxy_http_version 1.1; ${HEADERS} ${UPGRADE} $connection_upgrade; }`,
  ],
]

describe('behind nginx', { skip: nginx.skip }, () => {
  let server: TestServer
  let device: TestDevice
  let approver: Approver
  before(async () => {
    server = await startTestServer({ oldHub: { enabled: true, ...ANY_PORT }, relay: { internalKey: INTERNAL_KEY } })
    const email = 'alice@example.com'
    await register({ server: server.webUrl, email })
    device = await login({ server: server.webUrl, email })
    approver = await Approver.of(server.webUrl)
  })
  after(() => server.close())

  const startProxy = (rules: Rules) => {
    const old = `http://127.0.0.1:${server.server.addresses.oldHub?.port}`
    return startNginx({ rules: rules({ web: server.webUrl, old }) })
  }
  const accessTokenFactory = () => device.accessToken

  /** Makes a change and waits until the client hears of it, after what it may have missed before. */
  const assertUserIsServed = async (url: string, options: IHttpConnectionOptions) => {
    await using client = await HubClient.start(url, 'ReceiveMessage', { ...options, accessTokenFactory })
    await device.post('/api/folders', { name: device.encrypt('F') })
    for (let type: number | undefined; type !== NotificationType.SyncFolderCreate; ) {
      const event = await client.next<{ Type?: number; type?: number }>()
      type = event.Type ?? event.type
    }
  }

  const assertStrangerIsServed = async (url: string, options: IHttpConnectionOptions) => {
    const requestId = randomUUID()
    await using client = await HubClient.start(`${url}?Token=${requestId}`, 'AuthRequestResponseRecieved', options)
    await approver.approve(requestId, device.userId)
    const { UserId, userId } = await client.next<{ UserId?: string; userId?: string }>()
    assert.equal(UserId ?? userId, device.userId)
  }

  for (const [layout, rules] of LAYOUTS) {
    test(layout, async () => {
      await using proxy = await startProxy(rules)
      const url = `http://127.0.0.1:${proxy.port}/notifications`
      for (const [, options] of WAYS) await assertUserIsServed(`${url}/hub`, options)
      // In 2020 there was no such hub: without upgrades on its way there are other transports.
      const ways = layout.includes('2020')
        ? WAYS.filter(([, { transport }]) => transport !== HttpTransportType.WebSockets)
        : WAYS
      for (const [, options] of ways) await assertStrangerIsServed(`${url}/anonymous-hub`, options)
    })
  }

  test('that forgets the upgrade: apps are answered 400, and who negotiates finds another way', async () => {
    await using proxy = await startProxy(({ web }) => `location / { proxy_pass ${web}; ${HEADERS} }`)
    const url = `http://127.0.0.1:${proxy.port}/notifications`
    for (const path of [`hub?access_token=${device.accessToken}`, `anonymous-hub?Token=${randomUUID()}`]) {
      assert.equal(await statusOf(`${url}/${path}`), 400)
    }
    const both = HttpTransportType.WebSockets | HttpTransportType.LongPolling
    await assertUserIsServed(`${url}/hub`, { transport: both })
    await assertUserIsServed(`${url}/hub`, {})
    await assertStrangerIsServed(`${url}/anonymous-hub`, {})
  })

  test('each client address has its 25 connections to the anonymous hub, whatever it says of itself', async () => {
    await using proxy = await startProxy(LAYOUTS[3]![1])
    const url = `http://127.0.0.1:${proxy.port}/notifications/anonymous-hub?Token=${randomUUID()}`
    const sockets: WebSocket[] = []
    for (const localAddress of ['127.0.0.2', '127.0.0.3']) {
      for (let i = 0; i < 25; i++) sockets.push(await open(url, { localAddress }))
      assert.equal(await statusOf(url, { localAddress }), 429)
      assert.equal(await statusOf(url, { localAddress, headers: { 'X-Real-IP': '192.0.2.7' } }), 429)
    }
    sockets[0]!.terminate()
    sockets.push(await until(() => open(url, { localAddress: '127.0.0.2' }), 'a place'))
    for (const socket of sockets) socket.terminate()
  })
})

test('a forged header from somebody who is no trusted proxy does not help', async () => {
  await using server = await startTestServer({ web: { ipHeaderTrustedProxies: ['192.0.2.1'] } })
  const url = `${server.webUrl}/notifications/anonymous-hub?Token=${randomUUID()}`
  const forged = (i: number) => ({ headers: { 'X-Real-IP': `203.0.113.${i}` } })
  const sockets: WebSocket[] = []
  for (let i = 0; i < 25; i++) sockets.push(await open(url, forged(i)))
  assert.equal(await statusOf(url, forged(25)), 429)
  for (const socket of sockets) socket.terminate()
})

interface ClientOptions {
  readonly localAddress?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function open(url: string, options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), options)
  await once(socket, 'open')
  return socket
}

/** Of an upgrade that is refused. */
async function statusOf(url: string, options: ClientOptions = {}): Promise<number | undefined> {
  const socket = new WebSocket(url.replace('http', 'ws'), options)
  const [, { statusCode }] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  socket.on('error', () => {})
  socket.terminate()
  return statusCode
}
