import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import http from 'node:http'
import net from 'node:net'
import { describe, test } from 'node:test'
import { forwardedLogPrefix, forwardedRequest, Listener, trustCheck } from '#net'
import { once } from '../helpers/wait.ts'

/** A request over a real connection from 127.0.0.1, with these header lines. */
async function request(...lines: readonly string[]): Promise<IncomingMessage> {
  const server = http.createServer()
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  const client = net.connect(listener.address.port, '127.0.0.1')
  client.write(`GET / HTTP/1.1\r\n${['Host: inner:8080', ...lines].join('\r\n')}\r\n\r\n`)
  const [message] = (await once(server, 'request')) as [IncomingMessage]
  // The address of a socket is remembered for those who asked before it is gone.
  assert.equal(message.socket.remoteAddress, '127.0.0.1')
  client.destroy()
  await listener.close(0)
  return message
}

const trusted = trustCheck(['127.0.0.0/8', '10.0.0.0/8', '2001:db8:1::/48'])

describe('the client is the last address in the chain that is not trusted', () => {
  for (const [lines, address, port] of [
    [[], '127.0.0.1', undefined],
    [['X-Forwarded-For: 192.0.2.7'], '192.0.2.7', 0],
    [['X-Forwarded-For: 192.0.2.7:4711'], '192.0.2.7', 4711],
    [['X-Forwarded-For: 198.51.100.1, 192.0.2.7'], '192.0.2.7', 0],
    [['X-Forwarded-For: 198.51.100.1, 192.0.2.7, 10.0.0.2,10.0.0.3'], '192.0.2.7', 0],
    [['X-Forwarded-For: 198.51.100.1', 'X-Forwarded-For: 192.0.2.7', 'X-Forwarded-For: 10.0.0.2'], '192.0.2.7', 0],
    [['X-Forwarded-For: 10.0.0.1, 10.0.0.2'], '10.0.0.1', 0],
    [['X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.2'], '10.0.0.2', 0],
    [['X-Forwarded-For: 192.0.2.7, , 10.0.0.2'], '10.0.0.2', 0],
    [['X-Forwarded-For: 192.0.2.7;, 300.1.1.1'], '127.0.0.1', undefined],
    [['X-Forwarded-For: 2001:db8::7, 2001:db8:1::1'], '2001:db8::7', 0],
    [['X-Forwarded-For: [2001:db8::7]:99'], '2001:db8::7', 99],
    [['X-Forwarded-For: fe80::1%x'], '127.0.0.1', undefined],
    [['X-Forwarded-For: ::ffff:192.0.2.7'], '192.0.2.7', 0],
    [['X-Forwarded-For: 192.0.2.7:99999'], '127.0.0.1', undefined],
    [['Forwarded: for=192.0.2.7'], '192.0.2.7', 0],
    [['Forwarded: For="[2001:db8::7]:4711";proto=https'], '2001:db8::7', 4711],
    [['Forwarded: for=198.51.100.1, for=192.0.2.7;by=10.0.0.1', 'Forwarded: for=10.0.0.2'], '192.0.2.7', 0],
    [['Forwarded: for=192.0.2.7, for=_hidden, for=10.0.0.2'], '10.0.0.2', 0],
    [['Forwarded: for="192.0.2.7, 10.0.0.1", for=10.0.0.2'], '10.0.0.2', 0],
    [['Forwarded: for=198.51.100.1', 'X-Forwarded-For: 192.0.2.7'], '192.0.2.7', 0],
    // What a client sends before its proxy adds to the same line cannot hide what is added.
    [['X-Forwarded-For: ", 192.0.2.7'], '192.0.2.7', 0],
    [['X-Forwarded-For: "\\", 192.0.2.7, 10.0.0.2'], '192.0.2.7', 0],
    [['Forwarded: for=", for=192.0.2.7'], '192.0.2.7', 0],
    [['Forwarded: for="\\", for="[2001:db8::7]"'], '2001:db8::7', 0],
    [['Forwarded: for="a\\"b, c", for=192.0.2.7'], '192.0.2.7', 0],
  ] as const) {
    test(lines.join(' | ') || 'nothing forwarded', async () => {
      const { remote } = forwardedRequest(await request(...lines), trusted)
      assert.equal(remote.address, address)
      if (port !== undefined) assert.equal(remote.port, port)
    })
  }
})

test('who is not trusted is not believed', async () => {
  const message = await request(
    'X-Forwarded-For: 192.0.2.7',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil',
    'Forwarded: for=192.0.2.7;proto=https;host=evil',
  )
  const seen = forwardedRequest(message, trustCheck('none'))
  assert.deepEqual([seen.remote.address, seen.isTls, seen.host], ['127.0.0.1', false, 'inner:8080'])
})

describe('scheme and host are what the proxy said to which the client connected', () => {
  for (const [lines, isTls, host] of [
    [[], false, 'inner:8080'],
    [['X-Forwarded-Proto: https'], true, 'inner:8080'],
    [['X-Forwarded-Proto: https', 'X-Forwarded-Host: app.example'], true, 'app.example'],
    [['X-Forwarded-Host: app.example', 'X-Forwarded-Port: 8443', 'X-Forwarded-Proto: wss'], true, 'app.example:8443'],
    [['X-Forwarded-Host: app.example:1', 'X-Forwarded-Port: 8443'], false, 'app.example:1'],
    [['X-Forwarded-Host: [::1]', 'X-Forwarded-Port: 8443'], false, '[::1]:8443'],
    [['X-Forwarded-Proto: gopher', 'X-Forwarded-Port: x'], false, 'inner:8080'],
    [['X-Forwarded-For: 192.0.2.7, 10.0.0.2', 'X-Forwarded-Proto: https, http'], true, 'inner:8080'],
    [['X-Forwarded-For: 192.0.2.7, 10.0.0.2', 'X-Forwarded-Proto: https'], true, 'inner:8080'],
    [['X-Forwarded-For: 9.9.9.9, 192.0.2.7', 'X-Forwarded-Proto: https, http'], false, 'inner:8080'],
    [['Forwarded: for=192.0.2.7;proto=https;host=app.example, for=10.0.0.2;proto=http;host=mid'], true, 'app.example'],
    [
      ['Forwarded: for=9.9.9.9;proto=https;host=evil, for=192.0.2.7;proto=http;host="app.example:81"'],
      false,
      'app.example:81',
    ],
  ] as const) {
    test(lines.join(' | ') || 'nothing forwarded', async () => {
      const seen = forwardedRequest(await request(...lines), trusted)
      assert.deepEqual([seen.isTls, seen.host], [isTls, host])
    })
  }
})

describe('the log prefix is nats-server’s', () => {
  for (const [lines, prefix] of [
    [[], ''],
    [['X-Forwarded-For: 192.0.2.7'], '192.0.2.7/'],
    [['X-Forwarded-For: 2001:db8::7'], '[2001:db8::7]/'],
    [['X-Forwarded-For: 192.0.2.7', 'X-Forwarded-For: 198.51.100.1'], '192.0.2.7/'],
    [['X-Forwarded-For: 192.0.2.7, 198.51.100.1'], ''],
    [['X-Forwarded-For: ', 'X-Forwarded-For: 192.0.2.7'], ''],
    [['X-Forwarded-For: nobody'], ''],
    [['X-Forwarded-For: fe80::1%evil'], ''],
  ] as const) {
    test(`${lines.join(' | ') || 'nothing forwarded'}: "${prefix}"`, async () => {
      assert.equal(forwardedLogPrefix(await request(...lines)), prefix)
    })
  }
})
