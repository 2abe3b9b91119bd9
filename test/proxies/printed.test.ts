/** What Belfry is for, through each proxy with the configuration that it prints: nothing of it gets lost on the way. */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Arrival } from '../../src/net/index.ts'
import { NotificationType } from '../../src/notify/index.ts'
import { Approver, INTERNAL_KEY } from '../conformance/auth-answers.ts'
import { HubDevice } from '../conformance/devices.ts'
import { HttpTransportType, HubClient } from '../conformance/hub-client.ts'
import { connectWebSocket } from '../conformance/nats-clients.ts'
import { login, register, type TestDevice } from '../helpers/account.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { attach } from '../helpers/vaultwarden-folder.ts'
import { once, until } from '../helpers/wait.ts'
import { freePorts } from '../services/free-ports.ts'
import { type ProxiedSite, printed, startSite } from './site.ts'
import { checkProxy, PROXIES, type ProxyKind, type RunningProxy, startProxy } from './start-proxy.ts'

const KINDS = Object.keys(PROXIES) as ProxyKind[]
const APP = { skipNegotiation: true, transport: HttpTransportType.WebSockets }
/** What Caddy has to say about a certificate without OCSP, and about ports that are not 443. */
const OF_THE_TEST = /no OCSP stapling for|automatic HTTP->HTTPS redirects are disabled/
const relay = { internalKey: INTERNAL_KEY }

for (const kind of KINDS) {
  test(`${kind} takes an address of IPv6 as the name of the site, and to listen on`, {
    skip: PROXIES[kind].skip,
  }, async () => {
    await using folder = await temporaryFolder()
    const authority = await TestAuthority.create(folder)
    const { certFile, keyFile, cert, key } = await authority.issue({ addresses: ['::1'] })
    const both = folder.join('both.pem')
    await writeFile(both, `${cert}\n${key}`)
    const certificate = kind === 'haproxy' ? ['--certificate', both] : ['--certificate', certFile, '--key', keyFile]
    const places = ['--listen', '[::1]:9443', '--redirect', '[::1]:9080', '--upstream', '[::1]:8000']
    const config = await printed([kind, '--domain', 'https://[::1]:9443', ...certificate, ...places])
    assert.deepEqual(await complaintsAbout(kind, config), [])
  })
}

