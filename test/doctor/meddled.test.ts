/** A Belfry that is fine, behind proxies that do one thing wrong each: the doctor names that, and nothing else. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type DoctorReport, type FaultId, runDoctor, whyNoHub } from '#doctor'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { answer, type Meddling, startAnswerer, startMeddler, without } from './meddler.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

/** As every proxy should. */
const named = (lines: readonly string[]) => [...without(lines, 'x-real-ip'), 'X-Real-IP: 127.0.0.1']

const isUpgrade = (lines: readonly string[]) => lines.some((line) => /^upgrade:/i.test(line))
const pathOf = (lines: readonly string[]) => lines[0]!.split(' ')[1]!
const isForHub = (lines: readonly string[]) => pathOf(lines).startsWith('/notifications/')

async function report(meddling: Meddling, idleMs = 0): Promise<DoctorReport> {
  await using meddler = await startMeddler(server.webUrl, { onRequest: named, ...meddling })
  return await runDoctor({ url: meddler.url, idleMs })
}

function faultsOf({ checks }: DoctorReport): FaultId[] {
  return [...new Set(checks.flatMap(({ status, fault }) => (status === 'fault' ? [fault!] : [])))]
}

test('a proxy that does everything right is healthy', async () => {
  const found = await report({}, 300)
  assert.deepEqual(faultsOf(found), [])
  assert.equal(found.healthy, true)
  assert.deepEqual(
    found.checks.filter(({ status }) => status === 'skipped').map(({ id }) => id),
    ['tls', 'login'],
  )
})

const TABLE: readonly (readonly [what: string, fault: FaultId, meddling: Meddling])[] = [
  ['drops Upgrade', 'no-upgrade', { onRequest: (lines) => without(named(lines), 'upgrade') }],
  [
    'drops Upgrade and Connection',
    'no-upgrade',
    { onRequest: (lines) => without(named(lines), 'upgrade', 'connection') },
  ],
  [
    'sets Connection itself',
    'no-connection',
    { onRequest: (lines) => [...without(named(lines), 'connection'), 'Connection: close'] },
  ],
  [
    'speaks HTTP/1.0',
    'http-1.0',
    { onRequest: (lines) => named(lines).map((line) => line.replace(/ HTTP\/1\.1$/, ' HTTP/1.0')) },
  ],
  [
    'drops the key',
    'websocket-headers-lost',
    { onRequest: (lines) => without(named(lines), 'sec-websocket-key', 'sec-websocket-version') },
  ],
  [
    'answers upgrades itself',
    'no-101',
    { onRequest: (lines) => (isUpgrade(lines) ? answer('400 Bad Request', [], 'no') : named(lines)) },
  ],
  [
    'makes something else of a 101',
    'no-101',
    { onAnswer: (head) => head.replace(/^HTTP\/1\.1 101 .*/, 'HTTP/1.1 200 OK').replace(/\nUpgrade:[^\n]*/i, '') },
  ],
  [
    'answers with the 101 of another request',
    'wrong-accept',
    { onAnswer: (head) => head.replace(/(Sec-WebSocket-Accept: )\S+/i, '$1s3pPLMBiTxaQ9kYGzzhZRbK+xOo=') },
  ],
  [
    'says something else than an answer behind a 101 of its own',
    'wrong-accept',
    {
      onRequest: (lines) =>
        isUpgrade(lines) && !lines.some((line) => /^belfry-probe: headers/i.test(line))
          ? 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
          : named(lines),
    },
  ],
  ['swallows messages', 'silent-websocket', { swallowsMessages: true }],
  ['keeps answers back', 'buffering', { keepsAnswersBack: true }],
  [
    'writes another Host',
    'wrong-host',
    { onRequest: (lines) => [...without(named(lines), 'host'), 'Host: backend:8000'] },
  ],
  ['says nothing of its client', 'client-address-hidden', { onRequest: (lines) => lines }],
  [
    'names somebody else as its client',
    'client-address-hidden',
    { onRequest: (lines) => [...without(lines, 'x-real-ip'), 'X-Real-IP: 10.9.8.7'] },
  ],
  [
    'says nonsense of its client',
    'client-address-hidden',
    { onRequest: (lines) => [...without(lines, 'x-real-ip'), 'X-Real-IP: unknown'] },
  ],
  [
    'lets clients say where they come from',
    'client-address-forged',
    { onRequest: (lines) => (lines.some((line) => /^x-real-ip:/i.test(line)) ? lines : named(lines)) },
  ],
  [
    'changes the path',
    'wrong-path',
    { onRequest: (lines) => named(lines).map((line, i) => (i === 0 ? line.replace('/notifications/', '/') : line)) },
  ],
  [
    'sends the hub to a port where nothing listens',
    'hub-elsewhere',
    {
      onRequest: (lines) =>
        isForHub(lines) ? answer('502 Bad Gateway', ['Server: nginx'], '<html>502') : named(lines),
    },
  ],
  [
    'sends the hub to a web page',
    'hub-elsewhere',
    {
      onRequest: (lines) =>
        isForHub(lines) ? answer('200 OK', ['Content-Type: text/html'], '<title>Page</title>') : named(lines),
    },
  ],
  [
    'says itself that there is no hub',
    'hub-elsewhere',
    {
      onRequest: (lines) =>
        isForHub(lines) && !pathOf(lines).includes('negotiate')
          ? answer('404 Not Found', ['Content-Type: text/html'], '<title>404</title>')
          : named(lines),
    },
  ],
  [
    'asks for a password in front of the hub',
    'proxy-login',
    {
      onRequest: (lines) =>
        isForHub(lines) ? answer('401 Unauthorized', ['WWW-Authenticate: Basic realm="x"']) : named(lines),
    },
  ],
]

