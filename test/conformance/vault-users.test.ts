/** Signed-in users of the vault as clients of NATS over WebSocket, with NATS' own libraries. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ConnectionOptions, type NatsConnection, wsconnect } from '@nats-io/nats-core'
import { connect as natsWsConnect } from 'nats.ws'
import { registerAndLogin, type TestDevice } from '../helpers/account.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { within } from '../helpers/wait.ts'
import { connectTcp, connectWebSocket } from './nats-clients.ts'

const TOKEN_COOKIE = 'belfry_token'

let server: TestServer
before(async () => {
  server = await startTestServer({
    web: { nats: 'off' },
    // Everybody else has to have this password.
    nats: { user: 'ada', password: 'secret' },
    websocket: { tokenCookie: TOKEN_COOKIE },
    vault: { unauthenticatedRatelimitMaxBurst: 1000 },
  })
})
after(() => server.close())

type Connect = (token: string) => Promise<NatsConnection>

const once = { reconnect: false } satisfies Partial<ConnectionOptions>

const WAYS: Record<string, Connect> = {
  '/nats of the web listener': (token) => wsconnect({ servers: server.webNatsUrl, token, ...once }),
  'a websocket listener': (token) => wsconnect({ servers: server.webSocketUrl, token, ...once }),
  'a websocket listener, as the password': (token) =>
    wsconnect({ servers: server.webSocketUrl, user: 'me', pass: token, ...once }),
  'a websocket listener, in a cookie': (token) =>
    connectWebSocket(server.webSocketUrl, { ...once, upgrade: { headers: { cookie: `${TOKEN_COOKIE}=${token}` } } }),
  'a websocket listener, with nats.ws': (token) =>
    natsWsConnect({ servers: server.webSocketUrl, token, ...once }) as unknown as Promise<NatsConnection>,
}

async function signIn(): Promise<TestDevice> {
  return registerAndLogin({ server: server.webUrl })
}

function ownSubjects({ userId }: TestDevice): string {
  return `vault.user.${userId}.>`
}

/** The name of the error with which the connection ends. */
async function endOf(client: NatsConnection): Promise<string | undefined> {
  const error = await within(client.closed(), 'the end of the connection')
  return error?.message
}

for (const [name, connect] of Object.entries(WAYS)) {
  describe(`by ${name}`, () => {
    test('a renamed entry is told of to its owner, and to nobody else', async () => {
      const [alice, bob] = [await signIn(), await signIn()]
      const [ofAlice, ofBob] = [await connect(alice.accessToken), await connect(bob.accessToken)]
      const [heardByAlice, heardByBob] = [ofAlice.subscribe(ownSubjects(alice)), ofBob.subscribe(ownSubjects(bob))]
      await Promise.all([ofAlice.flush(), ofBob.flush()])

      const { json: entry } = await alice.post('/api/ciphers', alice.loginItem('before'))
      const { json: renamed } = await alice.put(`/api/ciphers/${entry.id}`, alice.loginItem('after'))
      await bob.post('/api/ciphers', bob.loginItem('of Bob'))

      const told: [subject: string, id: string, date: number][] = []
      for await (const message of heardByAlice) {
        const { Payload } = message.json<{ Payload: { Id: string; RevisionDate: string } }>()
        told.push([message.subject, Payload.Id, Date.parse(Payload.RevisionDate)])
        if (told.length === 2) break
      }
      assert.deepEqual(told[0]?.slice(0, 2), [`vault.user.${alice.userId}.SyncCipherCreate`, entry.id])
      assert.deepEqual(told[1], [
        `vault.user.${alice.userId}.SyncCipherUpdate`,
        entry.id,
        Date.parse(renamed.revisionDate),
      ])
      for await (const { subject } of heardByBob) {
        assert.equal(subject, `vault.user.${bob.userId}.SyncCipherCreate`)
        break
      }
      await Promise.all([ofAlice.close(), ofBob.close()])
    })

    test('a token of nobody is refused', async () => {
      const { accessToken } = await signIn()
      const forged = `${accessToken.slice(0, -4)}AAAA`
      await assert.rejects(connect(forged), /Authorization Violation/i)
    })

    test('the connection ends with the sessions of its user, at once; those of others stay', async () => {
      const [alice, bob] = [await signIn(), await signIn()]
      const [ofAlice, ofBob] = [await connect(alice.accessToken), await connect(bob.accessToken)]
      const { status } = await alice.post('/api/accounts/security-stamp', { masterPasswordHash: alice.passwordHash })
      assert.equal(status, 200)
      assert.match((await endOf(ofAlice)) ?? '', /Authorization Violation|Authentication/i)
      await ofBob.flush()
      await assert.rejects(connect(alice.accessToken), /Authorization Violation/i)
      await ofBob.close()
    })
  })
}

