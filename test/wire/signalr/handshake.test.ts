import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  agreeOn,
  encodeHandshakeReply,
  encodeHandshakeRequest,
  messagePackProtocol,
  parseHandshakeReply,
  parseHandshakeRequest,
} from '#wire/signalr'

const REQUEST = '7b2270726f746f636f6c223a226d6573736167657061636b222c2276657273696f6e223a317d1e'
const FOO_REFUSED = '7b226572726f72223a225468652070726f746f636f6c2027666f6f27206973206e6f7420737570706f727465642e227d1e'

test("the apps' request is read and written", () => {
  const { handshake, rest } = parseHandshakeRequest(Buffer.from(REQUEST, 'hex'))
  assert.deepEqual(handshake, { protocol: 'messagepack', version: 1 })
  assert.equal(rest.length, 0)
  assert.equal(encodeHandshakeRequest(handshake).toString('hex'), REQUEST)
})

test('what follows the separator is left for the protocol', () => {
  assert.equal(parseHandshakeRequest(Buffer.from(`${REQUEST}029106`, 'hex')).rest.toString('hex'), '029106')
  assert.equal(parseHandshakeReply(Buffer.from('7b7d1e029106', 'hex')).rest.toString('hex'), '029106')
})

test('versions 1 and 2 of what is spoken, nothing else', () => {
  const protocols = [messagePackProtocol(64)]
  assert.equal(agreeOn({ protocol: 'messagepack', version: 1 }, protocols), protocols[0])
  assert.equal(agreeOn({ protocol: 'messagepack', version: 2 }, protocols), protocols[0])
  assert.equal(
    agreeOn({ protocol: 'messagepack', version: 3 }, protocols),
    "The server does not support version 3 of the 'messagepack' protocol.",
  )
  assert.equal(agreeOn({ protocol: 'foo', version: 1 }, protocols), "The protocol 'foo' is not supported.")
})

test('replies have the bytes the clients know', () => {
  assert.equal(encodeHandshakeReply().toString('hex'), '7b7d1e')
  const objection = agreeOn({ protocol: 'foo', version: 1 }, [])
  assert.ok(typeof objection === 'string')
  assert.equal(encodeHandshakeReply(objection).toString('hex'), FOO_REFUSED)
  assert.equal(parseHandshakeReply(Buffer.from('7b7d1e', 'hex')).handshake.error, undefined)
  assert.equal(parseHandshakeReply(Buffer.from(FOO_REFUSED, 'hex')).handshake.error, objection)
})

for (const request of [
  '',
  '{"protocol":"messagepack","version":1}',
  '{\x1e',
  'null\x1e',
  '[]\x1e',
  '{"version":1}\x1e',
  '{"protocol":"messagepack"}\x1e',
  '{"protocol":"messagepack","version":"1"}\x1e',
]) {
  test(`${JSON.stringify(request)} is no handshake request`, () => {
    assert.throws(() => parseHandshakeRequest(Buffer.from(request)), { code: 'HANDSHAKE' })
  })
}

test('a hub message in place of the reply is refused', () => {
  assert.throws(() => parseHandshakeReply(Buffer.from('{"type":6}\x1e')), { code: 'HANDSHAKE' })
})