describe('a proxy that', () => {
  for (const [what, fault, meddling] of TABLE) {
    test(`${what}: ${fault}`, async () => {
      const found = await report(meddling)
      assert.deepEqual(faultsOf(found), [fault], JSON.stringify(found.checks, undefined, 1))
      assert.equal(found.healthy, false)
    })
  }
})

describe('a connection that is left alone', () => {
  test('and is cut between the pings of apps is a fault', async () => {
    const found = await report({ idleMs: 400 }, 5_000)
    const idle = found.checks.find(({ id }) => id === 'idle')
    assert.deepEqual(faultsOf(found), ['idle-timeout'])
    assert.match(idle!.says, /^cut: the hub after 0\.[3-9] s; .*\/nats after 0\.[3-9] s/)
    assert.ok(idle!.ms < 4_000, 'nobody waits for what is cut already')
  })

  test('lives on where it is pinged often enough', async () => {
    await using meddler = await startMeddler(server.webUrl, { onRequest: named, idleMs: 800 })
    const { checks } = await runDoctor({ url: meddler.url, idleMs: 1_600, pingIntervalMs: 200 })
    const idle = checks.find(({ id }) => id === 'idle')
    assert.match(idle!.says, /\/notifications\/hub after/)
    assert.doesNotMatch(idle!.says, /the hub after/)
  })
})

test('a proxy that lets each address have few connections is warned of', async () => {
  let asked = 0
  const found = await report(
    {
      onRequest: (lines) =>
        pathOf(lines) === '/nats' && lines.some((line) => /^belfry-probe: websocket/i.test(line)) && asked++ > 0
          ? answer('503 Service Temporarily Unavailable')
          : named(lines),
    },
    200,
  )
  const idle = found.checks.find(({ id }) => id === 'idle')
  assert.deepEqual([idle?.status, idle?.fault], ['warning', 'too-many-connections'])
  assert.match(idle!.says, /^beside 3 that are open, refused: \/nats \(503\)/)
})

test('a hub that says nothing for longer than apps wait is a fault', async () => {
  await using meddler = await startMeddler(server.webUrl, { onRequest: named })
  // This server pings every 15 s, so that it is silent for so long at the least.
  const { checks } = await runDoctor({ url: meddler.url, idleMs: 1_500, hubTimeoutMs: 1_000 })
  const idle = checks.find(({ id }) => id === 'idle')
  assert.deepEqual(
    [idle?.fault, idle?.says],
    ['hub-silent', 'the hub sends no ping: apps give up after 1 s of silence'],
  )
})

test('a server that ends its connections itself is no proxy that cuts them', async () => {
  const ending = await startTestServer()
  const report = await runDoctor({ url: ending.webUrl, idleMs: 10_000 }, ({ id }) => {
    if (id === 'stream') setTimeout(() => void ending.close(), 300)
  })
  const idle = report.checks.find(({ id }) => id === 'idle')
  assert.deepEqual([idle?.status, idle?.fault], ['warning', 'server-error'])
  assert.match(idle!.says, /^the server ended them: .*close code 1001: the server is shutting down/)
})

test('redirects from one path to the next and back are a loop, and those to a page are none', async () => {
  for (const [target, fault] of [
    ['/alive', 'redirect-loop'],
    ['/page', 'proxy-login'],
    ['http://other.invalid/alive', 'proxy-login'],
  ] as const) {
    const found = await report({
      onRequest: (lines) => {
        if (pathOf(lines) === '/page') return answer('200 OK', ['Content-Type: text/html'], '<title>Log in</title>')
        return answer('302 Found', [`Location: ${pathOf(lines) === '/alive' ? '/next' : target}`])
      },
    })
    assert.deepEqual(faultsOf(found), [fault], target)
  }
})

test('a proxy that passes on bytes only is told that it cannot name its client, and what it writes in front of them', async () => {
  await using blind = await startMeddler(server.webUrl, {})
  const hidden = await runDoctor({ url: blind.url, idleMs: 0 })
  const whom = hidden.checks.find(({ id }) => id === 'client-address')
  assert.match(whom!.says, /nothing in X-Real-IP.*\(TCP mode, .*\) cannot$/)
  await using signed = await startMeddler(server.webUrl, {
    onRequest: (lines) => ['PROXY TCP4 127.0.0.1 127.0.0.1 50000 80', ...lines],
  })
  const { checks } = await runDoctor({ url: signed.url, idleMs: 0 })
  const alive = checks.find(({ id }) => id === 'alive')
  assert.match(alive!.says, /^400 without a body, .* PROXY protocol\?/)
})

