import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, lengthPrefix, MAX_MESSAGE_BYTES, readFrames } from '#wire/signalr'
import { prefixes } from '../../vectors/signalr.ts'

const UNBOUNDED = 2 ** 31

/** The bodies, and how many bytes at the end are the beginning of another. */
function read(data: Buffer, maxBodyBytes = MAX_MESSAGE_BYTES): { bodies: Buffer[]; unfinishedBytes: number } {
  const frames = readFrames(data, maxBodyBytes)
  const bodies: Buffer[] = []
  let next = frames.next()
  for (; !next.done; next = frames.next()) bodies.push(next.value)
  return { bodies, unfinishedBytes: next.value }
}

for (const [bodyBytes, hex] of prefixes) {
  test(`a body of ${bodyBytes} bytes is announced by ${hex}`, () => {
    assert.equal(lengthPrefix(bodyBytes).toString('hex'), hex)
    const unfinishedBytes = bodyBytes === 0 ? 0 : hex.length / 2
    assert.equal(read(Buffer.from(hex, 'hex'), UNBOUNDED).unfinishedBytes, unfinishedBytes)
  })
}

for (const length of [0, 1, 127, 128, 16383, 16384, 32768, 70000]) {
  test(`a body of ${length} bytes comes back from its frame`, () => {
    const [body, next] = [Buffer.alloc(length, 7), Buffer.from([1])]
    const data = Buffer.concat([frame(body), frame(next)])
    assert.deepEqual(read(data, UNBOUNDED), { bodies: [body, next], unfinishedBytes: 0 })
  })
}

// The results of the official parser, which reads whole messages only, are these: spec: hub §10
const accepted: [name: string, hex: string, bodies: string[], unfinishedBytes: number][] = [
  ['no frame at all', '', [], 0],
  ['two frames', '029106029106', ['9106', '9106'], 0],
  ['a length written with one byte too many', '82009106', ['9106'], 0],
  ['a length written with three bytes too many', '82808080009106', ['9106'], 0],
  ['an empty body', '00', [''], 0],
  // There "Cannot read message size."
  ['the beginning of a length', '80', [], 1],
  ['four bytes of a length', '80808080', [], 4],
  // There "Incomplete message."
  ['a frame that lacks three bytes', '050102', [], 3],
  ['a frame and the beginning of another', '0291060291', ['9106'], 2],
]
for (const [name, hex, bodies, unfinishedBytes] of accepted) {
  test(`${name} is read`, () => {
    const expected = { bodies: bodies.map((body) => Buffer.from(body, 'hex')), unfinishedBytes }
    assert.deepEqual(read(Buffer.from(hex, 'hex')), expected)
  })
}

const refused: [hex: string, complaint: string][] = [
  ['ffffffff08', 'Message is bigger than 2 GiB'],
  ['ffffffffff01', 'Message is bigger than 2 GiB'],
  ['ffffffff07', 'Message of 2147483647 bytes; at most 32768 are taken'],
  ['818002', 'Message of 32769 bytes; at most 32768 are taken'],
  ['818082800000', 'Message of 32769 bytes; at most 32768 are taken'],
]
for (const [hex, message] of refused) {
  test(`${hex} is refused`, () => {
    assert.throws(() => read(Buffer.from(hex, 'hex')), { name: 'SignalrError', code: 'FRAMING', message })
  })
}

test('a frame over the bound is refused from its length alone, after those before it were read', () => {
  const frames = readFrames(Buffer.from('029106818002', 'hex'), MAX_MESSAGE_BYTES)
  assert.deepEqual(frames.next().value, Buffer.from('9106', 'hex'))
  assert.throws(() => frames.next(), { code: 'FRAMING' })
})

test('frames that are cut at any byte come out whole when what is unfinished is kept', () => {
  const bodies = [Buffer.alloc(200, 1), Buffer.alloc(0), Buffer.alloc(3, 2)]
  const data = Buffer.concat(bodies.map(frame))
  for (let cut = 0; cut <= data.length; cut++) {
    const first = read(data.subarray(0, cut))
    const kept = data.subarray(cut - first.unfinishedBytes, cut)
    const second = read(Buffer.concat([kept, data.subarray(cut)]))
    assert.deepEqual([...first.bodies, ...second.bodies], bodies)
    assert.equal(second.unfinishedBytes, 0)
  }
})
