/** A reload of a whole Belfry: what it takes over counts at once, nobody is disconnected, and it is all or nothing. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type Server, startServer } from '#server'
import { HubDevice } from '../../conformance/devices.ts'
import { connectTcp, WebSocket } from '../../conformance/nats-clients.ts'
import { register, registerAndLogin } from '../../helpers/account.ts'
import { TestAuthority } from '../../helpers/certificates.ts'
import { type LoggedEvent, recordingLogger } from '../../helpers/recording-logger.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { once, until } from '../../helpers/wait.ts'

/** A server with a configuration file, which a test rewrites. */
class Reloaded implements AsyncDisposable {
  readonly folder: TemporaryFolder
  readonly server: Server
  readonly log: LoggedEvent[]

  private constructor(folder: TemporaryFolder, server: Server, log: LoggedEvent[]) {
    this.folder = folder
    this.server = server
    this.log = log
  }

  static async start(more = '', web = ''): Promise<Reloaded> {
    const folder = await temporaryFolder()
    await writeConfig(folder, more, web)
    const log: LoggedEvent[] = []
    const logger = recordingLogger((line) => log.push(line))
    const server = await startServer({}, { configFile: 'belfry.conf', cwd: folder.path, logger })
    return new Reloaded(folder, server, log)
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.addresses.web.port}`
  }

  async reload(more: string, web = ''): Promise<readonly string[]> {
    await writeConfig(this.folder, more, web)
    return this.server.reload()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
    await this.folder[Symbol.asyncDispose]()
  }
}

function writeConfig(folder: TemporaryFolder, more: string, web: string): Promise<void> {
  const listener = /\bport:/.test(web) ? 'host: "127.0.0.1"' : 'listen: "127.0.0.1:-1"'
  const vault = 'vault { data_folder: "data", password_iterations: 100000, login_ratelimit_max_burst: 1000, '
  return writeFile(
    folder.join('belfry.conf'),
    `listen: "127.0.0.1:-1"
    web { ${listener}, https: false, ${web} }
    ${/vault \{/.test(more) ? more.replace(/vault \{/, vault) : `${vault} }\n${more}`}`,
  )
}

/** One connection, on which any number of requests are made. */
class KeptConnection {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: string
  socket: net.Socket | undefined

  constructor(url: string) {
    this.#url = url
  }

  async get(path: string): Promise<number | undefined> {
    const request = http.get(`${this.#url}${path}`, { agent: this.#agent })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    this.socket ??= response.socket
    assert.equal(response.socket, this.socket)
    await once(response.resume(), 'end')
    return response.statusCode
  }

  close(): void {
    this.#agent.destroy()
  }
}

test('fifty devices, fifty NATS clients and fifty HTTP connections stay through twenty reloads', async () => {
  await using belfry = await Reloaded.start()
  const { url, server } = belfry
  const alice = await registerAndLogin({ server: url })
  await using stack = new AsyncDisposableStack()
  const token = alice.token.access_token as string
  const devices: HubDevice[] = []
  let lost = 0
  for (let i = 0; i < 50; i++) {
    const device = stack.use(await HubDevice.connect(url, token))
    device.connection.onclose(() => void lost++)
    devices.push(device)
  }
  const nats = await Promise.all(
    Array.from({ length: 50 }, () =>
      connectTcp(`nats://127.0.0.1:${server.addresses.nats.port}`, { reconnect: false }),
    ),
  )
  stack.defer(async () => void (await Promise.all(nats.map((one) => one.close()))))
  const kept = Array.from({ length: 50 }, () => new KeptConnection(url))
  stack.defer(() => kept.forEach((one) => void one.close()))
  for (const one of kept) assert.equal(await one.get('/alive'), 200)

  for (let round = 0; round < 20; round++) {
    const isOdd = round % 2 === 1
    const lines = await belfry.reload(
      `vault { signups_allowed: ${isOdd}, ip_header: ${isOdd ? 'X-Real-IP' : 'none'} }
      hub { keep_alive: "${isOdd ? 15 : 10}s", max_connections: ${isOdd ? 200 : 100} }
      max_payload: ${isOdd ? 1 : 2}MB\nlog_level: ${isOdd ? 'info' : 'debug'}`,
    )
    assert.ok(lines.length >= 6, lines.join('\n'))
    assert.deepEqual(
      lines.filter((line) => /closed|next start/.test(line)),
      [],
    )
  }
  for (const one of kept) assert.equal(await one.get('/alive'), 200)
  for (const one of nats) {
    await one.flush()
    assert.equal(one.isClosed(), false)
  }
  await alice.post('/api/folders', { name: alice.encrypt('new') })
  for (const device of devices) await device.next()
  assert.equal(lost, 0)
})

test('what the vault allows, and whom a proxy speaks for, count from the next request on', async () => {
  await using belfry = await Reloaded.start('log_requests: all')
  const { url, server, log } = belfry
  const addressSeen = async () => {
    log.length = 0
    await fetch(`${url}/alive`, { headers: { 'X-Real-IP': '203.0.113.9' } })
    const line = await until(() => log.find(({ event }) => event === 'request'), 'the request in the log')
    return line.fields.address
  }
  await register({ server: url, email: 'a@example.com' })
  assert.equal(await addressSeen(), '203.0.113.9')
  assert.deepEqual(await belfry.reload('log_requests: all\nvault { signups_allowed: false, ip_header: none }'), [
    'vault.ip_header: "X-Real-IP" -> "none"',
    'vault.signups_allowed: true -> false',
  ])
  await assert.rejects(register({ server: url, email: 'b@example.com' }), /not allowed/)
  assert.equal(await addressSeen(), '127.0.0.1')
  assert.equal(server.options.vault.signupsAllowed, false)
  await belfry.reload('log_requests: all')
  await register({ server: url, email: 'b@example.com' })
  assert.equal(await addressSeen(), '203.0.113.9')
})

test('the web listener moves to another port; who came by the old one stays', async () => {
  await using belfry = await Reloaded.start()
  const { url, server } = belfry
  const device = await registerAndLogin({ server: url })
  await using hub = await HubDevice.connect(url, device.token.access_token as string)
  const old = server.addresses.web.port
  const blocker = net.createServer()
  blocker.listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const { port } = blocker.address() as net.AddressInfo
  for (const dryRun of [true, false]) {
    await writeConfig(belfry.folder, 'vault { signups_allowed: false }\nmax_payload: 2MB', `port: ${port}`)
    await assert.rejects(server.reload({ dryRun }), new RegExp(`Cannot bind "127.0.0.1:${port}": address in use`))
  }
  // All or nothing.
  assert.equal(server.addresses.web.port, old)
  assert.equal(server.options.vault.signupsAllowed, true)
  assert.equal(server.options.nats.maxPayloadBytes, 1_048_576)
  blocker.close()
  await once(blocker, 'close')
  await server.reload({ dryRun: true })
  assert.equal(server.addresses.web.port, old)
  await server.reload()
  assert.equal((await fetch(`http://127.0.0.1:${port}/alive`)).status, 200)
  await assert.rejects(fetch(`${url}/alive`))
  assert.equal(hub.connection.state, 'Connected')
})

test('what NATS refuses changes nothing of the web listener either', async () => {
  await using belfry = await Reloaded.start()
  const { server } = belfry
  const { port } = server.addresses.web
  await assert.rejects(belfry.reload('server_name: another\nvault { signups_allowed: false }'), /not supported/)
  assert.equal(server.options.vault.signupsAllowed, true)
  assert.equal((await fetch(`http://127.0.0.1:${port}/alive`)).status, 200)
})

test('the web listener takes up TLS, and drops it', async () => {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const { certFile, keyFile } = await authority.issue()
  await using belfry = await Reloaded.start()
  const kept = new KeptConnection(belfry.url)
  assert.equal(await kept.get('/alive'), 200)
  await belfry.reload('', `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`)
  const { port } = belfry.server.addresses.web
  const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.ca })
  await once(socket, 'secureConnect')
  socket.destroy()
  assert.equal(await kept.get('/alive'), 200)
  kept.close()
  await belfry.reload('')
  assert.equal((await fetch(`${belfry.url}/alive`)).status, 200)
})

