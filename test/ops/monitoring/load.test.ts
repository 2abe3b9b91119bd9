/** What a request may cost: no turn of the event loop for long, no place for ever, and memory for one at a time. */
import assert from 'node:assert/strict'
import { type IncomingMessage, request } from 'node:http'
import { describe, test } from 'node:test'
import type { ConnectionSnapshot, SubscriptionSnapshot } from '#ops'
import { once } from '../../helpers/wait.ts'
import { getJson, startMonitoringServer } from './monitoring-server.ts'
import { connection, sampleSource, subscription } from './sample-source.ts'

/** Subscriptions that are made while they are read, and what is seen of the reading. */
class Watched {
  readonly size: number
  /** Lists that are being read at the moment, and the most that ever were. */
  reading = 0
  mostReading = 0
  read = 0

  constructor(size: number) {
    this.size = size
  }

  *subscriptions(): Generator<SubscriptionSnapshot> {
    this.mostReading = Math.max(this.mostReading, ++this.reading)
    try {
      for (let i = 0; i < this.size; i++) {
        this.read++
        yield subscription({ subject: `orders.${i}`, sid: String(i) })
      }
    } finally {
      this.reading--
    }
  }

  connection(): ConnectionSnapshot {
    return { ...connection({ account: 'A' }), subscriptionCount: this.size, subscriptions: () => this.subscriptions() }
  }

  source() {
    return sampleSource({ connections: () => [this.connection()] })
  }
}

/** How many turns the event loop made while something was under way. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let isDone = false
  let turns = 0
  const done = work.finally(() => {
    isDone = true
  })
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve))
    turns++
  }
  await done
  return turns
}

for (const target of ['/connz?acc=A&filter_subject=nobody', '/subsz?subs=1&test=nobody']) {
  describe(target, () => {
    test('leaves turns of the event loop to others', async () => {
      const watched = new Watched(2_000_000)
      await using server = await startMonitoringServer(watched.source())
      const answer = getJson<Record<string, unknown>>(server.url + target)
      const turns = await turnsDuring(answer)
      assert.equal(watched.read, 2_000_000)
      assert.ok(turns > 20, `${turns} turns`)
      const { connections, subscriptions_list } = await answer
      assert.deepEqual(connections ?? subscriptions_list ?? [], [])
    })

    test('is looked up for one request after the other; whoever comes when many wait is told so', async () => {
      const watched = new Watched(50_000)
      await using server = await startMonitoringServer(watched.source())
      const statuses = await Promise.all(
        Array.from({ length: 50 }, async () => {
          const response = await fetch(server.url + target)
          await response.text()
          return [response.status, response.headers.get('retry-after')].join(' ')
        }),
      )
      assert.equal(watched.mostReading, 1)
      assert.deepEqual(new Set(statuses), new Set(['200 ', '503 1']))
      assert.ok(statuses.filter((status) => status === '200 ').length >= 32)
      assert.equal(watched.reading, 0)
    })

    test('is given up when nobody waits for it any more', async () => {
      const watched = new Watched(Number.POSITIVE_INFINITY)
      await using server = await startMonitoringServer(watched.source())
      for (let i = 0; i < 2; i++) {
        const abort = new AbortController()
        const answer = fetch(server.url + target, { signal: abort.signal })
        while (watched.reading === 0) await new Promise((resolve) => setImmediate(resolve))
        abort.abort()
        await assert.rejects(answer)
        while (watched.reading > 0) await new Promise((resolve) => setImmediate(resolve))
      }
      // Nor does it go on for ever while somebody does.
      const answer = fetch(server.url + target)
      while (watched.reading === 0) await new Promise((resolve) => setImmediate(resolve))
      server.clock.advance(60_000)
      assert.equal((await answer).status, 503)
    })
  })
}

test('the subscriptions of a connection are not read before they are written', async () => {
  const watched = new Watched(1_000_000)
  await using server = await startMonitoringServer(watched.source())
  const response = (await once(request(`${server.url}/connz?subs=1`).end(), 'response'))[0] as IncomingMessage
  assert.equal(response.statusCode, 200)
  assert.ok(watched.read < 500_000, `${watched.read} read`)
  response.destroy()
})

test('a reader who is slow, but never stalls, has a minute', async () => {
  const many = Array.from({ length: 100_000 }, (_, index) => connection({ cid: index + 1, name: 'x'.repeat(400) }))
  await using server = await startMonitoringServer(sampleSource({ connections: () => many }))
  const target = `${server.url}/connz?limit=100000`
  const response = (await once(request(target).end(), 'response'))[0] as IncomingMessage
  let heard = 0
  let elapsedMs = 0
  const readSlowly = async () => {
    for await (const chunk of response) {
      const before = heard
      heard += (chunk as Buffer).length
      // One megabyte every second.
      if (Math.floor(heard / 1e6) === Math.floor(before / 1e6)) continue
      server.clock.advance(1000)
      elapsedMs += 1000
    }
  }
  await assert.rejects(readSlowly(), { code: 'ECONNRESET' })
  // What was on its way is still read.
  assert.ok(elapsedMs >= 60_000 && elapsedMs < 90_000, `${elapsedMs} ms`)
})
