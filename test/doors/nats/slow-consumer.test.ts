/** A subscriber that does not read is cut off, which costs nobody else a message, nor the server its memory. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type LogFields, type Logger, silentLogger } from '#kit'
import { until } from '../../helpers/wait.ts'
import { type RunningImplementation, startBelfry } from './implementations.ts'
import { OrderedReader, Run } from './ordered-reader.ts'
import { CARRIERS, type CarrierName, connectTo, type RawClient, TcpClient, WebSocketClient } from './raw-client.ts'

const MB = 1024 * 1024
const run = new Run('news', 16 * 1024)
const PER_WRITE = 16

/** The reasons of the connections that the log warns of. */
function closeReasons(): { readonly reasons: string[]; readonly logger: Logger } {
  const reasons: string[] = []
  const logger: Logger = {
    ...silentLogger,
    warn: (fields: LogFields, event: string) => {
      if (event === 'client closed') reasons.push(String(fields.reason))
    },
    child: () => logger,
  }
  return { reasons, logger }
}

async function subscriber(server: RunningImplementation, carrier: CarrierName): Promise<RawClient> {
  const client = await connectTo(server, carrier)
  client.say('CONNECT {"verbose":false,"pedantic":false}\r\nSUB news 1\r\n')
  await client.untilPong()
  return client
}

/** Returns once the server has taken everything. */
async function publish(server: RunningImplementation, from: number, to: number): Promise<void> {
  using publisher = await TcpClient.connect(server.tcp)
  publisher.say('CONNECT {"verbose":false,"pedantic":false}\r\n')
  for (let i = from; i < to; i += PER_WRITE) {
    if (!publisher.say(run.published(i, i + PER_WRITE))) await once(publisher.raw.socket, 'drain')
  }
  await publisher.untilPong()
}

/** What buffers hold that are still in use. */
function bufferBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().arrayBuffers
}

test('subscribers that stop reading are cut off at max_pending, the others get every message', async () => {
  const { reasons, logger } = closeReasons()
  await using server = await startBelfry('max_pending: 2MB', logger)
  const deaf = await Promise.all(CARRIERS.map((carrier) => subscriber(server, carrier)))
  const healthy = await Promise.all(CARRIERS.map((carrier) => subscriber(server, carrier)))
  for (const client of deaf) client.pause(true)

  const total = (24 * MB) / run.payloadBytes
  const readers = healthy.map(() => new OrderedReader(run))
  const everything = healthy.map((client, i) => client.hearInto(readers[i]!, () => readers[i]!.count === total))
  const before = bufferBytes()
  await publish(server, 0, total)
  await Promise.all(everything)

  assert.deepEqual(reasons, ['Slow Consumer (Pending Bytes)', 'Slow Consumer (Pending Bytes)'])
  for (const { count, rest } of readers) assert.deepEqual([count, rest.length], [total, 0])
  // Collected buffers are given back by another thread, a little later.
  await until(() => bufferBytes() - before < 2 * MB, 'the buffers to be given back')

  for (const client of deaf) {
    // What the operating system had taken is still there; nothing else, and no word of goodbye.
    const reader = new OrderedReader(run)
    const rest = client.hearInto(reader, () => false)
    client.pause(false)
    await rest
    assert.ok(reader.count < total)
    assert.ok(!reader.rest.includes('-ERR'))
    if (client instanceof WebSocketClient) assert.equal(client.socket.ending, undefined)
    client.destroy()
  }
  for (const client of healthy) client.destroy()
})

for (const carrier of CARRIERS) {
  test(`a subscriber over ${carrier} that takes nothing for the write deadline is cut off`, async () => {
    const { reasons, logger } = closeReasons()
    await using server = await startBelfry('write_deadline: "200ms"', logger)
    using deaf = await subscriber(server, carrier)
    using healthy = await subscriber(server, carrier)
    deaf.pause(true)
    const total = (16 * MB) / run.payloadBytes
    const reader = new OrderedReader(run)
    const everything = healthy.hearInto(reader, () => reader.count === total)
    await publish(server, 0, total)
    await everything
    await until(() => reasons.length > 0, 'the deadline')
    assert.deepEqual(reasons, ['Slow Consumer (Write Deadline)'])
    assert.match(await healthy.untilPong(), /PONG/)
  })
}