for (const kind of KINDS) {
  for (const mount of ['', '/some/vault']) {
    describe(`${kind} in front of ${mount || '/'}`, { skip: PROXIES[kind].skip }, () => {
      let site: ProxiedSite
      let phone: TestDevice
      let laptop: TestDevice
      before(async () => {
        site = await startSite({ kind, path: mount, server: { relay } })
        const account = { server: site.url, email: 'alice@example.com' }
        await register(account)
        phone = await login(account)
        laptop = await login(account)
      })
      after(() => site?.[Symbol.asyncDispose]())

      test('its own checker is content and warns of nothing', async () => {
        assert.deepEqual(await complaintsAbout(kind, site.config), [])
      })

      test('requests arrive as they were made', () => assertArrival(site))

      test('a change by one device is heard by the other at once', async () => {
        await using hub = await HubDevice.connect(site.url, phone.accessToken)
        const { json } = await laptop.post('/api/ciphers', laptop.loginItem('Bank'))
        const event = await hub.next()
        assert.equal(event.Type, NotificationType.SyncCipherCreate)
        assert.equal(event.Payload.Id, json.id)
        assert.equal(event.ContextId, laptop.deviceId)
      })

      for (const [name, transport] of [
        ['negotiated', HttpTransportType.WebSockets],
        ['as Server-Sent Events', HttpTransportType.ServerSentEvents],
        ['by long polling', HttpTransportType.LongPolling],
      ] as const) {
        test(`the hub ${name}`, async () => {
          const accessTokenFactory = () => phone.accessToken
          const options = { transport, accessTokenFactory }
          await using hub = await HubClient.start(`${site.url}/notifications/hub`, 'ReceiveMessage', options)
          await laptop.post('/api/folders', { name: laptop.encrypt('F') })
          // What it may have missed comes first.
          for (let type: number | undefined; type !== NotificationType.SyncFolderCreate; ) {
            const event = await hub.next<{ Type?: number; type?: number }>()
            type = event.Type ?? event.type
          }
        })
      }

      test('a device that is not logged in hears that it was approved', async () => {
        const requestId = randomUUID()
        const url = `${site.url}/notifications/anonymous-hub?Token=${requestId}`
        await using hub = await HubClient.start(url, 'AuthRequestResponseRecieved', APP)
        await (await Approver.of(site.url)).approve(requestId, phone.userId)
        assert.equal((await hub.next<{ UserId: string }>()).UserId, phone.userId)
      })

      test('an attachment of some megabytes there and back', async () => {
        const { json: item } = await laptop.post('/api/ciphers', laptop.loginItem('With a file'))
        const text = randomBytes(4 * 1024 ** 2).toString('base64')
        const id = await attach(laptop, item.id, text)
        const { json } = await phone.get(`/api/ciphers/${item.id}/attachment/${id}`)
        assert.ok(json.url.startsWith(`${site.url}/attachments/`), json.url)
        assert.equal(await (await fetch(json.url)).text(), text)
      })

      test('NATS over WebSocket: at /nats, at the path of a websocket {} block, and at a port of its own', async () => {
        const url = `${site.url.replace('https', 'wss')}/nats`
        const clients = []
        for (const server of [url, site.streamUrl, `${site.streamUrl}/below`, site.streamPortUrl]) {
          clients.push(await connectWebSocket(server, { upgrade: {} }))
        }
        const messages = clients.map((client) => client.subscribe('greetings', { max: 1 }))
        await Promise.all(clients.map((client) => client.flush()))
        clients[0]!.publish('greetings', 'hello')
        for (const subscription of messages) {
          for await (const message of subscription) assert.equal(message.string(), 'hello')
        }
        for (const client of clients) await client.close()
      })

      test('plain HTTP is sent on to HTTPS, with path and query', async () => {
        const request = http.get(`${site.plainUrl}${mount}/alive?now=1`)
        const [response] = (await once(request, 'response')) as [http.IncomingMessage]
        response.resume()
        assert.equal(response.statusCode, 308)
        assert.equal(response.headers.location, `${site.url}/alive?now=1`)
      })

      test('the web vault is there, and nothing beside its path', async () => {
        const page = await fetch(mount === '' ? `${site.url}/` : site.url)
        assert.equal(page.status, 200)
        assert.equal(page.url, `${site.url}/`)
        assert.match(await page.text(), /<html/)
        if (mount === '') return
        for (const beside of ['/', `${mount}warden`, '/alive']) {
          assert.equal((await fetch(new URL(beside, site.url))).status, 404, beside)
        }
      })
    })
  }

  for (const mount of ['', '/vault']) {
    test(`${kind} in the legacy layout, in front of ${mount || '/'}`, { skip: PROXIES[kind].skip }, async () => {
      await using site = await startSite({ kind, path: mount, hasOldHub: true })
      const account = { server: site.url, email: 'alice@example.com' }
      await register(account)
      const phone = await login(account)
      const laptop = await login(account)
      const old = site.server.server.addresses.oldHub?.port
      assert.match(site.config, new RegExp(`127\\.0\\.0\\.1:${old}\\b`))
      const hub = `${site.url}/notifications/hub`
      const accessTokenFactory = () => phone.accessToken
      for (const options of [APP, { transport: HttpTransportType.WebSockets }]) {
        await using client = await HubClient.start(hub, 'ReceiveMessage', { ...options, accessTokenFactory })
        await laptop.post('/api/folders', { name: laptop.encrypt('F') })
        for (let type: number | undefined; type !== NotificationType.SyncFolderCreate; ) {
          type = (await client.next<{ Type: number }>()).Type
        }
      }
      const requestId = randomUUID()
      const url = `${site.url}/notifications/anonymous-hub?Token=${requestId}`
      await (await HubClient.start(url, 'AuthRequestResponseRecieved', APP))[Symbol.asyncDispose]()

      // With nobody at that port the hub is gone, and nothing else is.
      const [nobody] = (await freePorts(1)) as [number]
      await site.proxy[Symbol.asyncDispose]()
      const config = site.config.replaceAll(`127.0.0.1:${old}`, `127.0.0.1:${nobody}`)
      await using _ = await startProxy({ kind, config, ports: [Number(new URL(site.url).port)] })
      assert.ok([502, 503].includes((await fetch(hub)).status))
      assert.equal((await fetch(`${hub}/negotiate`, { method: 'POST' })).status, 401)
      assert.equal((await fetch(`${site.url}/alive`)).status, 200)
    })
  }

  test(`${kind} in front of a server with TLS`, { skip: PROXIES[kind].skip }, async () => {
    await using site = await startSite({ kind, hasTlsBehind: true })
    assert.deepEqual(await complaintsAbout(kind, site.config), [])
    await assertArrival(site)
    const account = { server: site.url, email: 'alice@example.com' }
    await register(account)
    const phone = await login(account)
    const laptop = await login(account)
    await using hub = await HubDevice.connect(site.url, phone.accessToken)
    await laptop.post('/api/folders', { name: laptop.encrypt('F') })
    assert.equal((await hub.next()).Type, NotificationType.SyncFolderCreate)
    const client = await connectWebSocket(`${site.url.replace('https', 'wss')}/nats`, {
      upgrade: { localAddress: '127.0.0.2', headers: { Origin: site.url } },
    })
    assert.equal(client.info?.client_ip, '127.0.0.2')
    await client.close()
  })

  test(`${kind} writes access tokens to no log, also where it fails`, { skip: PROXIES[kind].skip }, async () => {
    await using site = await startSite({ kind })
    const token = `secret-${randomUUID()}`
    const url = `${site.url}/notifications/hub?access_token=${token}`
    assert.equal((await fetch(url)).status, 400)
    await assert.rejects(HubDevice.connect(site.url, token))
    // Caddy writes no access log.
    if (kind !== 'caddy') await until(async () => /\/notifications\/hub/.test(await logsOf(site.proxy)), 'the log')
    assert.doesNotMatch(await logsOf(site.proxy), new RegExp(token))
    const [nobody] = (await freePorts(1)) as [number]
    const upstream = `127.0.0.1:${site.server.server.addresses.web.port}`
    const config = site.config.replaceAll(upstream, `127.0.0.1:${nobody}`)
    await site.proxy[Symbol.asyncDispose]()
    await using failing = await startProxy({ kind, config, ports: [Number(new URL(site.url).port)] })
    for (const tried of [url, `${site.url}/hubs/chat?access_token=${token}`]) {
      assert.ok([502, 503].includes((await fetch(tried)).status))
    }
    await assert.rejects(HubDevice.connect(site.url, token))
    assert.doesNotMatch(await logsOf(failing), new RegExp(token))
  })
}

