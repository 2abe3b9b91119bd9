/** What clients are told by INFO after their login, and how a server that goes away gets rid of them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { within } from '../../helpers/wait.ts'
import { RawSocket } from '../../net/raw-socket.ts'
import { LIMITS, startDoor } from './door-server.ts'
import { CARRIERS, type CarrierName, connectTo, type RawClient } from './raw-client.ts'

const MODERN = 'CONNECT {"verbose":false,"protocol":1}\r\n'
const OLD = 'CONNECT {"verbose":false}\r\n'

async function loggedIn(server: Parameters<typeof connectTo>[0], carrier: CarrierName, connect = MODERN) {
  const client = await connectTo(server, carrier)
  client.say(connect)
  await client.untilPong()
  return client
}

/** The INFO lines that came until now. */
async function infos(client: RawClient): Promise<readonly Readonly<Record<string, unknown>>[]> {
  await client.untilPong()
  return client.laterInfos
}

test('PONG comes before INFO', async () => {
  await using server = await startDoor()
  const raw = await RawSocket.connect(server.tcp)
  await raw.readThrough('\n')
  raw.write(`${MODERN}PING\r\n`)
  assert.match(await raw.readThrough(' \r\n'), /^PONG\r\nINFO \{.*"connect_info":true.*\} \r\n$/)
  raw.destroy()
})

for (const carrier of CARRIERS) {
  describe(`over ${carrier}`, () => {
    test('the first PING is answered with PONG and then with where the client is now', async () => {
      await using server = await startDoor()
      using client = await connectTo(server, carrier)
      client.say(`PING\r\n${MODERN}PING\r\nPING\r\n`)
      for (let pings = 0; pings < 4; pings++) await client.untilPong()
      const [info, ...others] = client.laterInfos
      assert.equal(others.length, 0, 'only once')
      const { client_id, client_ip, host, port, max_payload, server_id } = client.info
      const { connect_info, remote_account, acc_is_sys, nonce, ...rest } = info!
      assert.deepEqual([connect_info, remote_account, acc_is_sys, nonce], [true, '$G', undefined, undefined])
      assert.deepEqual(
        [rest.client_id, rest.client_ip, rest.host, rest.port, rest.max_payload, rest.server_id],
        [client_id, client_ip, host, port, max_payload, server_id],
      )
    })

    test('a client of protocol 0 gets no INFO later, and one that never says PING neither', async () => {
      await using server = await startDoor()
      using old = await loggedIn(server, carrier, OLD)
      using silent = await connectTo(server, carrier)
      silent.say(`${MODERN}SUB a 1\r\nPUB a 0\r\n\r\n`)
      await silent.hear(1)
      server.door.announce({ ldm: true })
      using modern = await loggedIn(server, carrier)
      server.door.announce({ connectUrls: ['other:4222'] })
      assert.deepEqual(await infos(old), [])
      assert.deepEqual(
        (await infos(modern)).map(({ ldm, connect_urls, connect_info }) => [ldm, connect_urls, connect_info]),
        [
          [undefined, undefined, true],
          [undefined, ['other:4222'], undefined],
        ],
      )
      // Its own first PING: nothing was sent to it before.
      await infos(silent)
      assert.deepEqual(
        (await infos(silent)).map(({ ldm, connect_info }) => [ldm, connect_info]),
        [[undefined, true]],
      )
    })

    test('another max_payload is announced, and counts from then on', async () => {
      await using server = await startDoor()
      using client = await loggedIn(server, carrier)
      await client.untilPong()
      server.door.reconfigure({ limits: { ...LIMITS, maxPayloadBytes: 3 } })
      assert.equal((await infos(client)).at(-1)?.max_payload, 3)
      client.say('PUB a 4\r\n')
      await client.ended()
      assert.equal(await client.hear(1), "-ERR 'Maximum Payload Violation'\r\n")
    })

    test('in lame duck mode clients are told, have their grace, and then go one by one', async () => {
      await using server = await startDoor()
      const clients = [
        await loggedIn(server, carrier),
        await loggedIn(server, carrier),
        await loggedIn(server, carrier),
      ]
      let isOver = false
      const over = server.door.lameDuck({ durationMs: 600, graceMs: 300 }).then(() => {
        isOver = true
      })
      for (const client of clients) assert.equal((await infos(client)).at(-1)?.ldm, true)
      assert.equal(server.door.connectionCount, 3)
      using late = await connectTo(server, carrier)
      await late.ended()
      const ends = await Promise.all(
        clients.map(async (client) => {
          const ending = await client.ended()
          if (carrier === 'WebSocket') assert.deepEqual(ending, { code: 1001, reason: 'Server Shutdown' })
          const endedAt = performance.now()
          client.destroy()
          return endedAt
        }),
      )
      await within(over, 'the end of lame duck mode')
      assert.ok(isOver)
      // Three steps of 100 ms at most, at least half of which has to pass each time.
      assert.ok(ends[1]! - ends[0]! > 30 && ends[2]! - ends[1]! > 30, `${ends}`)
      assert.deepEqual(
        [...server.door.closedSnapshots()].map(({ reason }) => reason),
        ['Server Shutdown', 'Server Shutdown', 'Server Shutdown', 'Server Shutdown'],
      )
    })

    test('lame duck mode ends at once when the server is closed meanwhile, or nobody is there', async () => {
      await using server = await startDoor()
      const client = await loggedIn(server, carrier)
      const over = server.door.lameDuck({ durationMs: 60_000, graceMs: 30_000 })
      server.door.close()
      await client.ended()
      client.destroy()
      await within(over, 'the end of lame duck mode')
      await within(server.door.lameDuck({ durationMs: 60_000, graceMs: 30_000 }), 'the end of nothing')
    })
  })
}
