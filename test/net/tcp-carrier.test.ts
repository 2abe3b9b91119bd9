import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../helpers/fake-clock.ts'
import { until } from '../helpers/wait.ts'
import { startTcpServer } from './carrier-server.ts'
import { RawSocket } from './raw-socket.ts'

const MB = 1024 * 1024

test('a peer that ended its half is heard to the end, and answered', async () => {
  const clock = new FakeClock()
  await using server = await startTcpServer({ clock })
  const client = await RawSocket.connect(server.address)
  client.write('question')
  client.socket.end()
  const door = await server.accepted()
  door.lastWords = Buffer.from('answer')
  assert.equal(await client.readToEnd(), 'answer')
  assert.equal(await door.closed(), undefined)
  assert.deepEqual([door.events, clock.pending], [['bytes question', 'closing', 'closed'], 0])
})

test('a close sends what was written and ends; a peer that stays is cut after two seconds', async () => {
  const clock = new FakeClock()
  await using server = await startTcpServer({ clock })
  const client = await RawSocket.connect(server.address)
  const door = await server.accepted()
  const farewell = Buffer.alloc(4 * MB, 'x')
  door.carrier.write(farewell)
  door.carrier.close(1000, 'not told over TCP')
  door.carrier.write(Buffer.from('too late'))
  assert.equal((await client.readToEnd()).length, farewell.length)
  clock.advance(1_999)
  assert.deepEqual(door.events, [])
  clock.advance(1)
  await door.closed()
  assert.equal(clock.pending, 0)
  client.destroy()
})

test('a peer that is gone is told of once, with the error', async () => {
  await using server = await startTcpServer({ clock: new FakeClock() })
  const client = await RawSocket.connect(server.address)
  const door = await server.accepted()
  client.socket.resetAndDestroy()
  assert.match((await door.closed())?.message ?? '', /ECONNRESET/)
  door.carrier.write(Buffer.from('x'))
  door.carrier.close(1000, '')
  door.carrier.destroy()
  door.carrier.pause(false)
  assert.deepEqual(door.events, ['closed'])
})

test('a peer that takes nothing for the write deadline has stalled; nobody waits when there is nothing to send', async () => {
  const clock = new FakeClock()
  await using server = await startTcpServer({ clock, writeDeadlineMs: 1_000 })
  const client = await RawSocket.connect(server.address)
  const door = await server.accepted()
  client.socket.pause()
  door.carrier.write(Buffer.from('taken at once'))
  await until(() => door.carrier.backlogBytes === 0, 'the write')
  assert.equal(clock.pending, 0)
  door.carrier.write(Buffer.alloc(32 * MB))
  assert.equal(clock.pending, 1)
  clock.advance(999)
  assert.deepEqual(door.events, [])
  // What the operating system took at first was progress: nothing since then is not.
  clock.advance(2_000)
  assert.deepEqual(door.events, ['stalled'])
  door.carrier.destroy()
  await door.closed()
  assert.equal(clock.pending, 0)
  client.destroy()
})

test('a peer that takes a little of a long queue now and then has not stalled', async () => {
  const clock = new FakeClock()
  await using server = await startTcpServer({ clock, writeDeadlineMs: 1_000 })
  const client = await RawSocket.connect(server.address)
  const door = await server.accepted()
  client.socket.pause()
  door.carrier.write(Buffer.alloc(32 * MB))
  while (door.carrier.backlogBytes > 0) {
    const before = door.carrier.backlogBytes
    client.socket.resume()
    await until(() => door.carrier.backlogBytes < before, 'some progress')
    client.socket.pause()
    clock.advance(900)
  }
  assert.deepEqual(door.events, [])
  client.destroy()
})

test('what is written arrives in order, in whatever sizes and however slowly it is read', async () => {
  await using server = await startTcpServer({ clock: new FakeClock() })
  const client = await RawSocket.connect(server.address)
  const door = await server.accepted()
  const sizes = [1, 65_535, 65_536, 65_537, 3 * MB, 10, 200_000, ...Array.from({ length: 500 }, (_, i) => i * 7)]
  const written = sizes.map((size, i) => Buffer.alloc(size, i))
  let queued = 0
  for (const bytes of written) {
    door.carrier.write(bytes)
    queued += bytes.length
    assert.ok(door.carrier.backlogBytes <= queued)
  }
  door.carrier.close(1000, '')
  const arrived: Buffer[] = []
  while (!client.hasEnded) {
    await client.until(
      () => client.hasEnded || client.socket.bytesRead > 0,
      () => 'the next part',
    )
    arrived.push(client.take())
    await new Promise((resolve) => setImmediate(resolve))
  }
  arrived.push(client.take())
  assert.ok(Buffer.concat(arrived).equals(Buffer.concat(written)))
  client.destroy()
})
