/** Slow receivers under options that spare them, or their publishers. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { type DoorServer, startDoor } from './door-server.ts'
import { OrderedReader, Run } from './ordered-reader.ts'
import { CARRIERS, type CarrierName, connectTo, TcpClient } from './raw-client.ts'

const MB = 1024 * 1024
const run = new Run('news', 16 * 1024)
const PER_WRITE = 16

async function subscriber(server: DoorServer, carrier: CarrierName) {
  const client = await connectTo(server, carrier)
  client.say('CONNECT {"verbose":false,"pedantic":false}\r\nSUB news 1\r\nSUB late 2\r\n')
  await client.untilPong()
  return client
}

async function publish(server: DoorServer, to: number): Promise<void> {
  using publisher = await TcpClient.connect(server.tcp)
  publisher.say('CONNECT {"verbose":false,"pedantic":false}\r\n')
  for (let i = 0; i < to; i += PER_WRITE) {
    if (!publisher.say(run.published(i, i + PER_WRITE))) await once(publisher.raw.socket, 'drain')
  }
  await publisher.untilPong()
}

for (const carrier of CARRIERS) {
  test(`without stalling, what a receiver over ${carrier} has no room for is dropped, and it stays`, async () => {
    await using server = await startDoor({ limits: { maxPendingBytes: 2 * MB, stallsFastProducers: false } })
    using deaf = await subscriber(server, carrier)
    deaf.pause(true)
    const total = (48 * MB) / run.payloadBytes
    await publish(server, total)
    const [snapshot] = [...server.door.openSnapshots()]
    assert.ok(snapshot!.outMsgs > 0 && snapshot!.outMsgs < total, `${snapshot!.outMsgs} of ${total}`)
    deaf.pause(false)
    assert.equal((await deaf.untilPong()).match(/MSG news 1 16384\r\n/g)?.length, snapshot!.outMsgs)
    using publisher = await TcpClient.connect(server.tcp)
    publisher.say('CONNECT {"verbose":false}\r\nPUB late 2\r\nhi\r\n')
    // On a slow machine it is time for a PING by now.
    assert.match(await deaf.hearThrough('hi\r\n'), /^(?:PING\r\n)?MSG late 2 2\r\nhi\r\n$/)
  })

  test(`with stalling, who publishes faster than a receiver over ${carrier} reads is held up, which is counted`, async () => {
    await using server = await startDoor({ limits: { maxPendingBytes: 2 * MB } })
    using deaf = await subscriber(server, carrier)
    assert.equal(server.door.totals().stalls, 0)
    deaf.pause(true)
    await publish(server, (48 * MB) / run.payloadBytes)
    assert.ok(server.door.totals().stalls > 0)
  })

  test(`with the policy to try again, a receiver over ${carrier} outlives the write deadline`, async () => {
    await using server = await startDoor({ limits: { writeDeadlineMs: 100, writeTimeoutPolicy: 'retry' } })
    using deaf = await subscriber(server, carrier)
    deaf.pause(true)
    const total = (16 * MB) / run.payloadBytes
    await publish(server, total)
    // Time itself is what is tested.
    await new Promise((resolve) => setTimeout(resolve, 400))
    const reader = new OrderedReader(run)
    const everything = deaf.hearInto(reader, () => reader.count === total)
    deaf.pause(false)
    await everything
    assert.deepEqual([reader.count, reader.rest.length], [total, 0])
  })
}
