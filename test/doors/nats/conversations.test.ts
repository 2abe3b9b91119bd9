/** What passes between two clients, over every pair of carriers, and how a server gets rid of those it does not want. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { IMPLEMENTATIONS, type RunningImplementation } from './implementations.ts'
import { CARRIERS, type CarrierName, connectTo, type RawClient } from './raw-client.ts'
import { shown, wire } from './script.ts'

const CONNECT = 'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}␍␊'
const CONNECT_BARE = 'CONNECT {"verbose":false,"pedantic":false}␍␊'

const PAIRS: readonly (readonly [from: CarrierName, to: CarrierName])[] = [
  ['TCP', 'TCP'],
  ['TCP', 'WebSocket'],
  ['WebSocket', 'TCP'],
  ['WebSocket', 'WebSocket'],
]

/** A client that has said this, all of which was done when it is returned. */
async function clientThatSaid(server: RunningImplementation, carrier: CarrierName, text: string): Promise<RawClient> {
  const client = await connectTo(server, carrier)
  client.say(wire(text))
  await client.untilPong()
  return client
}

/** What a client was told until now. */
async function told(client: RawClient): Promise<string> {
  return shown(await client.untilPong()).replace(/PONG␍␊$/, '')
}

async function hears(client: RawClient, expected: string): Promise<void> {
  assert.equal(shown(await client.hear(wire(expected).length)), expected)
}

