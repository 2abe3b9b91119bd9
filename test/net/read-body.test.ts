import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { Listener, readBody } from '#net'
import { until } from '../helpers/wait.ts'
import { RawSocket } from './raw-socket.ts'

const MAX_BYTES = 10

/** A server that answers with what it has read: the body, `too long`, or nothing for one that was cut off. */
async function startReader() {
  const failures: Error[] = []
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    readBody(request, MAX_BYTES).then(
      (body) => response.end(body ?? 'too long'),
      (error: Error) => failures.push(error),
    )
  })
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  return {
    failures,
    requests,
    connect: () => RawSocket.connect(listener.address),
    [Symbol.asyncDispose]: () => listener.close(0),
  }
}

const head = (field: string) => `POST / HTTP/1.1\r\nHost: x\r\n${field}\r\n\r\n`
const CHUNKED = 'Transfer-Encoding: chunked'

const bodies: readonly [what: string, request: string, answer: string][] = [
  ['an empty body', head('Content-Length: 0'), '\r\n\r\n'],
  ['a body of the greatest length', `${head('Content-Length: 10')}0123456789`, '\r\n\r\n0123456789'],
  ['a body in pieces', `${head(CHUNKED)}5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n`, '\r\n\r\n0123456789'],
  ['a body that is announced as too long, before any of it is there', head('Content-Length: 11'), 'too long'],
  ['a body that turns out too long, before its end', `${head(CHUNKED)}b\r\n01234567890\r\n`, 'too long'],
]

for (const [what, request, answer] of bodies) {
  test(`${what} is answered`, async () => {
    await using server = await startReader()
    const client = await server.connect()
    client.write(request)
    const received = await client.readThrough(answer)
    assert.match(received, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(received, new RegExp(`\r\nContent-Length: ${answer.trim().length}\r\n`))
    client.destroy()
  })
}

test('a client that goes away in the middle of its body is an error of that request', async () => {
  await using server = await startReader()
  const client = await server.connect()
  client.write(`${head('Content-Length: 5')}012`)
  await until(() => server.requests.length === 1, 'the request')
  client.destroy()
  await until(() => server.failures.length === 1, 'the failure')
  assert.equal(server.failures[0]!.message, 'aborted')
})