test('how many may connect to hubs is what was said last', async () => {
  await using belfry = await Reloaded.start('hub { max_connections: 1 }')
  const { url } = belfry
  const { token } = await registerAndLogin({ server: url })
  const accessToken = token.access_token as string
  await using _ = await HubDevice.connect(url, accessToken)
  await assert.rejects(HubDevice.connect(url, accessToken))
  await belfry.reload('hub { max_connections: 2 }')
  await using __ = await HubDevice.connect(url, accessToken)
})

test('how long a hub waits is what was said last, for those too who are there', async () => {
  await using belfry = await Reloaded.start('hub { handshake_timeout: "5m" }')
  const { token } = await registerAndLogin({ server: belfry.url })
  const url = `${belfry.url.replace('http', 'ws')}/notifications/hub?access_token=${token.access_token}`
  // It never shakes hands.
  const socket = new WebSocket(url)
  await once(socket, 'open')
  const closed = once(socket, 'close')
  await belfry.reload('hub { handshake_timeout: "1s" }')
  await closed
})

test('whoever asks for it, a reload is in the log with what it changed; a rehearsal is not', async () => {
  await using belfry = await Reloaded.start()
  const events = () => belfry.log.filter(({ event }) => event === 'configuration reloaded')
  await writeConfig(belfry.folder, 'max_payload: 512KB', '')
  await belfry.server.reload({ dryRun: true })
  assert.deepEqual(events(), [])
  const applied = await belfry.server.reload()
  assert.ok(applied.length > 0)
  assert.deepEqual(
    events().map(({ fields }) => fields),
    [{ applied, atNextStart: [], closed: [] }],
  )
})
