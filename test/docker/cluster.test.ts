/**
 * docker/cluster as it stands: compose.yaml with the files beside it and what make-secrets makes, with processes in place
 * of containers.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, readFile } from 'node:fs/promises'
import https from 'node:https'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { NotificationType } from '#notify'
import { HubDevice } from '../conformance/devices.ts'
import { login, register, type TestDevice } from '../helpers/account.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { runProgram } from '../helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { once, until } from '../helpers/wait.ts'
import { type ComposeFile, readCompose, readEnvFile } from './compose-file.ts'
import { Containers, skip } from './containers.ts'
import { Network } from './place.ts'

const source = path.join(import.meta.dirname, '../../docker/cluster')
const email = 'alice@example.com'

/** Devices on the hub, each where the proxy sends it. */
class HubDevices implements AsyncDisposable {
  readonly all: readonly HubDevice[]

  static async connect(devices: readonly TestDevice[]): Promise<HubDevices> {
    const all: HubDevice[] = []
    for (const { server, accessToken } of devices) all.push(await HubDevice.connect(server, accessToken))
    return new HubDevices(all)
  }

  private constructor(all: readonly HubDevice[]) {
    this.all = all
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const hub of this.all) await hub[Symbol.asyncDispose]()
  }
}

describe('the cluster of docker/cluster', { skip }, () => {
  const cleanup = new AsyncDisposableStack()
  let folder: TemporaryFolder
  let compose: ComposeFile
  let containers: Containers
  /** Of the proxy. */
  let url: string
  /** A device that talks to belfry-1 itself, and one that talks to belfry-2. */
  let phone: TestDevice
  let laptop: TestDevice
  let phoneHub: HubDevice
  let laptopHub: HubDevice

  const belfryUrl = (name: string) => `http://${containers.network.address(name)}:8000`

  before(async () => {
    folder = cleanup.use(await temporaryFolder())
    await cp(source, folder.path, { recursive: true, filter: (file) => !/\/(\.env|secrets)$/.test(file) })
    compose = await readCompose(folder.join('compose.yaml'), await readEnvFile(folder.join('.env.example')))
    const network = new Network(compose)
    await bringCertificate(network.address('proxy'))
    const made = await runProgram({ command: 'sh', args: [folder.join('make-secrets'), 'vault.example.com'] })
    assert.equal(made.code, 0, made.stderr)

    containers = cleanup.use(await Containers.prepare(compose, folder.path, network))
    await containers.up()
    const port = compose.services.proxy?.ports?.[0]?.split(':').at(-1)
    url = `https://${network.address('proxy')}:${port}`
    await register({ server: url, email })
    phone = await login({ server: belfryUrl('belfry-1'), email })
    laptop = await login({ server: belfryUrl('belfry-2'), email })
    phoneHub = cleanup.use(await HubDevice.connect(phone.server, phone.accessToken))
    laptopHub = cleanup.use(await HubDevice.connect(laptop.server, laptop.accessToken))
    // A change that is made while a device is looked up is told to it as a sync.
    await settled()
  })
  after(() => cleanup.disposeAsync())

  /** A real one, for the address that the proxy has here. */
  const bringCertificate = async (address: string) => {
    const authority = await TestAuthority.create(folder)
    const { certFile, keyFile } = await authority.issue({ addresses: [address] })
    await mkdir(folder.join('secrets'))
    await cp(certFile, folder.join('secrets/certificate.pem'))
    await cp(keyFile, folder.join('secrets/certificate-key.pem'))
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), authority.ca])
  }

  const makeFolder = async (device: TestDevice): Promise<string> => {
    const { status, json } = await device.post('/api/folders', { name: device.encrypt('Work') })
    assert.equal(status, 200)
    return json.id
  }

  /** Whether the next thing that is heard is the change itself, or that there was one. */
  const hearOf = async (id: string, hub: HubDevice): Promise<'event' | 'sync'> => {
    const { Type, Payload } = await hub.next(15_000)
    if (Type === NotificationType.SyncVault) return 'sync'
    assert.deepEqual([Type, Payload.Id], [NotificationType.SyncFolderCreate, id])
    return 'event'
  }

  /** Resolves when the change was heard as it is; what comes before it does not matter. */
  const reached = (id: string, hub: HubDevice, deadlineMs?: number) =>
    until(
      async () => {
        while (hub.unread.length > 0) if ((await hub.next()).Payload.Id === id) return true
        return false
      },
      'the change',
      deadlineMs,
    )

  /** Resolves when both, and `others`, hear of each other's changes, and of nothing else any more. */
  const settled = async (others: readonly HubDevice[] = []) => {
    const change = async () => {
      const ids = [await makeFolder(phone), await makeFolder(laptop)]
      for (const id of ids) for (const hub of [phoneHub, laptopHub, ...others]) await reached(id, hub, 1_000)
      return true
    }
    await until(change, 'changes to be heard everywhere', 20_000)
  }

  test('a change at one Belfry is heard by the devices at the other', async () => {
    for (const [actor, hub, own] of [
      [phone, laptopHub, phoneHub],
      [laptop, phoneHub, laptopHub],
    ] as const) {
      const id = await makeFolder(actor)
      const event = await hub.next()
      assert.deepEqual([event.Type, event.Payload.Id], [NotificationType.SyncFolderCreate, id])
      assert.equal(event.ContextId, actor.deviceId)
      assert.equal(await hearOf(id, own), 'event')
    }
    assert.deepEqual([phoneHub.unread, laptopHub.unread], [[], []])
  })

  test('through the proxy, a session of one Belfry is one of the other, and everybody hears', async () => {
    const devices = [await login({ server: url, email }), await login({ server: url, email })]
    await using hubs = await HubDevices.connect(devices)
    await settled(hubs.all)
    for (const actor of [phone, laptop, ...devices]) {
      const id = await makeFolder(actor)
      for (const hub of [...hubs.all, phoneHub, laptopHub]) assert.equal(await hearOf(id, hub), 'event')
    }
  })

  test('a file that comes by the proxy is there at both Belfrys, and so is one that either takes itself', async () => {
    const viaProxy = await login({ server: url, email })
    for (const uploader of [viaProxy, phone, laptop]) {
      const bytes = randomBytes(3_000_000)
      const { json: item } = await uploader.post('/api/ciphers', uploader.loginItem('with a file'))
      const { json: announced } = await uploader.post(`/api/ciphers/${item.id}/attachment/v2`, {
        key: uploader.encrypt('key'),
        fileName: uploader.encrypt('name'),
        fileSize: bytes.length,
      })
      const form = new FormData()
      form.append('data', new Blob([bytes]), 'name')
      assert.equal((await uploader.post(`/api${announced.url}`, form)).status, 200)
      for (const reader of [phone, laptop, viaProxy]) {
        const { json } = await reader.get(`/api/ciphers/${item.id}/attachment/${announced.attachmentId}`)
        const { pathname, search } = new URL(json.url)
        const answer = await fetch(reader.server + pathname + search)
        assert.equal(answer.status, 200)
        assert.ok(bytes.equals(Buffer.from(await answer.arrayBuffer())))
      }
      const removed = uploader.delete(`/api/ciphers/${item.id}`)
      assert.equal((await removed).status, 200)
    }
    for (const hub of [phoneHub, laptopHub]) {
      for (let left = 3; left > 0; ) if ((await hub.next(15_000)).Type === NotificationType.SyncLoginDelete) left--
    }
  })

  test('who negotiates stays with one Belfry, from whatever address', async () => {
    for (let i = 0; i < 8; i++) {
      const from = containers.network.outsider(i)
      const ask = (method: string, query: string, body = '') => requestFrom(from, { method, query, body })
      const negotiated = await ask('POST', '/negotiate?negotiateVersion=1')
      assert.equal(negotiated.status, 200, negotiated.body)
      const { connectionToken } = JSON.parse(negotiated.body)
      assert.equal((await ask('GET', `?id=${connectionToken}`)).status, 200)
      const poll = ask('GET', `?id=${connectionToken}`)
      assert.equal((await ask('POST', `?id=${connectionToken}`, '{"protocol":"json","version":1}\x1e')).status, 200)
      const { status, body } = await poll
      // Since it is not the first time, it is told to sync right behind that.
      assert.deepEqual([status, body.split('\x1e')[0]], [200, '{}'])
      assert.equal((await ask('DELETE', `?id=${connectionToken}`)).status, 202)
    }
  })

  /** A request to the hub from an address of its own. */
  const requestFrom = async (localAddress: string, ask: { method: string; query: string; body: string }) => {
    const headers = { Authorization: `Bearer ${phone.accessToken}` }
    const request = https.request(`${url}/notifications/hub${ask.query}`, { method: ask.method, headers, localAddress })
    request.end(ask.body)
    const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer> & { statusCode: number }]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return { status: response.statusCode, body: Buffer.concat(chunks).toString() }
  }

  test('a nats-server that is killed costs no change', async () => {
    const connected = /^.*"event":"leaf node connected".*$/gm
    const { program } = containers.get('belfry-1')
    const links = () => program.output.match(connected) ?? []
    const server = containers.get(JSON.parse(links().at(-1) ?? '').server)
    const before = links().length
    await server.kill()
    const id = await makeFolder(phone)
    await hearOf(id, laptopHub)
    await until(() => links().length > before, 'another link')
    assert.equal(await hearOf(id, phoneHub), 'event')
    await settled()
    await server.start()
  })

  test('a Belfry that is stopped sends its devices to the other, and no request fails meanwhile', async () => {
    const devices = [await login({ server: url, email }), await login({ server: url, email })]
    await using connected = await HubDevices.connect(devices)
    const hubs = connected.all
    const closed = new Set<HubDevice>()
    for (const hub of hubs) hub.connection.onclose(() => closed.add(hub))

    const stopping = containers.get('belfry-1').stop()
    let hasStopped = false
    void stopping.then(() => {
      hasStopped = true
    })
    const statuses = new Map<number, number>()
    do {
      const headers = { Authorization: `Bearer ${laptop.accessToken}`, 'Content-Type': 'application/json' }
      const body = JSON.stringify({ name: laptop.encrypt('Meanwhile') })
      const { status } = await fetch(`${url}/api/folders`, { method: 'POST', headers, body })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      await sleep(20)
    } while (!hasStopped)
    assert.deepEqual(await stopping, { code: 0, signal: null })
    assert.deepEqual([...statuses.keys()], [200])
    // One at each Belfry: the proxy sends devices where there are fewer.
    assert.equal(closed.size, 1)

    const [stayed, gone] = closed.has(hubs[0]!) ? [1, 0] : [0, 1]
    await using back = await HubDevice.connect(url, devices[gone]!.accessToken)
    const id = await makeFolder(laptop)
    for (const hub of [hubs[stayed]!, back]) await reached(id, hub)
  })

  test('it comes back, and hears again', async () => {
    await containers.get('belfry-1').start()
    phoneHub = cleanup.use(await HubDevice.connect(phone.server, phone.accessToken))
    await settled()
  })

  test('PostgreSQL restarts, and the Belfrys go on', async () => {
    const postgres = containers.get('postgres')
    await postgres.stop()
    assert.notEqual((await phone.get('/api/sync')).status, 200)
    await postgres.start()
    await settled()
  })

  test('no Belfry complains of its settings', async () => {
    for (const name of ['belfry-1', 'belfry-2']) {
      assert.doesNotMatch(await containers.get(name).log(), /"event":"configuration"/)
    }
  })

  test('what is secret is in no log', async () => {
    const secrets: string[] = []
    for (const file of await readdir(folder.join('secrets'))) {
      const text = await readFile(folder.join('secrets', file), 'utf8')
      secrets.push(...(text.match(/[0-9a-f]{64}/g) ?? []))
    }
    assert.equal(new Set(secrets).size, 3)
    for (const name of Object.keys(compose.services)) {
      const { output } = containers.get(name).program
      for (const secret of [...secrets, phone.accessToken, laptop.accessToken])
        assert.ok(!output.includes(secret), name)
    }
  })

  test('where no Belfry answers, the proxy writes down the path that was asked for, without the token', async () => {
    for (const name of ['belfry-1', 'belfry-2']) await containers.get(name).kill()
    const token = randomBytes(32).toString('hex')
    const { status } = await fetch(`${url}/notifications/hub?access_token=${token}`)
    assert.equal(status, 502)
    const log = () => containers.get('proxy').log()
    await until(async () => /"GET \/notifications\/hub HTTP\/[\d.]+" 502/.test(await log()), 'its line')
    assert.ok(!(await log()).includes(token))
  })
})
