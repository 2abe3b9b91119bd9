import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeClose,
  encodeFrame,
  encodeMaskedFrame,
  frameHeaderLength,
  Opcode,
  writeFrameHeader,
} from '#wire/websocket'

for (const [length, fin, rsv1, expected] of [
  [0, true, false, '8200'],
  [125, true, false, '827d'],
  [126, true, false, '827e007e'],
  [65_535, false, false, '027effff'],
  [65_536, true, false, '827f0000000000010000'],
  [5, true, true, 'c205'],
  [2 ** 33 + 5, true, false, '827f0000000200000005'],
] as const) {
  test(`the header for ${length} bytes${fin ? '' : ', not final'}${rsv1 ? ', compressed' : ''} is ${expected}`, () => {
    const target = Buffer.alloc(16, 0xee)
    const end = writeFrameHeader(target, 3, Opcode.BINARY, fin, rsv1, length)
    assert.equal(target.subarray(3, end).toString('hex'), expected)
    assert.equal(end - 3, frameHeaderLength(length))
    assert.equal(target[end], 0xee)
  })
}

test('the unmasked and the masked example of RFC 6455 are written', () => {
  assert.equal(encodeFrame(Opcode.TEXT, Buffer.from('Hello')).toString('hex'), '810548656c6c6f')
  const masked = encodeMaskedFrame(Opcode.TEXT, Buffer.from('Hello'), Buffer.from('37fa213d', 'hex'))
  assert.equal(masked.toString('hex'), '818537fa213d7f9f4d5158')
})

test('masking leaves the payload that was handed in as it was', () => {
  const payload = Buffer.from('Hello')
  encodeMaskedFrame(Opcode.TEXT, payload, Buffer.from('37fa213d', 'hex'))
  assert.equal(payload.toString(), 'Hello')
})

for (const [code, reason, body] of [
  [undefined, '', ''],
  [1000, '', '\x03\xe8'],
  [1000, 'bye', '\x03\xe8bye'],
  [1002, 'x'.repeat(123), `\x03\xea${'x'.repeat(123)}`],
  [1002, 'x'.repeat(124), `\x03\xea${'x'.repeat(120)}...`],
  // The 120th byte would be the first half of an é.
  [1002, `${'x'.repeat(119)}éééé`, `\x03\xea${'x'.repeat(119)}...`],
] as const) {
  test(`a close frame says ${code} and ${Buffer.byteLength(reason)} bytes of reason`, () => {
    const frame = encodeClose(code, reason)
    assert.equal(frame[0], 0x88)
    assert.equal(frame[1], body.length)
    assert.equal(frame.subarray(2).toString('latin1'), body)
  })
}
