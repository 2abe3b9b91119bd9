import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, lengthPrefix, readFrames } from '#wire/signalr'
import { prefixes } from '../../vectors/signalr.ts'

const read = (hex: string) => [...readFrames(Buffer.from(hex, 'hex'))].map((body) => body.toString('hex'))

for (const [bodyBytes, hex] of prefixes) {
  test(`a body of ${bodyBytes} bytes is announced by ${hex}`, () => {
    assert.equal(lengthPrefix(bodyBytes).toString('hex'), hex)
  })
}

for (const length of [0, 1, 127, 128, 16383, 16384, 70000]) {
  test(`a body of ${length} bytes comes back from its frame`, () => {
    const body = Buffer.alloc(length, 7)
    assert.deepEqual([...readFrames(Buffer.concat([frame(body), frame(Buffer.from([1]))]))], [body, Buffer.from([1])])
  })
}

const accepted: [name: string, hex: string, bodies: string[]][] = [
  ['no frame at all', '', []],
  ['two frames', '029106029106', ['9106', '9106']],
  ['a length written with one byte too many', '82009106', ['9106']],
  ['a length written with three bytes too many', '82808080009106', ['9106']],
  ['an empty body', '00', ['']],
]
for (const [name, hex, bodies] of accepted) {
  test(`${name} is read`, () => assert.deepEqual(read(hex), bodies))
}

const refused: [hex: string, complaint: RegExp][] = [
  ['80', /Cannot read message size/],
  ['80808080', /Cannot read message size/],
  ['050102', /Incomplete message/],
  ['ffffffff07', /Incomplete message/],
  ['ffffffff08', /bigger than 2 GiB/],
  ['ffffffffff01', /bigger than 2 GiB/],
]
for (const [hex, complaint] of refused) {
  test(`${hex} is refused`, () => {
    assert.throws(() => read(hex), { name: 'SignalrError', code: 'FRAMING', message: complaint })
  })
}

test('a message cut at any byte is refused, never waited for', () => {
  const whole = frame(Buffer.alloc(200, 1))
  for (let end = 1; end < whole.length; end++) {
    assert.throws(() => [...readFrames(whole.subarray(0, end))], { code: 'FRAMING' })
  }
})