test('why there is no hub is said in a line, of a 101 to another request as well', async () => {
  const unasked = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
  await using meddler = await startAnswerer(unasked)
  const why = await whyNoHub({ server: meddler.url, accessToken: 'x', signal: new AbortController().signal })
  assert.match(why!, /^\/notifications\/hub: there is a 101, but with an answer to another request \("belfry doctor /)
})

test('a WebSocket that ends at once is told from one that says nothing', async () => {
  const found = await report({
    onAnswer: (head) => (head.startsWith('HTTP/1.1 101') ? `${head}\x88\x02\x03\xe8` : head),
  })
  const webSocket = found.checks.find(({ id }) => id === 'websocket')
  assert.match(webSocket!.says, /a message does not come back before the connection ends/)
})

test('what a server says at the end of a connection does not reach a terminal as it is', async () => {
  const reason = '\x1b[31mred\nline'
  const closeFrame = `\x88${String.fromCharCode(reason.length + 2)}\x03\xe9${reason}`
  let isOver = false
  const onAnswer = (head: string) => (isOver && head.startsWith('HTTP/1.1 101') ? head + closeFrame : head)
  await using meddler = await startMeddler(server.webUrl, { onRequest: named, onAnswer })
  const { checks } = await runDoctor({ url: meddler.url, idleMs: 10_000 }, ({ id }) => {
    isOver ||= id === 'stream'
  })
  const idle = checks.find(({ id }) => id === 'idle')
  assert.match(idle!.says, /^the server ended them: .* s \(close code 1001: \[31mred line\)$/)
})

test('a login in front of everything, and a gateway without a server, are told at once', async () => {
  for (const [head, fault] of [
    [answer('401 Unauthorized', ['WWW-Authenticate: Basic realm="x"']), 'proxy-login'],
    [answer('302 Found', ['Location: https://auth.example.com/?rd=x']), 'proxy-login'],
    [answer('301 Moved Permanently', ['Location: /alive']), 'redirect-loop'],
    [answer('403 Forbidden', ['Content-Type: text/html'], '<h1>Forbidden</h1>'), 'proxy-login'],
    ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n', 'something-else'],
    [answer('502 Bad Gateway', ['Server: nginx'], '<html>'), 'bad-gateway'],
    [answer('503 Service Unavailable', [], '<html><body><h1>503 Service Unavailable</h1>'), 'bad-gateway'],
    [answer('504 Gateway Time-out'), 'bad-gateway'],
    [answer('200 OK', ['Content-Type: text/html'], '<title>Blog</title>'), 'something-else'],
    [answer('404 Not Found'), 'something-else'],
    [answer('500 Internal Server Error'), 'server-error'],
    ['SSH-2.0-OpenSSH\r\n', 'not-http'],
    ['', 'not-http'],
  ] as const) {
    const found = await report({ onRequest: () => head })
    assert.deepEqual(faultsOf(found), [fault], `${head}: ${JSON.stringify(found.checks)}`)
    assert.deepEqual(found.checks.at(-1)?.status, 'skipped')
  }
})

test('who only claims to be the probe is not believed, and nothing that it says is sent or reaches a terminal', async () => {
  const evil = '\x1b]0;x\x07\x1b[31m'
  const good = { address: '127.0.0.1', header: 'X-Real-IP', why: 'believed' }
  const arrival = {
    method: 'GET',
    path: '/alive',
    httpVersion: '1.1',
    headers: {},
    peer: { class: 'loopback', port: 1 },
  }
  for (const claim of [
    { ...arrival, client: { ...good, header: `${evil}\r\nX: y` } },
    { ...arrival, client: { ...good, address: evil } },
    { ...arrival, client: undefined },
    { ...arrival, client: good, peer: undefined },
    { ...arrival, client: good, headers: { host: 7 } },
    { ...arrival, client: good, path: evil, method: evil, headers: { host: evil, upgrade: evil, via: evil } },
    [],
  ]) {
    const asked: string[] = []
    const body = JSON.stringify(claim)
    const told = answer('200 OK', ['Content-Type: application/json', 'Belfry-Probe: 1'], body)
    const found = await report({
      onRequest(lines) {
        asked.push(...lines)
        return lines.includes('Belfry-Probe: headers') ? told : named(lines)
      },
    })
    assert.doesNotMatch(JSON.stringify(found.checks), /\\u00[01]/, body)
    assert.ok(asked.every((line) => !line.includes('\x1b')))
  }
})

test('connections that break off anywhere on the walk are told, and end nothing else', async () => {
  for (const path of ['/alive', '/api/config', '/notifications/hub', '/notifications/anonymous-hub', '/nats']) {
    // Some are asked more than once, and break off later.
    let left = path === '/api/config' ? 0 : 1
    const found = await report({
      onRequest: (lines) => (pathOf(lines).startsWith(path) && left-- <= 0 ? '' : named(lines)),
    })
    assert.notDeepEqual(faultsOf(found), [], path)
  }
})
