/** Who says nothing for too long has to go: `spec/nats.md` §4.1, §2.6. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connectTls, WireClient } from '../../doors/nats/websocket-table/wire-client.ts'
import { RawSocket } from '../../net/raw-socket.ts'
import { certificates } from './forms.ts'
import { Operator } from './operator.ts'
import { type SiteConfig, Sites, table } from './sites.ts'

const TIMEOUT_MS = 300
const authorization = (more: string) => `authorization { timeout: ${TIMEOUT_MS / 1000}\n${more} }`
const operator = new Operator()

const FORMS: Readonly<Record<string, SiteConfig>> = {
  'a single user': { main: authorization('user: one, password: secret') },
  users: { main: authorization('users: [{ user: one, password: secret }]') },
  'accounts of an operator': { main: `${await operator.memoryConfig({})}\n${authorization('')}` },
  'a user of the WebSocket listener': {
    main: authorization('user: one, password: secret'),
    webSocket: `authorization { user: other, password: secret, timeout: ${TIMEOUT_MS / 1000} }`,
  },
}

const TIMED_OUT = "-ERR 'Authentication Timeout'\r\n"

table((implementation) => {
  for (const [name, config] of Object.entries(FORMS)) {
    describe(name, () => {
      let sites: Sites
      before(async () => {
        sites = await Sites.start(implementation, config, certificates)
      })
      after(() => sites?.[Symbol.asyncDispose]())

      test('who says nothing is told so and has to go, over every carrier', async () => {
        const tls = { ca: certificates.ca }
        const startedMs = performance.now()
        const sockets = [await RawSocket.connect(sites.plain.tcp), await upgraded(sites.secure.tcp, tls)]
        using ws = await WireClient.connect(sites.plain.webSocket)
        using wss = await WireClient.connect(sites.secure.webSocket, { tls })
        for (const raw of sockets) {
          assert.match(await raw.readToEnd(), new RegExp(`(^INFO .*\r\n)?${TIMED_OUT}$`))
          raw.destroy()
        }
        assert.ok(performance.now() - startedMs > TIMEOUT_MS - 50)
        for (const client of [ws, wss]) {
          assert.equal(await client.hearThrough('\r\n'), TIMED_OUT)
          assert.deepEqual(await client.ended(), { code: 1008, reason: 'Authentication Timeout' })
        }
      })
    })
  }
})

/** TLS begins behind INFO. */
async function upgraded(address: Parameters<typeof RawSocket.connect>[0], tls: { ca: string }): Promise<RawSocket> {
  const plain = await RawSocket.connect(address)
  await plain.readThrough('\r\n')
  plain.socket.removeAllListeners('data')
  return connectTls(address, { ...tls, socket: plain.socket })
}
