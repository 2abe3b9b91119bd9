import assert from 'node:assert/strict'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { systemClock } from '#kit'
import { BlockedError, dial, type GuardRules, type GuardTools, guardedGet } from '#net'
import { TestAuthority } from '../../helpers/certificates.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { tlsTrusting } from './tls-trusting.ts'

const OPEN: GuardRules = { blockedHosts: undefined, blocksNonGlobalAddresses: false, prefersIpv6: false }
const GUARDED: GuardRules = { ...OPEN, blocksNonGlobalAddresses: true }
const LIMITS = { maxBytes: 1000, timeoutMs: 5000 }

/** What was asked of either server, and what it is to answer. */
const asked: { host: string | undefined; path: string | undefined; headers: Record<string, unknown> }[] = []
const pages = new Map<string, RequestListener>()
const listener: RequestListener = (request, response) => {
  const { host } = request.headers
  asked.push({ host, path: request.url, headers: request.headers })
  const page = pages.get(`${host}${request.url}`)
  if (page) page(request, response)
  else response.writeHead(404).end()
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>
const servers: Server[] = []
let tls: NonNullable<GuardTools['tls']>
const ports: Record<number, number> = {}
before(async () => {
  folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const { cert, key } = await authority.issue({ dnsNames: ['site.example', 'other.example'] })
  tls = await tlsTrusting(authority)
  for (const [port, server] of [
    [80, createHttpServer(listener)],
    [443, createHttpsServer({ cert, key }, listener)],
  ] as const) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports[port] = (server.address() as AddressInfo).port
    servers.push(server)
  }
})
after(async () => {
  for (const server of servers) server.close()
  await folder[Symbol.asyncDispose]()
})

/** Ends up at the servers of this test, by the addresses that were found. */
function get(rules: GuardRules, addresses: Record<string, string[]> = {}) {
  const dialed: string[] = []
  asked.length = 0
  const guarded = guardedGet(rules, {
    clock: systemClock,
    tls,
    lookup: async (host) => (addresses[host] ?? ['93.184.216.34']).map((address) => ({ address, family: 4 })),
    connect: async ({ host, port }, options) => {
      const found = await options.lookup!(host).catch((cause) => {
        throw Object.assign(new Error('lookup'), { cause })
      })
      dialed.push(...found.map(({ address }) => `${address}:${port}`))
      return dial({ host: '127.0.0.1', port: ports[port]! }, { ...options, lookup: undefined })
    },
  })
  return Object.assign((url: string, options = {}) => guarded(new URL(url), { ...LIMITS, ...options }), { dialed })
}

const answer =
  (body: string | Buffer): RequestListener =>
  (_request, response) =>
    response.end(body)
const redirect =
  (location: string, status = 302): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { location, 'set-cookie': 'a=b' }).end()

test('a page is fetched by HTTP and by HTTPS, from the address that was checked', async () => {
  pages.set('site.example/page?q=1', answer('hello'))
  for (const [scheme, port] of [
    ['http', 80],
    ['https', 443],
  ] as const) {
    const fetch = get(GUARDED)
    const { status, body, isCut, url } = await fetch(`${scheme}://site.example/page?q=1`, {
      headers: { Accept: 'x/y' },
    })
    assert.deepEqual([status, String(body), isCut], [200, 'hello', false])
    assert.equal(url.href, `${scheme}://site.example/page?q=1`)
    assert.deepEqual(fetch.dialed, [`93.184.216.34:${port}`])
    assert.equal(asked[0]!.headers.accept, 'x/y')
  }
})

test('redirects are followed, with neither cookies nor a Referer', async () => {
  pages.set('site.example/a', redirect('https://other.example/b'))
  pages.set('other.example/b', redirect('/c', 308))
  pages.set('other.example/c', answer('there'))
  const { url, body } = await get(GUARDED)('http://user:secret@site.example/a')
  assert.deepEqual([url.href, String(body)], ['https://other.example/c', 'there'])
  assert.deepEqual(
    asked.map(({ host, path }) => `${host}${path}`),
    ['site.example/a', 'other.example/b', 'other.example/c'],
  )
  for (const { headers } of asked) {
    for (const name of ['cookie', 'referer', 'authorization']) assert.equal(headers[name], undefined)
  }
})

test('redirects without end are not followed without end', async () => {
  pages.set('site.example/loop', redirect('/loop'))
  await assert.rejects(get(OPEN)('http://site.example/loop'), /redirects/)
  assert.equal(asked.length, 6)
})

