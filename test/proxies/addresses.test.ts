/** Behind each proxy a client has its own address, and cannot choose another: neither past the proxy nor past us. */
import assert from 'node:assert/strict'
import http, { type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import { describe, test } from 'node:test'
import { connectWebSocket } from '../conformance/nats-clients.ts'
import { login, loginForm, register } from '../helpers/account.ts'
import { type LoggedEvent, recordingLogger } from '../helpers/recording-logger.ts'
import { once } from '../helpers/wait.ts'
import { freePorts } from '../services/free-ports.ts'
import { type ProxiedSite, type SiteOptions, startSite } from './site.ts'
import { PROXIES, type ProxyKind, startProxy } from './start-proxy.ts'

const KINDS = Object.keys(PROXIES) as ProxyKind[]

/** Login attempts that one address has. */
const BURST = 3
const FEW_LOGINS = { loginRatelimitMaxBurst: BURST, loginRatelimitSeconds: 3600 }

/** What somebody would write who wants to be somebody else each time. */
const forgeries = (i: number) => ({
  'X-Real-IP': `203.0.113.${i}`,
  'X-Forwarded-For': `203.0.113.${i}, 8.8.4.${i}`,
  'X-Client-IP': `203.0.113.${i}`,
  'X-Forwarded-Host': 'elsewhere.example.com',
  Forwarded: `for=203.0.113.${i};proto=http`,
})

interface Response {
  readonly status: number
  readonly text: string
}

async function post(url: string, options: RequestOptions, body: string, type: string): Promise<Response> {
  const headers = { ...options.headers, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }
  const { request: send } = url.startsWith('https:') ? https : http
  const request = send(url, { ...options, method: 'POST', headers, agent: false }).end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const chunks = await response.toArray()
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
}

/** A login with a wrong password, from an address of this machine. */
async function fail(site: ProxiedSite, localAddress: string, headers = {}): Promise<Response> {
  const form = new URLSearchParams(loginForm({ email: 'alice@example.com' }))
  const options = { localAddress, headers }
  return post(`${site.url}/identity/connect/token`, options, form.toString(), 'application/x-www-form-urlencoded')
}

/** Fails until it is told to wait, each time under another name; how often it could try. */
async function attempts(site: ProxiedSite, localAddress: string): Promise<number> {
  for (let i = 0; i <= 2 * BURST; i++) {
    const { status, text } = await fail(site, localAddress, forgeries(i))
    if (status === 429) return i
    assert.equal(status, 400, text)
  }
  return Number.POSITIVE_INFINITY
}

async function startCounted(options: SiteOptions): Promise<{ site: ProxiedSite; seen: () => string[] }> {
  const log: LoggedEvent[] = []
  const { server } = options
  const site = await startSite({
    ...options,
    server: { ...server, vault: { ...FEW_LOGINS, ...server?.vault } },
    logger: recordingLogger((line) => log.push(line)),
  })
  const seen = () => [
    ...new Set(log.filter(({ event }) => event.startsWith('login failed')).map(({ fields }) => String(fields.address))),
  ]
  return { site, seen }
}

for (const kind of KINDS) {
  describe(kind, { skip: PROXIES[kind].skip }, () => {
    for (const ipHeader of ['X-Real-IP', 'X-Forwarded-For']) {
      test(`each client has its own limit, whatever it says of itself: ${ipHeader}`, async () => {
        const { site, seen } = await startCounted({ kind, server: { web: { ipHeader } } })
        await using _ = site
        for (const client of ['127.0.0.2', '127.0.0.3']) assert.equal(await attempts(site, client), BURST)
        assert.deepEqual(seen(), ['127.0.0.2', '127.0.0.3'])
      })
    }

    test('a proxy that is not trusted is the client itself, and what it says of others is not believed', async () => {
      const trustedProxies = ['192.0.2.1']
      const { site, seen } = await startCounted({
        kind,
        server: { web: { ipHeaderTrustedProxies: trustedProxies }, websocket: { trustedProxies } },
      })
      await using _ = site
      assert.equal(await attempts(site, '127.0.0.2'), BURST)
      assert.equal(await attempts(site, '127.0.0.3'), 0)
      assert.deepEqual(seen(), ['127.0.0.1'])
      const upgrade = { localAddress: '127.0.0.2', headers: forgeries(1) }
      const client = await connectWebSocket(site.streamUrl, { upgrade })
      assert.equal(client.info?.client_ip, '127.0.0.1')
      await client.close()
    })

    test('who approves a login sees where it comes from, and NATS clients are told who they are', async () => {
      await using site = await startSite({ kind })
      const account = { server: site.url, email: 'alice@example.com' }
      await register(account)
      const phone = await login(account)
      const asked = {
        email: account.email,
        publicKey: Buffer.from('a public key').toString('base64'),
        deviceIdentifier: phone.deviceId,
        accessCode: 'a-code-of-25-characters--',
        type: 0,
      }
      const options = { localAddress: '127.0.0.4', headers: { ...forgeries(9), 'Device-Type': '9' } }
      const { status, text } = await post(
        `${site.url}/api/auth-requests`,
        options,
        JSON.stringify(asked),
        'application/json',
      )
      assert.equal(status, 200, text)
      const { json } = await phone.get(`/api/auth-requests/${JSON.parse(text).id}`)
      assert.equal(json.requestIpAddress, '127.0.0.4')

      const upgrade = { localAddress: '127.0.0.2', headers: forgeries(1) }
      for (const url of [`${site.url.replace('https', 'wss')}/nats`, site.streamUrl, site.streamPortUrl]) {
        const client = await connectWebSocket(url, { upgrade })
        assert.equal(client.info?.client_ip, '127.0.0.2', url)
        await client.close()
      }
    })
  })
}

describe('nginx as others set it up', { skip: PROXIES.nginx.skip }, () => {
  test('that appends to X-Forwarded-For: what it wrote counts, not what it found', async () => {
    const { site, seen } = await startCounted({
      kind: 'nginx',
      server: { web: { ipHeader: 'X-Forwarded-For' } },
      edit: (config) => config.replaceAll('X-Forwarded-For $remote_addr', 'X-Forwarded-For $proxy_add_x_forwarded_for'),
    })
    await using _ = site
    assert.match(site.config, /proxy_add_x_forwarded_for/)
    for (const client of ['127.0.0.2', '127.0.0.3']) assert.equal(await attempts(site, client), BURST)
    assert.deepEqual(seen(), ['127.0.0.2', '127.0.0.3'])
  })

  test('behind another proxy, which it knows by real_ip_header', async () => {
    const { site, seen } = await startCounted({
      kind: 'nginx',
      edit: (config) =>
        config.replace(
          '  proxy_http_version',
          '  set_real_ip_from 127.0.0.1;\n  real_ip_header X-Forwarded-For;\n  real_ip_recursive on;\n  proxy_http_version',
        ),
    })
    await using _ = site
    const [port] = (await freePorts(1)) as [number]
    const config = `server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass ${site.url.replace('localhost', '127.0.0.1')};
        proxy_set_header Host localhost;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      }
    }`
    await using outer = await startProxy({ kind: 'nginx', config, ports: [port] })
    assert.ok(outer.pid > 0)
    for (const client of ['127.0.0.2', '127.0.0.3']) {
      const through = { ...site, url: `http://127.0.0.1:${port}` }
      assert.equal(await attempts(through, client), BURST)
    }
    assert.deepEqual(seen(), ['127.0.0.2', '127.0.0.3'])
  })
})
