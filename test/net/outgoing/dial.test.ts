import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { systemClock } from '#kit'
import { DialError, type DialOptions, dial } from '#net'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { freePort } from '../../helpers/processes.ts'
import { once, until, within } from '../../helpers/wait.ts'
import { startConnectProxy } from './connect-proxy.ts'
import { startRawServer } from './raw-server.ts'
import { findSilentPort } from './silent-port.ts'

const OPTIONS: DialOptions = { clock: systemClock, timeoutMs: 10_000 }

/** A name server that knows one name. */
const naming = (...found: LookupAddress[]) => ({ ...OPTIONS, lookup: () => Promise.resolve(found) })
const v4 = (address: string): LookupAddress => ({ address, family: 4 })
/** As if the second family were another one: connecting does not care. */
const v6 = (address: string): LookupAddress => ({ address, family: 6 })
const never = () => new Promise<never>(() => {})

function failing(code: DialError['code'], message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof DialError, String(error))
    assert.deepEqual([error.code, message.test(error.message) || error.message], [code, true])
    return true
  }
}

for (const host of ['127.0.0.1', '::1']) {
  test(`a server at ${host} is reached, and what it said before anybody listened is not lost`, async () => {
    await using server = await startRawServer({ host })
    const accepted = server.accepted()
    const socket = await dial(server.address, OPTIONS)
    const peer = await accepted
    peer.write('INFO {}\r\n')
    await turnOver()
    assert.deepEqual(await once(socket.resume(), 'data'), [Buffer.from('INFO {}\r\n')])
    socket.write('CONNECT')
    assert.equal(await peer.readThrough('CONNECT'), 'CONNECT')
    socket.destroy()
  })
}

test('a name is looked up, in turns of its families', async () => {
  await using server = await startRawServer()
  const { port } = server.address
  const [local, named] = await Promise.all([
    dial({ host: 'localhost', port }, OPTIONS),
    // Nothing listens at the first.
    dial({ host: 'hub.example', port }, naming(v4('127.0.0.9'), v6('127.0.0.1'), v4('127.0.0.8'))),
  ])
  assert.deepEqual([local.remotePort, named.remoteAddress], [port, '127.0.0.1'])
  local.destroy()
  named.destroy()
})

test('the servers behind one name get a fair share each', async () => {
  await using one = await startRawServer({ host: '127.0.0.1' })
  const { port } = one.address
  await using _two = await startRawServer({ host: '127.0.0.2', port })
  const met = new Set<string | undefined>()
  for (let i = 0; met.size < 2 && i < 200; i++) {
    const socket = await dial({ host: 'hub.example', port }, naming(v4('127.0.0.1'), v4('127.0.0.2')))
    met.add(socket.remoteAddress)
    socket.destroy()
  }
  assert.equal(met.size, 2)
})

test('an address that is silent holds the next one up for a quarter of a second, no longer', async () => {
  await using silent = await findSilentPort()
  await using server = await startRawServer({ host: '127.0.0.2', port: silent.port })
  const clock = new FakeClock()
  const options = { ...naming(v4('127.0.0.1'), v6('127.0.0.2')), clock }
  let arrivals = 0
  const accepted = server.acceptedSocket().then(() => arrivals++)
  const dialled = dial({ host: 'hub.example', port: silent.port }, options)
  await until(() => clock.pending === 2, 'the first attempt')
  clock.advance(249)
  await turnOver()
  assert.equal(arrivals, 0)
  clock.advance(1)
  const socket = await within(dialled, 'the second address')
  await accepted
  assert.equal(socket.remoteAddress, '127.0.0.2')
  assert.equal(clock.pending, 0)
  socket.destroy()
})

test('a port where nothing listens is named, with every address that was tried', async () => {
  const port = await freePort()
  const one = `dial tcp 127\\.0\\.0\\.1:${port}: connect: connection refused \\(nothing listens there: .*\\)`
  await assert.rejects(dial({ host: '127.0.0.1', port }, OPTIONS), failing('CONNECT', new RegExp(`^${one}$`)))
  const two = `dial tcp hub\\.example:${port}: 127\\.0\\.0\\.3: connection refused; 127\\.0\\.0\\.4: connection refused \\(`
  await assert.rejects(
    dial({ host: 'hub.example', port }, naming(v4('127.0.0.3'), v6('127.0.0.4'))),
    failing('CONNECT', new RegExp(`^${two}`)),
  )
})