test('a vault user may subscribe to nothing else, and publish nothing', async () => {
  const [alice, bob] = [await signIn(), await signIn()]
  const client = await wsconnect({ servers: server.webNatsUrl, token: alice.accessToken, ...once })
  for (const subject of ['>', 'vault.>', 'vault.user.>', 'vault.user.*.SyncVault', ownSubjects(bob)]) {
    const refused = Promise.withResolvers<Error>()
    client.subscribe(subject, {
      callback: (error) => {
        if (error) refused.resolve(error)
      },
    })
    const { message } = await within(refused.promise, `the refusal of ${subject}`)
    assert.match(message, /^Permissions Violation for Subscription to /)
  }
  const violations: string[] = []
  const watching = (async () => {
    for await (const status of client.status()) {
      if (status.type !== 'error') continue
      violations.push(status.error.message)
      if (violations.length === 2) return
    }
  })()
  for (const subject of [`vault.user.${alice.userId}.SyncVault`, 'anything']) client.publish(subject, '{}')
  await within(watching, 'two violations')
  for (const violation of violations) assert.match(violation, /^Permissions Violation for Publish to /)
  // What is allowed still is.
  client.subscribe(`vault.user.${alice.userId}.SyncVault`)
  await client.flush()
  await client.close()
})

test('others do not get in at /nats, and get in elsewhere as before; a token is none over TCP', async () => {
  const { accessToken } = await signIn()
  await assert.rejects(wsconnect({ servers: server.webNatsUrl, ...once }), /Authorization Violation/i)
  const login = { user: 'ada', pass: 'secret' }
  await assert.rejects(wsconnect({ servers: server.webNatsUrl, ...login, ...once }), /Authorization Violation/i)
  const [byWebSocket, byTcp] = [
    await wsconnect({ servers: server.webSocketUrl, ...login, ...once }),
    await connectTcp(server.natsUrl, { ...login, ...once }),
  ]
  await assert.rejects(connectTcp(server.natsUrl, { token: accessToken, ...once }), /Authorization Violation/i)
  await Promise.all([byWebSocket.close(), byTcp.close()])
})

test('who tries tokens at /nats learns ever later that they are wrong', async () => {
  await using other = await startTestServer({ web: { nats: 'off' }, nats: { maxFailureDelayMs: 300 } })
  const tookMs = async () => {
    const startMs = performance.now()
    await assert.rejects(
      wsconnect({ servers: other.webNatsUrl, token: 'guessed', ...once }),
      /Authorization Violation/i,
    )
    return performance.now() - startMs
  }
  let longestMs = 0
  for (let i = 0; i < 10; i++) longestMs = Math.max(longestMs, await tookMs())
  assert.ok(longestMs > 250, `${longestMs}`)
})

test('a setting switches it off', async () => {
  await using other = await startTestServer({
    web: { nats: 'off', admitsVaultUsers: false },
    nats: { user: 'ada', password: 'secret' },
  })
  const { accessToken } = await registerAndLogin({ server: other.webUrl })
  await assert.rejects(
    wsconnect({ servers: other.webSocketUrl, token: accessToken, ...once }),
    /Authorization Violation/i,
  )
  const { status } = await fetch(other.webNatsUrl.replace('ws:', 'http:'))
  assert.equal(status, 404)
  await assert.rejects(wsconnect({ servers: other.webNatsUrl, token: accessToken, ...once }))
})
