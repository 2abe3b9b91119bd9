/** What the door tells of its connections, and what a reload does to them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '../../helpers/wait.ts'
import { LIMITS, startDoor } from './door-server.ts'
import { CARRIERS, connectTo, TcpClient, WebSocketClient } from './raw-client.ts'

const CONNECT = 'CONNECT {"verbose":false,"pedantic":false,"headers":true,"name":"n","lang":"l","version":"1.2"}\r\n'

for (const carrier of CARRIERS) {
  describe(`over ${carrier}`, () => {
    test('a connection shows who it is, what it did, and how it ended', async () => {
      await using server = await startDoor()
      const before = Date.now()
      using client = await connectTo(server, carrier)
      client.say(
        `${CONNECT}SUB a.* 1\r\nSUB b q 2\r\nUNSUB 2 9\r\nPUB a.b 5\r\nhello\r\nHPUB b 12 14\r\nNATS/1.0\r\n\r\nhi\r\n`,
      )
      await client.untilPong()

      const [snapshot, ...others] = [...server.door.openSnapshots()]
      assert.equal(others.length, 0)
      const { startMs, lastActivityMs, rttMs, port, subscriptions, ...shown } = snapshot!
      assert.deepEqual(shown, {
        cid: client.info.client_id,
        type: carrier === 'TCP' ? 'nats' : 'websocket',
        ip: '127.0.0.1',
        pendingBytes: 0,
        inMsgs: 2,
        outMsgs: 2,
        inBytes: 19,
        outBytes: 19,
        stalls: 0,
        subscriptionCount: 2,
        name: 'n',
        lang: 'l',
        version: '1.2',
        authorizedUser: undefined,
        account: '$G',
        details: undefined,
        nkey: undefined,
        permissions: undefined,
        expiry: undefined,
        tls: undefined,
      })
      assert.equal(port, (client as TcpClient | WebSocketClient).raw.socket.localPort)
      assert.ok(startMs >= before && lastActivityMs >= startMs && lastActivityMs <= Date.now())
      assert.ok(rttMs !== undefined && rttMs >= 1)
      assert.deepEqual(
        [...subscriptions()],
        [
          { subject: 'a.*', queue: '', sid: '1', msgs: 1, max: 0 },
          { subject: 'b', queue: 'q', sid: '2', msgs: 1, max: 9 },
        ],
      )

      client.say('NONSENSE\r\n')
      await client.ended()
      client.destroy()
      await until(() => server.door.connectionCount === 0, 'the end')
      const [closed] = [...server.door.closedSnapshots()]
      assert.deepEqual(
        [closed?.cid, closed?.reason, closed?.inMsgs, closed?.subscriptionCount, [...closed!.subscriptions()].length],
        [client.info.client_id, 'Protocol Violation', 2, 2, 2],
      )
      assert.ok(closed!.stopMs! >= startMs)
      assert.deepEqual(server.door.totals(), {
        connections: 0,
        totalConnections: 1,
        inMsgs: 2,
        outMsgs: 2,
        inBytes: 19,
        outBytes: 19,
        stalls: 0,
        slowConsumers: { clients: 0 },
        staleConnections: { clients: 0 },
      })
    })

    test('slow consumers are counted by account', async () => {
      await using server = await startDoor()
      const client = await connectTo(server, carrier)
      assert.ok(server.door.end(client.info.client_id as number, 'Slow Consumer (Pending Bytes)'))
      await until(() => server.door.connectionCount === 0, 'its end')
      assert.deepEqual(
        [
          server.door.totals().slowConsumers.clients,
          server.door.slowConsumersIn('$G'),
          server.door.slowConsumersIn('A'),
        ],
        [1, 1, 0],
      )
      client.destroy()
    })

    test('the last ones that ended are remembered, and no more of them', async () => {
      await using server = await startDoor({ limits: { maxClosedClients: 3 } })
      for (let i = 1; i <= 5; i++) {
        const client = await connectTo(server, carrier)
        client.destroy()
        await until(() => server.door.connectionCount === 0, 'its end')
      }
      const cids = () => Array.from(server.door.closedSnapshots(), ({ cid }) => cid)
      assert.deepEqual(cids(), [3, 4, 5])
      server.door.reconfigure({ limits: { ...LIMITS, maxClosedClients: 2 } })
      assert.deepEqual(cids(), [4, 5])
      assert.equal(server.door.totals().totalConnections, 5)
    })

    test('of what those that ended were subscribed to, no more is remembered than a little text', async () => {
      await using server = await startDoor()
      const subscribed = async (line: (i: number) => string) => {
        using client = await connectTo(server, carrier)
        client.say(CONNECT + Array.from({ length: 120 }, (_, i) => line(i)).join(''))
        await client.untilPong()
        client.destroy()
        await until(() => server.door.connectionCount === 0, 'its end')
        const closed = [...server.door.closedSnapshots()].at(-1)!
        return {
          count: closed.subscriptionCount,
          subjects: Array.from(closed.subscriptions(), ({ subject }) => subject),
        }
      }
      const short = await subscribed((i) => `SUB s${i} ${i}\r\n`)
      assert.deepEqual([short.count, short.subjects.length, short.subjects[99]], [120, 100, 's99'])
      const long = await subscribed((i) => `SUB s${i}.${'x'.repeat(1990)} queue ${'9'.repeat(2000)}${i}\r\n`)
      assert.deepEqual([long.count, long.subjects.length], [120, 2])
    })

    test('one connection can be ended', async () => {
      await using server = await startDoor()
      using client = await connectTo(server, carrier)
      assert.equal(server.door.end(99, 'Kicked'), false)
      assert.equal(server.door.end(Number(client.info.client_id), 'Kicked'), true)
      const ending = await client.ended()
      if (carrier === 'WebSocket') assert.deepEqual(ending, { code: 1011, reason: 'Kicked' })
    })

    test('connections over a new maximum go, the newest first', async () => {
      await using server = await startDoor()
      using oldest = await connectTo(server, carrier)
      using newest = await connectTo(server, carrier)
      server.door.reconfigure({ limits: { ...LIMITS, maxConnections: 1 } })
      await newest.ended()
      assert.equal(await newest.hear(1), "-ERR 'maximum connections exceeded'\r\n")
      await oldest.untilPong()
    })

    test('a maximum of 0 refuses all', async () => {
      await using server = await startDoor({ limits: { maxConnections: 0 } })
      using client = await connectTo(server, carrier)
      await client.ended()
      assert.equal(await client.hear(1), "-ERR 'maximum connections exceeded'\r\n")
    })

    test('without header support nobody has headers, and INFO says so', async () => {
      await using server = await startDoor({ limits: { supportsHeaders: false } })
      using client = await connectTo(server, carrier)
      assert.equal(client.info.headers, false)
      client.say(`${CONNECT}HPUB a 12 12\r\n`)
      await client.ended()
      using requester = await connectTo(server, carrier)
      requester.say('CONNECT {"headers":true,"no_responders":true}\r\n')
      await requester.ended()
      assert.equal(await requester.hear(1), "-ERR 'no responders requires headers support'\r\n")
    })

    test('subjects may have no more tokens than the limit', async () => {
      await using server = await startDoor({ limits: { maxSubscriptionTokens: 2 } })
      using client = await connectTo(server, carrier)
      client.say('CONNECT {}\r\nSUB a.b 1\r\nSUB a.b.c 2\r\n')
      const violation = 'Permissions Violation for Subscription to "a.b.c", too many tokens'
      assert.equal(await client.untilPong(), `+OK\r\n+OK\r\n-ERR '${violation}'\r\nPONG\r\n`)
    })
  })
}

describe('signs of life', () => {
  test('the ping interval of the WebSocket listener goes before that of all', async () => {
    await using server = await startDoor({ limits: { pingMax: 1000 }, webSocket: { pingIntervalMs: 50 } })
    using overTcp = await TcpClient.connect(server.tcp)
    using overWebSocket = await WebSocketClient.connect(server.webSocket)
    for (const client of [overTcp, overWebSocket]) client.say('CONNECT {"verbose":false}\r\n')
    assert.equal(await overWebSocket.hear(18), 'PING\r\nPING\r\nPING\r\n')
    assert.equal(await overTcp.untilPong(), 'PONG\r\n')
  })

  test('another interval counts for those who are in, whether the server or their listener has it', async () => {
    await using server = await startDoor({ limits: { pingMax: 1000 } })
    using overTcp = await TcpClient.connect(server.tcp)
    using overWebSocket = await WebSocketClient.connect(server.webSocket)
    for (const client of [overTcp, overWebSocket]) {
      client.say('CONNECT {"verbose":false}\r\n')
      await client.untilPong()
    }
    const { current } = server.webSocketProfile
    server.webSocketProfile.current = { ...current, pingIntervalMs: 50 }
    server.door.profilesChanged()
    assert.equal(await overWebSocket.hear(12), 'PING\r\nPING\r\n')
    assert.equal(await overTcp.untilPong(), 'PONG\r\n')
    server.door.reconfigure({ limits: { ...LIMITS, pingMax: 1000, pingIntervalMs: 60 } })
    assert.equal(await overTcp.hear(12), 'PING\r\nPING\r\n')
  })

  test('a client that only answers is asked each time, one that has something to say is not', async () => {
    await using server = await startDoor({ limits: { pingIntervalMs: 150, pingMax: 1000 } })
    using answering = await TcpClient.connect(server.tcp)
    using busy = await TcpClient.connect(server.tcp)
    for (const client of [answering, busy]) client.say('CONNECT {"verbose":false,"pedantic":false}\r\n')
    const talking = setInterval(() => busy.say('PUB a 0\r\n\r\n'), 20)
    let pings = 0
    while (pings < 5) {
      if ((await answering.hear(1)).includes('PING')) pings++
      answering.say('PONG\r\n')
    }
    clearInterval(talking)
    const heard = await busy.untilPong()
    assert.ok(heard.split('PING').length - 1 <= 3, `${pings} PINGs for the one, for the other ${JSON.stringify(heard)}`)
  })
})
