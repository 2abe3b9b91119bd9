import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  agreeOn,
  encodeHandshakeReply,
  encodeHandshakeRequest,
  jsonProtocol,
  messagePackProtocol,
  parseHandshakeReply,
  parseHandshakeRequest,
} from '#wire/signalr'

const REQUEST = '7b2270726f746f636f6c223a226d6573736167657061636b222c2276657273696f6e223a317d1e'
const FOO_REFUSED = '7b226572726f72223a225468652070726f746f636f6c2027666f6f27206973206e6f7420737570706f727465642e227d1e'

/** A request that is all there. */
function parseWhole(data: Buffer) {
  const request = parseHandshakeRequest(data)
  assert.ok(request !== undefined, 'the request is complete')
  return request
}

test("the apps' request is read and written", () => {
  const { handshake, rest } = parseWhole(Buffer.from(REQUEST, 'hex'))
  assert.deepEqual(handshake, { protocol: 'messagepack', version: 1 })
  assert.equal(rest.length, 0)
  assert.equal(encodeHandshakeRequest(handshake).toString('hex'), REQUEST)
})

test('what follows the separator is left for the protocol', () => {
  assert.equal(parseWhole(Buffer.from(`${REQUEST}029106`, 'hex')).rest.toString('hex'), '029106')
  assert.equal(parseHandshakeReply(Buffer.from('7b7d1e029106', 'hex')).rest.toString('hex'), '029106')
})

test('every version up to 2 of what is spoken, as clients that say 0 know it from ASP.NET', () => {
  const protocols = [messagePackProtocol(64)]
  for (const version of [-1, 0, 1, 2]) {
    assert.equal(agreeOn({ protocol: 'messagepack', version }, protocols), protocols[0])
  }
  assert.equal(
    agreeOn({ protocol: 'messagepack', version: 3 }, protocols),
    "The server does not support version 3 of the 'messagepack' protocol.",
  )
  assert.equal(agreeOn({ protocol: 'foo', version: 1 }, protocols), "The protocol 'foo' is not supported.")
})

test('a request that is cut at any byte is waited for', () => {
  const whole = Buffer.from(` \r\n\t${Buffer.from(REQUEST, 'hex')}`)
  for (let cut = 0; cut < whole.length; cut++) assert.equal(parseHandshakeRequest(whole.subarray(0, cut)), undefined)
  assert.equal(parseWhole(whole).handshake.protocol, 'messagepack')
})

test('a request is waited for up to 4,096 bytes', () => {
  const request = (bytes: number) => Buffer.from('{"protocol":"json","version":1}'.padEnd(bytes))
  assert.equal(parseHandshakeRequest(request(4096)), undefined)
  assert.equal(parseWhole(Buffer.concat([request(4096), Buffer.from('\x1e')])).handshake.protocol, 'json')
  const tooLong = { code: 'HANDSHAKE', message: 'Handshake of more than 4096 bytes' }
  assert.throws(() => parseHandshakeRequest(request(4097)), tooLong)
  assert.throws(() => parseHandshakeRequest(Buffer.concat([request(4097), Buffer.from('\x1e')])), tooLong)
})

test('a transport for text alone takes JSON and refuses MessagePack', () => {
  const protocols = [messagePackProtocol(64), jsonProtocol(64)]
  const [messagePack, json] = protocols
  const agree = (protocol: string, carriesBinary: boolean, version = 1) =>
    agreeOn({ protocol, version }, protocols, { carriesBinary })
  assert.equal(agree('json', false), json)
  assert.equal(agree('json', true), json)
  assert.equal(agree('messagepack', true), messagePack)
  assert.equal(
    agree('messagepack', false),
    "Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format.",
  )
  assert.equal(agree('messagepack', false, 3), "The server does not support version 3 of the 'messagepack' protocol.")
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
  '\x1e',
  '\x02\x91\x06',
  ' x',
  '[',
  '{"protocol":"messagepack\xff","version":1}\x1e',
  '{\x1e',
  'null\x1e',
  '[]\x1e',
  '{"version":1}\x1e',
  '{"protocol":"messagepack"}\x1e',
  '{"protocol":"messagepack","version":"1"}\x1e',
]) {
  test(`${JSON.stringify(request)} is no handshake request`, () => {
    assert.throws(() => parseHandshakeRequest(Buffer.from(request, 'latin1')), { code: 'HANDSHAKE' })
  })
}

test('a reply has to be whole', () => {
  assert.throws(() => parseHandshakeReply(Buffer.from('{}')), { code: 'HANDSHAKE' })
})

test('a hub message in place of the reply is refused', () => {
  assert.throws(() => parseHandshakeReply(Buffer.from('{"type":6}\x1e')), { code: 'HANDSHAKE' })
})