for (const { name, skip, start } of IMPLEMENTATIONS) {
  describe(name, { skip }, () => {
    let server: RunningImplementation
    before(async () => {
      server = await start('')
    })
    after(() => server?.[Symbol.asyncDispose]())

    for (const [from, to] of PAIRS) {
      describe(`from ${from} to ${to}`, () => {
        test('a message reaches who subscribed, with and without headers', async () => {
          using subscriber = await clientThatSaid(server, to, `${CONNECT}SUB foo.> 1␍␊`)
          using publisher = await clientThatSaid(server, from, CONNECT)
          publisher.say(wire('PUB foo.a 2␍␊hi␍␊HPUB foo.b reply 12 15␍␊NATS/1.0␍␊␍␊abc␍␊PUB bar 2␍␊no␍␊'))
          await publisher.untilPong()
          assert.equal(await told(subscriber), 'MSG foo.a 1 2␍␊hi␍␊HMSG foo.b 1 reply 12 15␍␊NATS/1.0␍␊␍␊abc␍␊')
        })

        test('who has no headers gets the payload without them', async () => {
          using bare = await clientThatSaid(server, to, `${CONNECT_BARE}SUB foo 1␍␊`)
          using publisher = await clientThatSaid(server, from, CONNECT)
          publisher.say(wire('HPUB foo reply 12 15␍␊NATS/1.0␍␊␍␊abc␍␊HPUB foo 12 12␍␊NATS/1.0␍␊␍␊␍␊'))
          await publisher.untilPong()
          assert.equal(await told(bare), 'MSG foo 1 reply 3␍␊abc␍␊MSG foo 1 0␍␊␍␊')
        })

        test('any bytes come out as they went in', async () => {
          const payload = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7) & 0xff)).toString('latin1')
          using subscriber = await clientThatSaid(server, to, `${CONNECT}SUB caf\u00e9.\u00ff 1␍␊`)
          using publisher = await clientThatSaid(server, from, CONNECT)
          publisher.say(`PUB caf\u00e9.\u00ff 5000\r\n${payload}\r\n`)
          await publisher.untilPong()
          assert.equal(await subscriber.untilPong(), `MSG caf\u00e9.\u00ff 1 5000\r\n${payload}\r\nPONG\r\n`)
        })

        test('a queue group shares messages, other groups and plain subscriptions get them all', async () => {
          const members: RawClient[] = []
          for (const queue of ['g', 'g', 'g', 'other', '']) {
            members.push(await clientThatSaid(server, to, `${CONNECT}SUB work ${queue} 1␍␊`))
          }
          using publisher = await clientThatSaid(server, from, CONNECT)
          publisher.say(wire('PUB work 1␍␊x␍␊'.repeat(120)))
          await publisher.untilPong()
          const counts = await Promise.all(
            members.map(async (member) => (await told(member)).split('MSG work 1 1␍␊x␍␊').length - 1),
          )
          for (const member of members) member.destroy()
          assert.equal(counts[0]! + counts[1]! + counts[2]!, 120)
          assert.ok(Math.min(...counts.slice(0, 3)) > 10, `shares of ${counts}`)
          assert.deepEqual(counts.slice(3), [120, 120])
        })

        test('without echo a client does not hear itself, and others do', async () => {
          using deaf = await clientThatSaid(server, from, 'CONNECT {"verbose":false,"echo":false}␍␊SUB a 1␍␊')
          using other = await clientThatSaid(server, to, `${CONNECT}SUB a 1␍␊`)
          deaf.say(wire('PUB a 1␍␊x␍␊'))
          assert.equal(await told(deaf), '')
          assert.equal(await told(other), 'MSG a 1 1␍␊x␍␊')
        })

        test('a request is answered, and by 503 as soon as the service has gone', async () => {
          using requester = await clientThatSaid(server, from, `${CONNECT}SUB inbox.* 7␍␊`)
          const service = await clientThatSaid(server, to, `${CONNECT}SUB time 1␍␊`)
          requester.say(wire('PUB time inbox.1 0␍␊␍␊'))
          await hears(service, 'MSG time 1 inbox.1 0␍␊␍␊')
          service.say(wire('PUB inbox.1 4␍␊noon␍␊'))
          await hears(requester, 'MSG inbox.1 7 4␍␊noon␍␊')
          service.say(wire('UNSUB 1␍␊'))
          await service.untilPong()
          requester.say(wire('PUB time inbox.2 0␍␊␍␊'))
          assert.match(await told(requester), /^HMSG inbox\.2 7 \d+ \d+␍␊NATS\/1\.0 503␍␊/)
          service.destroy()
        })
      })
    }
  })

  test(`${name}: one connection too many is told and closed, the others stay`, { skip }, async () => {
    await using server = await start('max_connections: 2')
    using first = await connectTo(server, 'TCP')
    using second = await connectTo(server, 'WebSocket')
    for (const carrier of CARRIERS) {
      using third = await connectTo(server, carrier)
      const ending = await third.ended()
      assert.equal(shown(await third.hear(1)), "-ERR 'maximum connections exceeded'␍␊")
      if (carrier === 'WebSocket') assert.deepEqual(ending, { code: 1008, reason: 'Maximum Connections Exceeded' })
    }
    for (const client of [first, second]) assert.match(await client.untilPong(), /PONG/)
  })

  describe(`${name} that asks often`, { skip, concurrency: true }, () => {
    let server: RunningImplementation
    before(async () => {
      server = await start('ping_interval: "100ms", ping_max: 2')
    })
    after(() => server?.[Symbol.asyncDispose]())

    for (const carrier of CARRIERS) {
      test(`a client over ${carrier} that answers no PING is given up, one that does is not`, async () => {
        using living = await clientThatSaid(server, carrier, CONNECT)
        using dead = await clientThatSaid(server, carrier, CONNECT)
        let pings = 0
        const answering = (async () => {
          while (!dead.hasEnded && !living.hasEnded) {
            if ((await living.hear(1)).includes('PING')) pings++
            living.say('PONG\r\n')
          }
        })()
        const ending = await dead.ended()
        await answering
        assert.equal(shown(await dead.hear(1)), "PING␍␊PING␍␊-ERR 'Stale Connection'␍␊")
        if (carrier === 'WebSocket') {
          // nats-server sends 1001 too by now: 1006 never goes on the wire (RFC 6455 §7.4.1).
          const illegal = { code: undefined, reason: 'invalid close status code 1006' }
          assert.deepEqual(ending, name === 'belfry' ? { code: 1001, reason: 'Stale Connection' } : illegal)
        }
        assert.ok(pings >= 2, `${pings} PINGs`)
        assert.match(await living.untilPong(), /PONG/)
      })
    }
  })
}