test('a name that does not exist is named, with what to look at', async () => {
  const error = (code: string) => Promise.reject(Object.assign(new Error(`getaddrinfo ${code}`), { code }))
  const target = { host: 'hub.example', port: 4222 }
  for (const [lookup, message] of [
    [() => error('ENOTFOUND'), /^lookup hub\.example: no such host \(check the name in the URL/],
    [() => error('EAI_AGAIN'), /^lookup hub\.example: temporary failure in name resolution \(/],
    [() => error('EAI_FAIL'), /^lookup hub\.example: getaddrinfo EAI_FAIL$/],
    [() => Promise.resolve([]), /^lookup hub\.example: no such host/],
  ] as const) {
    await assert.rejects(dial(target, { ...OPTIONS, lookup }), failing('LOOKUP', message))
  }
})

for (const host of ['', 'a b', 'a\r\nX: y', 'user@host', 'a/b', '[::1]', 'höst', 'a\0b']) {
  test(`${JSON.stringify(host)}, of which another server may tell, is no host`, async () => {
    const lookup = () => assert.fail('looked up')
    await assert.rejects(dial({ host, port: 1 }, { ...OPTIONS, lookup }), failing('LOOKUP', /: invalid host name$/))
  })
}

for (const port of [0, -1, 65_536, 1.5, Number.NaN]) {
  test(`${port} is no port`, async () => {
    await assert.rejects(dial({ host: '127.0.0.1', port }, OPTIONS), failing('LOOKUP', /^invalid port /))
  })
}

test('the time is for all of it, and whatever took it is named', async () => {
  await using silent = await findSilentPort()
  await using mute = await startRawServer()
  const proxy = { url: `http://127.0.0.1:${mute.address.port}` }
  const clock = new FakeClock()
  for (const [target, options, timers, message] of [
    [{ host: 'hub.example', port: 1 }, { lookup: never }, 1, /^lookup hub\.example: i\/o timeout after 700 ms \(/],
    [silent, {}, 1, new RegExp(`^dial tcp 127\\.0\\.0\\.1:${silent.port}: i/o timeout after 700 ms \\(.*firewall`)],
    [{ host: 'hub.example', port: 1 }, { proxy }, 1, /^proxy 127\.0\.0\.1:\d+: i\/o timeout after 700 ms/],
  ] as const) {
    const reached = 'proxy' in options ? mute.acceptedSocket() : undefined
    const dialled = assert.rejects(dial(target, { clock, timeoutMs: 700, ...options }), failing('TIMEOUT', message))
    const socket = await reached
    if (socket !== undefined) await once(socket, 'data')
    for (let turns = 0; turns < 5; turns++) await turnOver()
    assert.equal(clock.pending, timers)
    clock.advance(699)
    await turnOver()
    assert.equal(clock.pending, timers)
    clock.advance(1)
    await within(dialled, 'the timeout')
    if (socket !== undefined) await gone(socket)
    assert.equal(clock.pending, 0)
  }
})

test('whoever gives up gets an answer at once, and leaves nothing behind', async () => {
  await using silent = await findSilentPort()
  await using mute = await startRawServer()
  const proxy = { url: `http://127.0.0.1:${mute.address.port}` }
  const clock = new FakeClock()
  for (const [target, options] of [
    [{ host: 'hub.example', port: 1 }, { lookup: never }],
    [silent, {}],
    [{ host: 'hub.example', port: 1 }, { proxy }],
  ] as const) {
    const stop = new AbortController()
    const { signal } = stop
    const reached = 'proxy' in options ? mute.acceptedSocket() : undefined
    const dialled = assert.rejects(dial(target, { clock, timeoutMs: 700, signal, ...options }), { code: 'ABORTED' })
    const socket = await reached
    if (socket !== undefined) await once(socket, 'data')
    await turnOver()
    stop.abort()
    await within(dialled, 'the end')
    if (socket !== undefined) await gone(socket)
    assert.equal(clock.pending, 0)
    await assert.rejects(dial(target, { clock, timeoutMs: 700, signal, ...options }), { code: 'ABORTED' })
  }
})

/** Resolves when the other end has closed the connection. */
async function gone(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  const { promise, resolve } = Promise.withResolvers<void>()
  if (socket.readableEnded || socket.destroyed) resolve()
  else socket.once('end', resolve).once('close', resolve).resume()
  await within(promise, 'the end of the connection')
}

test('a way through a proxy leads to the server, by its name, with nothing lost', async () => {
  await using server = await startRawServer()
  await using proxy = await startConnectProxy()
  const accepted = server.accepted()
  const lookup = (host: string) => {
    assert.equal(host, 'localhost', 'the proxy looks the server up')
    return Promise.resolve([v4('127.0.0.1')])
  }
  const target = { host: 'LOCALHOST', port: server.address.port }
  const socket = await dial(target, { ...OPTIONS, lookup, proxy })
  const peer = await accepted
  peer.write('INFO {}\r\n')
  assert.deepEqual(await once(socket.resume(), 'data'), [Buffer.from('INFO {}\r\n')])
  const [{ target: asked, headers }] = proxy.asked as [(typeof proxy.asked)[number]]
  assert.deepEqual([asked, headers], [`LOCALHOST:${target.port}`, { host: `LOCALHOST:${target.port}` }])
  socket.destroy()
})

test('an IPv6 address goes through a proxy in brackets', async () => {
  await using server = await startRawServer({ host: '::1' })
  await using proxy = await startConnectProxy()
  const socket = await dial(server.address, { ...OPTIONS, proxy })
  assert.equal(proxy.asked[0]?.target, `[::1]:${server.address.port}`)
  socket.destroy()
})

test('a proxy that wants to know who we are is told, and one that does not believe us is named', async () => {
  await using server = await startRawServer()
  await using proxy = await startConnectProxy({ credentials: 'öl:se:cret' })
  const { url } = proxy
  const socket = await dial(server.address, { ...OPTIONS, proxy: { url, username: 'öl', password: 'se:cret' } })
  socket.destroy()
  for (const wrong of [{}, { username: 'öl', password: 'wrong-secret' }]) {
    await assert.rejects(dial(server.address, { ...OPTIONS, proxy: { url, ...wrong } }), (error) => {
      assert.doesNotMatch(String((error as Error).stack), /wrong-secret/)
      return failing(
        'PROXY',
        /^proxy CONNECT failed: 407 Proxy Authentication Required \(check username and password/,
      )(error)
    })
  }
})

for (const [name, said, message] of [
  ['refuses', 'HTTP/1.1 403 For\x1bbidden\r\n\r\n', /^proxy CONNECT failed: 403 For bidden$/],
  ['is none', 'INFO {}\r\n', /^failed to read proxy response: Parse Error: .* \(is this an HTTP proxy\?\)$/],
  [
    'never ends its headers',
    `HTTP/1.1 200 OK\r\n${'X-Long: 0123456789\r\n'.repeat(2000)}`,
    /: Parse Error: Header overflow/,
  ],
  ['hangs up', undefined, /^failed to read proxy response: socket hang up/],
] as const) {
  test(`a proxy that ${name} costs only this attempt`, async () => {
    await using proxy = await startRawServer()
    const accepted = proxy.accepted()
    const url = `http://127.0.0.1:${proxy.address.port}`
    const dialled = assert.rejects(
      dial({ host: 'hub.example', port: 80 }, { ...OPTIONS, proxy: { url } }),
      failing('PROXY', message),
    )
    const peer = await accepted
    assert.match(
      await peer.readThrough('\r\n\r\n'),
      /^CONNECT hub\.example:80 HTTP\/1\.1\r\nHost: hub\.example:80\r\n\r\n$/,
    )
    if (said === undefined) peer.socket.end()
    else peer.write(said)
    await within(dialled, 'the refusal')
    await peer.readToEnd()
  })
}

test('what comes in one packet with the answer of the proxy is the server’s', async () => {
  await using proxy = await startRawServer()
  const accepted = proxy.accepted()
  const url = `http://127.0.0.1:${proxy.address.port}`
  const dialled = dial({ host: 'hub.example', port: 80 }, { ...OPTIONS, proxy: { url } })
  const peer = await accepted
  await peer.readThrough('\r\n\r\n')
  peer.write('HTTP/1.1 200 OK\r\n\r\nINFO {}\r\n')
  const socket = await dialled
  assert.deepEqual(await once(socket.resume(), 'data'), [Buffer.from('INFO {}\r\n')])
  socket.destroy()
})

test('a proxy that cannot be reached is named', async () => {
  const port = await freePort()
  const proxy = { url: `http://user:hidden@127.0.0.1:${port}` }
  await assert.rejects(dial({ host: 'hub.example', port: 80 }, { ...OPTIONS, proxy }), (error) => {
    assert.doesNotMatch(String((error as Error).stack), /hidden/)
    return failing(
      'PROXY',
      new RegExp(`^failed to connect to proxy: dial tcp 127\\.0\\.0\\.1:${port}: connect: conn`),
    )(error)
  })
})
