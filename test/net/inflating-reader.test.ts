import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { encodeClose, encodeMaskedFrame, Opcode } from '#wire/websocket'
import { compressionOf, openStream, startCompressingServer, untilRead } from './compressing-server.ts'
import { MASK } from './raw-websocket.ts'
import { compressedMessage } from './websocket-frames.ts'

const { BINARY, CLOSE, CONTINUATION, PING } = Opcode

/** Counts the turns of the event loop until it is disposed of. */
function countTurns(): Disposable & { readonly count: number } {
  let count = 0
  let isDone = false
  const next = () => {
    count++
    if (!isDone) setImmediate(next)
  }
  next()
  return {
    get count() {
      return count
    },
    [Symbol.dispose]: () => {
      isDone = true
    },
  }
}

test('what one read inflates to is spread over many turns, in order, with all that stands between', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server)
  using _ = client
  using turns = countTurns()
  const read: string[] = []
  const turnsOfReads = new Set<number>()
  let readBytes = 0
  door.onBytes = (bytes) => {
    readBytes += bytes.length
    turnsOfReads.add(turns.count)
    assert.ok(bytes.length <= 256 * 1024)
    const letter = bytes.toString('latin1', 0, 1)
    assert.ok(bytes.equals(Buffer.alloc(bytes.length, letter)))
    if (read.at(-1) !== letter) read.push(letter)
  }
  const message = (letter: string, byteLength: number) => compressedMessage(Buffer.alloc(byteLength, letter))
  const ping = encodeMaskedFrame(PING, Buffer.from('p'), MASK)
  const plain = encodeMaskedFrame(BINARY, Buffer.from('c'), MASK)
  const many = Array.from({ length: 2000 }, () => message('d', 1))
  client.raw.write(Buffer.concat([message('a', 1024 * 1024), ping, message('b', 1000_000), plain, ...many, ping]))
  await client.until(() => client.pongs.length === 2, 'both pongs')
  assert.equal(readBytes, 1024 * 1024 + 1000_000 + 1 + 2000)
  assert.deepEqual(read, ['a', 'b', 'c', 'd'])
  assert.ok(turnsOfReads.size >= 4 + 4 + 3, `${turnsOfReads.size} turns`)
})

test('a door that wants nothing for now gets none of what is inflated already, and all of it later', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server)
  using _ = client
  let readBytes = 0
  let onRead = Promise.withResolvers<void>()
  door.onBytes = (bytes) => {
    readBytes += bytes.length
    door.carrier.pause(true)
    onRead.resolve()
  }
  const whole = compressedMessage(Buffer.alloc(1024 * 1024))
  client.raw.write(Buffer.concat([whole, whole]))
  for (let portion = 1; portion <= 8; portion++) {
    await onRead.promise
    onRead = Promise.withResolvers()
    for (let turn = 0; turn < 5; turn++) await nextTurn()
    assert.equal(readBytes, portion * 256 * 1024)
    door.carrier.pause(false)
  }
})

test('a farewell in the middle of what is inflated is said and heard by both', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server)
  using _ = client
  let reads = 0
  door.onBytes = () => {
    reads++
    door.carrier.pause(true)
    door.carrier.close(1001, 'Server Shutdown')
  }
  const close = encodeMaskedFrame(CLOSE, encodeClose(1000).subarray(2), MASK)
  const whole = compressedMessage(Buffer.alloc(1024 * 1024))
  client.raw.write(Buffer.concat([whole, whole, close]))
  assert.deepEqual(await client.ended(), { code: 1001, reason: 'Server Shutdown' })
  await door.closed()
  assert.deepEqual([reads, door.events], [1, ['closed']])
})

test('a stranger takes nothing from the budget for all, and has little of its own', async () => {
  const { limits, shared } = compressionOf()
  await using server = await startCompressingServer({ limits, shared })
  const part = encodeMaskedFrame(BINARY, randomBytes(40_000), MASK, false)
  part[0]! |= 0x40
  const rest = encodeMaskedFrame(CONTINUATION, randomBytes(40_000), MASK, false)

  const { client: stranger, door } = await openStream(server)
  using _stranger = stranger
  door.isStranger = true
  stranger.raw.write(Buffer.concat([part, encodeMaskedFrame(PING, Buffer.from('p'), MASK)]))
  await stranger.until(() => stranger.pongs.length === 1, 'a pong')
  assert.equal(shared.budget.usedBytes, 0)
  stranger.raw.write(rest)
  assert.deepEqual(await stranger.ended(), { code: 1013, reason: 'too many unfinished compressed messages' })

  const { client: member } = await openStream(server)
  using _member = member
  member.raw.write(Buffer.concat([part, rest, encodeMaskedFrame(PING, Buffer.from('p'), MASK)]))
  await member.until(() => member.pongs.length === 1, 'a pong')
  assert.ok(shared.budget.usedBytes >= 80_000)
})

test('a stranger is inflated no more than a thousand messages', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server)
  using _ = client
  const thousand = Buffer.concat(Array.from({ length: 1000 }, () => compressedMessage('C')))
  client.raw.write(thousand)
  await untilRead(door, 'C'.repeat(1000))
  door.isStranger = true
  client.raw.write(thousand)
  await untilRead(door, 'C'.repeat(2000))
  client.raw.write(compressedMessage('C'))
  assert.deepEqual(await client.ended(), { code: 1013, reason: 'too many compressed messages' })
})

test('a stranger who has to wait leaves little here, whatever its message inflates to', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server)
  using _ = client
  door.isStranger = true
  const lengths: number[] = []
  const first = Promise.withResolvers<void>()
  const last = Promise.withResolvers<void>()
  door.onBytes = (bytes) => {
    lengths.push(bytes.length)
    if (lengths.length === 1) {
      door.carrier.pause(true)
      first.resolve()
    }
    if (lengths.reduce((sum, length) => sum + length) === 100_000 + 3) last.resolve()
  }
  const plain = encodeMaskedFrame(BINARY, Buffer.from('end'), MASK)
  client.raw.write(Buffer.concat([compressedMessage(Buffer.alloc(100_000)), plain]))
  await first.promise
  for (let turn = 0; turn < 5; turn++) await nextTurn()
  assert.deepEqual(lengths, [16 * 1024])
  door.carrier.pause(false)
  await last.promise
  assert.ok(lengths.every((length) => length <= 16 * 1024))
})
