/** The doctor at servers without a proxy: our own, with a path, with a certificate, with NATS; and ones like others'. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import tls from 'node:tls'
import { type Check, type CheckId, type DoctorReport, runDoctor } from '#doctor'
import { ConfigError } from '#kit'
import type { Arrival } from '#net'
import { Place } from '../../src/doctor/place.ts'
import { hostFinding } from '../../src/doctor/steps/paths.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { startTestServer } from '../helpers/server.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { once, within } from '../helpers/wait.ts'

function checksOf({ checks }: DoctorReport, id: CheckId): readonly Check[] {
  return checks.filter((check) => check.id === id)
}

function faultsOf({ checks }: DoctorReport): readonly string[] {
  return checks.flatMap(({ status, fault }) => (status === 'fault' ? [fault!] : []))
}

test('a server without a proxy is healthy, with all that it has', async () => {
  await using server = await startTestServer()
  const seen: Check[] = []
  const nats = [server.webSocketUrl, server.natsUrl]
  const report = await runDoctor({ url: `${server.webUrl}/`, idleMs: 200, nats }, (check) => seen.push(check))
  assert.deepEqual(faultsOf(report), [])
  assert.deepEqual([report.url, report.proxy, report.healthy], [server.webUrl, null, true])
  assert.deepEqual(seen, report.checks)
  assert.match(checksOf(report, 'server')[0]!.says, /^Belfry, version \d/)
  assert.match(checksOf(report, 'hub')[0]!.says, /^handshake done, a message there and back/)
  assert.match(checksOf(report, 'client-address')[0]!.says, /^it takes us for 127\.0\.0\.1, without a proxy on the way/)
  assert.deepEqual(
    checksOf(report, 'nats').map(({ title, status }) => [title, status]),
    [
      ['NATS at /nats', 'ok'],
      [`NATS at ${server.webSocketUrl}/`, 'ok'],
      [`NATS at ${server.natsUrl}`, 'ok'],
    ],
  )
  assert.match(checksOf(report, 'idle')[0]!.says, /^none of 5 is cut: the hub, /)
})

test('the certificate of the local authority is good for who is told of it, and else told how to trust it', async () => {
  await using server = await startTestServer()
  const ca = await readFile(server.certificateAuthorityFile, 'utf8')
  const trusting = await runDoctor({ url: server.secureUrl, idleMs: 0, ca })
  assert.deepEqual(faultsOf(trusting), [])
  assert.match(checksOf(trusting, 'tls')[0]!.says, /^TLSv1\.3, localhost, .* signed by Belfry local CA .* days left$/)
  const strange = await runDoctor({ url: server.secureUrl, idleMs: 0, login: async () => assert.fail('not here') })
  assert.deepEqual(faultsOf(strange), ['certificate-unknown-authority'])
  assert.match(checksOf(strange, 'tls')[0]!.says, /--ca FILE.*NODE_EXTRA_CA_CERTS/)
  assert.match(checksOf(strange, 'login')[0]!.says, /certificate is not trusted/)
  assert.equal(checksOf(strange, 'hub')[0]!.status, 'ok', 'what else is wrong is looked for all the same')
})

test('a server in a sub-path is looked at there, and one that is not there is found out', async () => {
  await using server = await startTestServer({ vault: { domain: 'https://vault.example.com/vault' } })
  const below = await runDoctor({ url: `${server.webUrl}/vault/`, idleMs: 0 })
  assert.deepEqual(faultsOf(below), [])
  assert.equal(below.url, `${server.webUrl}/vault`)
  const [warning] = checksOf(below, 'server')
  assert.deepEqual([warning?.status, warning?.fault], ['warning', 'wrong-domain'])
  assert.deepEqual(warning?.mend, {
    proxy: 'belfry',
    where: "in Belfry's environment, then restart it",
    lines: [`DOMAIN=${server.webUrl}/vault`],
  })
  const above = await runDoctor({ url: server.webUrl, idleMs: 0 })
  assert.deepEqual(faultsOf(above), ['wrong-path'])
  assert.match(checksOf(above, 'alive')[0]!.says, /its path is another one/)
})

test('where there is no NATS, nobody answers, or something else does, that is said', async () => {
  await using server = await startTestServer({ web: { nats: 'off', admitsVaultUsers: false } })
  const web = new URL(server.webUrl).port
  const nats = [`nats://127.0.0.1:${web}`, 'ws://127.0.0.1:1', `ws://127.0.0.1:${web}/nats`]
  const report = await runDoctor({ url: server.webUrl, idleMs: 0, nats })
  const [atWeb, ...named] = checksOf(report, 'nats')
  assert.deepEqual([atWeb?.status, atWeb?.says], ['skipped', 'not served there (web.nats, web.vault_users)'])
  assert.deepEqual(
    named.map(({ status, fault }) => fault ?? status),
    ['no-nats', 'skipped', 'no-nats'],
  )
  assert.deepEqual(faultsOf(report), ['no-nats', 'unreachable', 'no-nats'])
})

test('NATS with TLS is looked at with its certificate', async () => {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const { certFile, keyFile } = await authority.issue()
  await using server = await startTestServer({ nats: { tls: { certificates: [{ certFile, keyFile }] } } })
  const nats = [server.natsUrl.replace('nats://127.0.0.1', 'tls://localhost')]
  for (const [ca, status] of [
    [authority.ca, 'ok'],
    [undefined, 'fault'],
  ] as const) {
    const report = await runDoctor({ url: server.webUrl, idleMs: 0, nats, ca })
    const check = checksOf(report, 'nats').at(-1)!
    assert.equal(check.status, status, check.says)
    assert.equal(check.fault, ca === undefined ? 'certificate-unknown-authority' : undefined)
  }
})

test('NATS is looked for at the port that was given, though one of HTTP needs not be written', async () => {
  await using server = await startTestServer()
  const nats = ['tls://127.0.0.1:443', 'nats://127.0.0.1:80', 'nats://127.0.0.1:443', 'tls://127.0.0.1']
  const stop = AbortSignal.timeout(30_000)
  const { checks } = await runDoctor({ url: server.webUrl, idleMs: 0, nats, signal: stop })
  const titles = checks.flatMap(({ id, title }) => (id === 'tcp' ? [title] : []))
  assert.deepEqual(
    titles.slice(1),
    [443, 80, 443, 4222].map((port) => `connection to port ${port}`),
  )
})

test('a connection that somebody upgrades unasked is not kept', async () => {
  const closed: Promise<void>[] = []
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    closed.push(new Promise((resolve) => socket.once('close', () => resolve())))
    socket.resume().write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const report = await runDoctor({ url: `http://127.0.0.1:${port}`, idleMs: 0 })
  server.close()
  assert.deepEqual(faultsOf(report), ['something-else'])
  await within(Promise.all(closed), 'the end of all connections')
})

test('a server that takes HTTP/2 alone is said to', async () => {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const { cert, key } = await authority.issue()
  const server = tls.createServer({ cert, key, ALPNProtocols: ['h2'] }).on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const report = await runDoctor({ url: `https://127.0.0.1:${port}`, idleMs: 0 })
  server.close()
  assert.deepEqual(faultsOf(report), ['tls-failed'])
  assert.match(checksOf(report, 'tls')[0]!.says, /HTTP\/2 alone/)
})

test('a default port in the header Host is the same place as none', async () => {
  const arrival = { headers: { host: 'vault.example.com:443' } } as unknown as Arrival
  const placeOf = (url: string) => new Place(new URL(url), undefined)
  assert.equal(hostFinding(arrival, placeOf('https://vault.example.com')).status, 'ok')
  assert.equal(hostFinding(arrival, placeOf('https://vault.example.com:8443')).status, 'fault')
  assert.equal(hostFinding(arrival, placeOf('http://vault.example.com')).status, 'fault')
})

test('without the probe of a server the rest is looked at', async () => {
  await using server = await startTestServer({ web: { answersProbes: false } })
  const report = await runDoctor({ url: server.webUrl, idleMs: 100 })
  assert.deepEqual(faultsOf(report), [])
  assert.equal(report.healthy, true)
  assert.equal(checksOf(report, 'hub')[0]!.status, 'ok')
  assert.deepEqual(new Set(checksOf(report, 'headers').map(({ status }) => status)), new Set(['skipped']))
  assert.match(checksOf(report, 'idle')[0]!.says, /^none of 1 is cut: the hub$/)
})

test('a hub that is switched off is said to be', async () => {
  await using server = await startTestServer({ web: { servesHub: false } })
  const report = await runDoctor({ url: server.webUrl, idleMs: 0 })
  assert.deepEqual([...new Set(faultsOf(report))], ['hub-off'])
})

test('names and ports where nothing is are told apart', async () => {
  const nowhere = await runDoctor({ url: 'https://belfry.invalid', idleMs: 0 })
  assert.deepEqual(faultsOf(nowhere), ['name-not-found'])
  const closed = await runDoctor({ url: 'http://127.0.0.1:1', idleMs: 0 })
  assert.deepEqual(faultsOf(closed), ['unreachable'])
  assert.deepEqual(checksOf(closed, 'tcp')[0]!.says, '127.0.0.1: nothing listens there')
})

/** What a Vaultwarden or the official server answers, as far as the doctor asks. */
async function startOther(config: object, upgrade: string) {
  const server = http.createServer((request, response) => {
    if (request.url === '/alive') response.end(JSON.stringify(new Date().toISOString()))
    else if (request.url === '/api/config') response.end(JSON.stringify(config))
    else response.writeHead(request.method === 'POST' ? 404 : 400).end()
  })
  server.on('upgrade', (_request, socket) => socket.end(upgrade))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

for (const [server, kind] of [
  [{ name: 'Vaultwarden', url: 'https://github.com/dani-garcia/vaultwarden' }, 'Vaultwarden'],
  [null, 'Bitwarden'],
  [{ name: 'Other' }, 'a Bitwarden-compatible server'],
] as const) {
  test(`${kind} is recognized, and what keeps its hub from us is told by what it answers`, async () => {
    for (const [status, fault] of [
      ['400 Bad Request', 'no-upgrade'],
      ['404 Not Found', 'hub-off'],
      ['426 Upgrade Required', 'no-upgrade'],
      ['429 Too Many Requests', 'too-many-connections'],
      ['200 OK', 'no-101'],
      ['502 Bad Gateway', 'hub-elsewhere'],
    ] as const) {
      const answer = `HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
      await using other = await startOther({ version: '2026.6.0', server }, answer)
      const report = await runDoctor({ url: other.url, idleMs: 0 })
      assert.equal(checksOf(report, 'server')[0]!.says, `${kind}, version 2026.6.0`)
      assert.deepEqual(checksOf(report, 'hub')[0]!.fault, fault, status)
    }
  })
}

test('everybody who is sent to https:// is followed there', async () => {
  await using server = await startTestServer()
  const ca = await readFile(server.certificateAuthorityFile, 'utf8')
  const redirector = http.createServer((_request, response) => {
    response.writeHead(301, { Location: `${server.secureUrl.replace('localhost', '127.0.0.1')}/x` }).end()
  })
  redirector.listen(0, '127.0.0.1')
  await once(redirector, 'listening')
  const url = `http://127.0.0.1:${(redirector.address() as AddressInfo).port}`
  const report = await runDoctor({ url, ca, idleMs: 0 })
  redirector.close()
  assert.deepEqual(faultsOf(report), [])
  assert.equal(report.url, server.secureUrl.replace('localhost', '127.0.0.1'))
  assert.deepEqual(
    checksOf(report, 'http').map(({ fault }) => fault),
    ['redirected', undefined],
  )
})

test('whoever gives up is let go at once', async () => {
  await using server = await startTestServer()
  const stop = new AbortController()
  const startMs = performance.now()
  const onCheck = ({ id }: Check) => {
    if (id === 'stream') setTimeout(() => stop.abort(new Error('enough')), 50)
  }
  await assert.rejects(runDoctor({ url: server.webUrl, idleMs: 60_000, signal: stop.signal }, onCheck), /enough/)
  assert.ok(performance.now() - startMs < 20_000)
})

for (const [url, nats, words] of [
  ['vault.example.com', [], /"vault.example.com" is no http:\/\/ or https:\/\/ address/],
  ['ftp://vault.example.com', [], /is no http:\/\/ or https:\/\/ address/],
  ['https://user:secret@vault.example.com', [], /^"https:\/\/vault\.example\.com" is to be given without a user/],
  ['https://vault.example.com', ['http://a'], /--nats: "http:\/\/a" is no ws/],
  ['https://vault.example.com', ['nats://u:p@a'], /--nats: the address is to be given without a user/],
] as const) {
  test(`${url} ${nats} is no question for a doctor`, async () => {
    await assert.rejects(runDoctor({ url, nats }), (error: Error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, words)
      assert.ok(!error.message.includes('secret'))
      return true
    })
  })
}
