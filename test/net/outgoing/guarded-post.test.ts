import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { systemClock } from '#kit'
import { BlockedError, type ClientTlsSettings, dial, GuardedPost, type GuardRules } from '#net'
import { TestAuthority } from '../../helpers/certificates.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { tlsTrusting } from './tls-trusting.ts'

const OPEN: GuardRules = { blockedHosts: undefined, blocksNonGlobalAddresses: false, prefersIpv6: false }
const GUARDED: GuardRules = { ...OPEN, blocksNonGlobalAddresses: true }

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let tls: ClientTlsSettings
let pair: { cert: string; key: string }
before(async () => {
  folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  pair = await authority.issue({ dnsNames: ['push.example', '*.push.example'] })
  tls = await tlsTrusting(authority)
})
after(() => folder[Symbol.asyncDispose]())

/** A server that answers by `listener`, and a `GuardedPost` that finds it whatever name it asks for. */
async function world(listener: RequestListener, rules = GUARDED, addresses: Record<string, string[]> = {}) {
  const server = createServer({ ...pair, keepAliveTimeout: 0 }, listener)
  const sockets: TLSSocket[] = []
  server.on('secureConnection', (socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dialed: string[] = []
  const post = new GuardedPost(rules, {
    clock: systemClock,
    tls,
    lookup: async (host) => (addresses[host] ?? ['93.184.216.34']).map((address) => ({ address, family: 4 })),
    connect: async (target, options) => {
      const found = await options.lookup!(target.host).catch((cause) => {
        throw Object.assign(new Error('lookup'), { cause })
      })
      dialed.push(...found.map(({ address }) => `${address}:${target.port}`))
      return dial({ host: '127.0.0.1', port }, { ...options, lookup: undefined })
    },
  })
  return {
    post,
    /** Connections that were accepted, in their order. */
    sockets,
    dialed,
    send: (url = 'https://push.example/a', options: Partial<Parameters<GuardedPost['send']>[1]> = {}) =>
      post.send(new URL(url), { body: Buffer.from('body'), headers: {}, timeoutMs: 5000, ...options }),
    async [Symbol.asyncDispose]() {
      post.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a body is posted to the address that was checked, and the head of the answer is told', async () => {
  let asked: { request: IncomingMessage; body: string } | undefined
  await using it = await world(async (request, response) => {
    asked = { request, body: await text(request) }
    response.writeHead(201, { Location: 'https://push.example/m/1' }).end()
  })
  const { status, headers } = await it.send('https://push.example/a?b=c', { headers: { TTL: 60 } })
  assert.deepEqual([status, headers.location], [201, 'https://push.example/m/1'])
  const { method, url, headers: sent } = asked!.request
  assert.deepEqual([method, url, sent.host, asked!.body], ['POST', '/a?b=c', 'push.example', 'body'])
  assert.deepEqual([sent['content-length'], sent.ttl, sent['transfer-encoding']], ['4', '60', undefined])
  assert.deepEqual(it.dialed, ['93.184.216.34:443'])
})

test('one connection serves requests that follow each other, and each origin has its own', async () => {
  await using it = await world((request, response) => request.resume().on('end', () => response.end('thank you')))
  for (let i = 0; i < 3; i++) await it.send(`https://push.example/${i}`)
  assert.equal(it.sockets.length, 1)
  await it.send('https://other.push.example/')
  assert.equal(it.sockets.length, 2)
  await it.send()
  assert.equal(it.sockets.length, 2)
})

test('of the body of an answer as much is read as is asked for, and a connection is kept where that is all', async () => {
  await using it = await world((request, response) => request.resume().on('end', () => response.end('thank you')))
  for (const [maxBytes, read] of [
    [undefined, ''],
    [100, 'thank you'],
    [9, 'thank you'],
    [5, 'thank'],
  ] as const) {
    const { body } = await it.send('https://push.example/', maxBytes === undefined ? {} : { maxBytes })
    assert.equal(body.toString(), read)
    assert.equal(it.sockets.length, 1)
  }
  await ended(it.sockets[0]!)
})

test('a body that breaks off, or does not end in time, is no answer', async () => {
  await using it = await world((request, response) => {
    response.writeHead(200, { 'Content-Length': 10 }).write('half')
    if (request.url === '/broken') setImmediate(() => request.socket.destroy())
  })
  await assert.rejects(it.send('https://push.example/broken', { maxBytes: 100 }), /aborted|ECONNRESET/)
  await assert.rejects(
    it.send('https://push.example/slow', { maxBytes: 100, timeoutMs: 200 }),
    /no answer after 200 ms/,
  )
})

const ended = (socket: TLSSocket) => (socket.destroyed ? undefined : once(socket, 'close'))

test('of many connections to one origin a few are kept, and none when it is closed', async () => {
  const all = Promise.withResolvers<void>()
  let waiting = 0
  await using it = await world((request, response) => {
    if (++waiting === 8) all.resolve()
    all.promise.then(() => request.resume().on('end', () => response.end()))
  })
  await Promise.all(Array.from({ length: 8 }, () => it.send()))
  assert.equal(it.sockets.length, 8)
  const open = () => it.sockets.filter(({ destroyed }) => !destroyed)
  while (open().length > 4) await Promise.race(open().map(ended))
  await it.send()
  assert.deepEqual([open().length, it.sockets.length], [4, 8])
  it.post.close()
  await Promise.all(it.sockets.map(ended))
  await it.send()
  await ended(it.sockets[8]!)
})

test('connections are kept for so many origins, and for another one when one of those has none', async () => {
  await using it = await world((request, response) => request.resume().on('end', () => response.end()))
  for (let i = 0; i < 32; i++) await it.send(`https://${i}.push.example/`)
  await it.send('https://more.push.example/')
  await ended(it.sockets[32]!)
  assert.ok(it.sockets.slice(0, 32).every(({ destroyed }) => !destroyed))
  it.sockets[0]!.destroy()
  let before: number
  do {
    before = it.sockets.length
    await it.send('https://more.push.example/')
  } while (it.sockets.length > before)
})

test('a connection that the other side has closed meanwhile is replaced', async () => {
  await using it = await world((request, response) => request.resume().on('end', () => response.end()))
  for (const close of [(socket: TLSSocket) => socket.end(), (socket: TLSSocket) => socket.destroy()]) {
    await it.send()
    const socket = it.sockets.at(-1)!
    close(socket)
    assert.equal((await it.send()).status, 200)
    assert.notEqual(it.sockets.at(-1), socket)
  }
})

test('a connection that breaks just as it is used again costs no request', async () => {
  let isFirst = true
  await using it = await world((request, response) => {
    if (!isFirst && request.socket === it.sockets[0]) return void request.socket.destroy()
    isFirst = false
    request.resume().on('end', () => response.end())
  })
  await it.send()
  assert.equal((await it.send()).status, 200)
  assert.equal(it.sockets.length, 2)
})

test('a connection that breaks on its first request has failed', async () => {
  await using it = await world((request) => void request.socket.destroy())
  await assert.rejects(it.send(), /socket hang up|ECONNRESET/)
  assert.equal(it.sockets.length, 1)
})

test('a redirect is an answer, and not followed', async () => {
  await using it = await world((request, response) =>
    request.resume().on('end', () => response.writeHead(307, { Location: 'https://other.push.example/' }).end()),
  )
  assert.equal((await it.send()).status, 307)
  assert.equal(it.sockets.length, 1)
})

test('what the rules forbid is not asked', async () => {
  const rules = { ...GUARDED, blockedHosts: /^bad\./ }
  const addresses = { 'inside.push.example': ['10.0.0.1', '127.0.0.1'] }
  await using it = await world((_, response) => response.end(), rules, addresses)
  for (const host of ['127.0.0.1', '[::1]', 'bad.push.example', 'inside.push.example']) {
    await assert.rejects(it.send(`https://${host}/`), BlockedError)
  }
  assert.deepEqual([it.sockets.length, it.dialed.length], [0, 0])
})

test('a certificate of somebody else is no answer', async () => {
  await using it = await world((_, response) => response.end())
  await assert.rejects(it.send('https://elsewhere.example/'), /certificate is valid for/)
})

test('a server that is silent is given up in time, and so is one by the caller', async () => {
  const asked = Promise.withResolvers<void>()
  await using it = await world(() => asked.resolve())
  const caller = new AbortController()
  const given = it.send(undefined, { signal: caller.signal })
  await asked.promise
  caller.abort()
  await assert.rejects(given, { code: 'ABORTED' })
  await assert.rejects(it.send(undefined, { timeoutMs: 50 }), /no answer after 50 ms/)
  await Promise.all(it.sockets.map(ended))
})

test('a long body is cut off, which costs nothing but the connection', async () => {
  await using it = await world((request, response) =>
    request.resume().on('end', () => {
      response.writeHead(400)
      // And never ends.
      const more = () => void (response.write('x'.repeat(1000)) ? setImmediate(more) : response.once('drain', more))
      response.on('error', () => {})
      if (!response.destroyed) more()
    }),
  )
  assert.equal((await it.send()).status, 400)
  await ended(it.sockets[0]!)
  assert.equal((await it.send()).status, 400)
})

test('whoever answers at once and does not end is waited for, and has answered nevertheless', async () => {
  await using it = await world((request, response) => {
    response.writeHead(201).write('x')
    if (request.url !== '/slow') response.end()
  })
  const caller = new AbortController()
  let isAnswered = false
  const answered = it.send('https://push.example/slow', { signal: caller.signal }).finally(() => (isAnswered = true))
  for (let i = 0; i < 3; i++) await it.send('https://other.push.example/')
  assert.equal(isAnswered, false)
  caller.abort()
  assert.equal((await answered).status, 201)
  await Promise.all(it.sockets.slice(0, 1).map(ended))
})

test('another protocol is no answer', async () => {
  await using it = await world(({ socket }) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
  })
  await assert.rejects(it.send(), /an upgrade that nobody asked for/)
  await ended(it.sockets[0]!)
})