for (const url of [
  'http://127.0.0.1/',
  'http://2130706433/',
  'http://0x7f.1/',
  'https://[::1]/',
  'http://[::ffff:7f00:1]/',
]) {
  test(`${url} is not asked, nor is what leads there`, async () => {
    await assert.rejects(get(GUARDED)(url), BlockedError)
    pages.set('site.example/lead', redirect(url))
    const fetch = get(GUARDED)
    await assert.rejects(fetch('http://site.example/lead'), BlockedError)
    assert.deepEqual([asked.length, fetch.dialed.length], [1, 1])
  })
}

test('a name that leads into a private network is not asked, at first or by a redirect', async () => {
  pages.set('site.example/inside', redirect('https://inside.example/'))
  const addresses = { 'inside.example': ['10.0.0.1', '::1'] }
  await assert.rejects(get(GUARDED, addresses)('https://inside.example/'), BlockedError)
  await assert.rejects(get(GUARDED, addresses)('http://site.example/inside'), BlockedError)
  assert.equal(asked.length, 1)
})

test('of a name with addresses inside and outside only those outside are connected to', async () => {
  pages.set('site.example/', answer('ok'))
  const fetch = get(GUARDED, { 'site.example': ['10.0.0.1', '93.184.216.34', '127.0.0.1'] })
  assert.equal((await fetch('http://site.example/')).status, 200)
  assert.deepEqual(fetch.dialed, ['93.184.216.34:80'])
})

test('where private networks may be asked they are', async () => {
  pages.set('inside.example/', answer('inside'))
  const { body } = await get(OPEN, { 'inside.example': ['10.0.0.1'] })('http://inside.example/')
  assert.equal(String(body), 'inside')
})

test('a blocked host is not asked, at first or by a redirect', async () => {
  const rules = { ...OPEN, blockedHosts: /^(.*\.)?bad\.example$/ }
  pages.set('site.example/bad', redirect('http://very.bad.example/'))
  await assert.rejects(get(rules)('http://bad.example/'), BlockedError)
  await assert.rejects(get(rules)('http://site.example/bad'), BlockedError)
  assert.equal(asked.length, 1)
})

for (const url of [
  'http://site.example:8080/',
  'https://site.example:80/',
  'ftp://site.example/',
  'file:///etc/passwd',
]) {
  test(`${url} is not fetched`, async () => {
    const fetch = get(OPEN)
    await assert.rejects(fetch(url), /is no(ne)? /)
    assert.deepEqual(fetch.dialed, [])
  })
}

test('of a long body no more is read than may be', async () => {
  pages.set('site.example/long', (_request, response) => {
    response.write('x'.repeat(600))
    response.write('y'.repeat(600))
    // And never ends.
  })
  const { body, isCut } = await get(OPEN)('http://site.example/long')
  assert.deepEqual([body.length, isCut], [1000, true])
  pages.set('site.example/exact', answer('x'.repeat(1000)))
  const exact = await get(OPEN)('http://site.example/exact')
  assert.deepEqual([exact.body.length, exact.isCut], [1000, false])
})

test('a server that is silent, or stops in the middle, is given up in time', async () => {
  pages.set('site.example/silent', () => {})
  pages.set('site.example/stops', (_request, response) => void response.write('x'))
  for (const path of ['silent', 'stops']) {
    await assert.rejects(get(OPEN)(`http://site.example/${path}`, { timeoutMs: 100 }), /no answer after 100 ms/)
  }
})

test('a certificate of somebody else, or an encoding nobody asked for, is no answer', async () => {
  await assert.rejects(get(OPEN)('https://wrong.example/'), /certificate/)
  pages.set('site.example/zip', (_request, response) => response.writeHead(200, { 'content-encoding': 'br' }).end('x'))
  await assert.rejects(get(OPEN)('http://site.example/zip'), /encoding/)
})

test('a body that is cut off by the time is no answer, and neither is another protocol', async () => {
  pages.set('site.example/drip', (_request, response) => {
    response.useChunkedEncodingByDefault = false
    response.writeHead(200, { Connection: 'close' }).write('x')
  })
  await assert.rejects(get(OPEN)('http://site.example/drip', { timeoutMs: 100 }), /no answer after 100 ms/)
  pages.set('site.example/upgrade', (_request, { socket }) => {
    socket!.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
  })
  await assert.rejects(get(OPEN)('http://site.example/upgrade'), /an upgrade that nobody asked for/)
})

test('a dot at the end of a name makes no other host of it', async () => {
  const rules = { ...OPEN, blockedHosts: /^inner\.example$/ }
  await assert.rejects(get(rules)('http://inner.example./'), BlockedError)
  pages.set('site.example/dot', redirect('http://inner.example./'))
  await assert.rejects(get(rules)('http://site.example/dot'), BlockedError)
})