/** The server says what of a request came through. */
async function assertArrival(site: ProxiedSite): Promise<void> {
  const { host, pathname } = new URL(`${site.url}/alive`)
  const response = await fetch(`${site.url}/alive`, { headers: { 'Belfry-Probe': 'headers' } })
  const { path, httpVersion, headers, client } = (await response.json()) as Arrival
  assert.deepEqual({ path, httpVersion, host: headers.host }, { path: pathname, httpVersion: '1.1', host })
  const { 'x-real-ip': realIp, 'x-forwarded-for': forwardedFor, 'x-forwarded-proto': scheme } = headers
  assert.deepEqual([realIp, forwardedFor, scheme], ['127.0.0.1', '127.0.0.1', 'https'])
  assert.deepEqual(client, { address: '127.0.0.1', header: 'X-Real-IP', why: 'believed' })
}

/** What its checker has against it. */
async function complaintsAbout(kind: ProxyKind, config: string): Promise<string[]> {
  const { code, output } = await checkProxy(kind, config)
  assert.equal(code, 0, output)
  return output.split('\n').filter((line) => /warn|alert|error/i.test(line) && !OF_THE_TEST.test(line))
}

/** All that it has written. */
async function logsOf(proxy: RunningProxy): Promise<string> {
  const names = (await readdir(proxy.folder).catch(() => [])).filter((name) => name.endsWith('.log'))
  const files = await Promise.all(names.map((name) => readFile(path.join(proxy.folder, name), 'utf8')))
  return files.join('') + proxy.output
}
