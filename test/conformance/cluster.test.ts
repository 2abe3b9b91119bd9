/**
 * One vault on several machines: two Belfrys, PostgreSQL, and a cluster of three nats-servers between them, of which each
 * knows another one. Devices are Microsoft's SignalR client, set up as the Bitwarden apps set it up.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect } from '@nats-io/transport-node'
import { NotificationType } from '../../src/notify/index.ts'
import { login, PASSWORD, register, type TestDevice } from '../helpers/account.ts'
import { type NatsCluster, startNatsCluster } from '../helpers/nats-cluster.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { recordingLogger } from '../helpers/recording-logger.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { until, within } from '../helpers/wait.ts'
import { BitwardenCli, HubDevice, type HubEvent } from './devices.ts'

const skip = requireProgram('nats-server').skip ?? requireProgram('postgres').skip
const { SyncCipherCreate, SyncCipherUpdate, SyncFolderCreate, SyncFolderDelete, SyncVault, LogOut } = NotificationType

/** Logins that one address may make at once. */
const MAX_BURST = 12

/** One of the machines, with a device of the one user. */
interface Machine {
  readonly server: TestServer
  readonly events: string[]
  device: TestDevice
  hub: HubDevice
}

describe('two Belfrys on a NATS cluster and PostgreSQL', { skip }, () => {
  const email = 'alice@example.com'
  let postgres: PostgresServer
  let cluster: NatsCluster
  let a: Machine
  let b: Machine

  async function startMachine(databaseUrl: string, node: number, rsaKeyFilename?: string): Promise<Machine> {
    const events: string[] = []
    const server = await startTestServer(
      {
        vault: {
          databaseUrl,
          clusterUrl: `nats://belfry:secret@127.0.0.1:${cluster.nodes[node]!.leafPort}`,
          loginRatelimitMaxBurst: MAX_BURST,
          ...(rsaKeyFilename && { rsaKeyFilename }),
        },
      },
      recordingLogger(({ event }) => events.push(event)),
    )
    if (node === 0) await register({ server: server.webUrl, email })
    return { server, events, ...(await newDevice(server)) }
  }

  async function newDevice({ webUrl }: TestServer) {
    const device = await login({ server: webUrl, email })
    return { device, hub: await HubDevice.connect(webUrl, device.accessToken) }
  }

  before(async () => {
    postgres = await startPostgres()
    cluster = await startNatsCluster(3, {
      leafnodes: true,
      leafConfig: 'authorization { user: belfry, password: secret, account: BELFRY }',
      config: 'accounts { BELFRY { users: [{ user: watcher, password: secret }] } }',
    })
    const databaseUrl = await postgres.createDatabase()
    a = await startMachine(databaseUrl, 0)
    b = await startMachine(databaseUrl, 1, path.join(a.server.dataFolder, 'rsa_key'))
    await until(() => [a, b].every(hearsAnother), 'the instances to hear each other')
  })
  after(async () => {
    for (const machine of [a, b] as (Machine | undefined)[]) {
      await machine?.hub[Symbol.asyncDispose]()
      await machine?.server.close()
    }
    await cluster?.[Symbol.asyncDispose]()
    await postgres?.[Symbol.asyncDispose]()
  })

  test('a change made on one is heard on the other, with all that the app needs to fetch it there', async () => {
    const made = await a.device.post('/api/ciphers', a.device.loginItem('Bank'))
    const event = await change(b.hub)
    assert.deepEqual(
      [event.Type, event.ContextId, event.Payload.Id],
      [SyncCipherCreate, a.device.deviceId, made.json.id],
    )
    const { json } = await b.device.get(`/api/ciphers/${made.json.id}/details`)
    assert.equal(b.device.decrypt(json.name), 'Bank')
    assert.equal(event.Payload.RevisionDate.getTime(), Date.parse(json.revisionDate))
    await change(a.hub)

    await b.device.put(`/api/ciphers/${json.id}`, b.device.loginItem('Bank, renamed'))
    assert.equal((await change(a.hub)).Type, SyncCipherUpdate)
    assert.equal((await change(b.hub)).Type, SyncCipherUpdate)
    assert.deepEqual([a, b].map(unreadChanges), [[], []])
  })

  test('what the official CLI does on one, a device on the other hears', async () => {
    await using cli = await BitwardenCli.install(a.server.certificateAuthorityFile)
    await cli.login(a.server.secureUrl, email, PASSWORD)
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
    const folder = await cli.json('create', 'folder', encoded({ name: 'From the CLI' }))
    await cli.run('delete', 'folder', folder.id)
    for (const { hub } of [a, b]) {
      const heard: HubEvent[] = []
      while (heard.length < 2) heard.push(await change(hub))
      assert.deepEqual(
        heard.map(({ Type, Payload }) => [Type, Payload.Id]),
        [SyncFolderCreate, SyncFolderDelete].map((type) => [type, folder.id]),
      )
    }
  })

  test('each of a hundred changes, by turns on both, comes once to each device and to a NATS client elsewhere', async () => {
    const client = await connect({ servers: cluster.nodes[2]!.url, user: 'watcher', pass: 'secret' })
    const watched: string[] = []
    client.subscribe('vault.user.>', { callback: (_error, { subject }) => void watched.push(subject) })
    await client.flush()
    // Of what the client wants Belfry hears by way of two servers.
    await until(async () => {
      await a.device.post('/api/folders', { name: a.device.encrypt('for nobody') })
      await Promise.all([change(a.hub), change(b.hub)])
      return watched.length > 0
    }, 'the client to be known')
    watched.length = 0

    const ids: string[] = []
    for (let i = 0; i < 100; i++) {
      const { device } = i % 2 === 0 ? a : b
      ids.push((await device.post('/api/ciphers', device.loginItem(`item ${i}`))).json.id)
    }
    for (const { hub } of [a, b]) {
      const heard = []
      while (heard.length < ids.length) heard.push((await change(hub)).Payload.Id)
      assert.deepEqual(heard.sort(), [...ids].sort())
    }
    assert.deepEqual([a, b].map(unreadChanges), [[], []])
    await until(() => watched.length >= ids.length, 'all of them')
    await client.drain()
    assert.deepEqual(watched, Array(100).fill(`vault.user.${a.device.userId}.SyncCipherCreate`))
  })

  test('a device that is removed on one machine loses its connection on the other, and nobody else does', async () => {
    const doomed = await newDevice(b.server)
    const devices = await a.device.get('/api/devices')
    const { id } = devices.json.data.find(
      ({ identifier }: { identifier: string }) => identifier === doomed.device.deviceId,
    )
    const closed = new Promise((resolve) => doomed.hub.connection.onclose(resolve))
    assert.equal((await a.device.delete(`/api/devices/${id}`)).status, 200)
    assert.equal((await change(doomed.hub)).Type, LogOut)
    await within(closed, 'the end of the connection')
    assert.deepEqual([a, b].map(unreadChanges), [[], []])
  })

  test('when the nats-server of one is killed it goes on with another of the cluster, and nothing is missed', async () => {
    await cluster.nodes[0]!.kill()
    const { json } = await a.device.post('/api/ciphers', a.device.loginItem('while it is away'))
    await heard(a.hub, ({ Payload }) => Payload.Id === json.id)
    await heard(b.hub, ({ Type, Payload }) => Type === SyncVault || Payload.Id === json.id)
    await changesAreHeard()
    await cluster.nodes[0]!.start()
  })

  test('without any nats-server each serves its own devices, and finds what the other changed in the database', async () => {
    for (const { events } of [a, b]) events.length = 0
    await Promise.all(cluster.nodes.map((node) => node.kill()))
    const lost = 'instance is not heard any more; the database is asked instead'
    await until(() => [a, b].every(({ events }) => events.includes(lost)), 'the instances to miss each other')
    for (const [here, there] of [
      [a, b],
      [b, a],
    ] as const) {
      const { json } = await here.device.post('/api/ciphers', here.device.loginItem('alone'))
      await heard(here.hub, ({ Payload }) => Payload.Id === json.id)
      const changedMs = Date.parse(json.revisionDate)
      await heard(there.hub, ({ Type, Payload }) => Type === SyncVault && Payload.Date.getTime() >= changedMs)
    }
    await Promise.all(cluster.nodes.map((node) => node.start()))
    const back = 'instance is heard again'
    await until(() => [a, b].every(({ events }) => events.includes(back)), 'the instances to hear each other', 30_000)
    await changesAreHeard()
  })

  /** Each on both, behind what is told because something was missed. */
  async function changesAreHeard(): Promise<void> {
    for (const { device } of [a, b]) {
      for (let isHeard = false; !isHeard; ) {
        const { json } = await device.post('/api/folders', { name: device.encrypt('heard') })
        const isIt = ({ Payload }: HubEvent) => Payload.Id === json.id
        const events = [a, b].map(({ hub }) => heard(hub, (event) => isIt(event) || event.Type === SyncVault))
        isHeard = (await Promise.all(events)).every(isIt)
      }
    }
  }

  /** Passes over what was told before. */
  async function heard(hub: HubDevice, isIt: (event: HubEvent) => boolean): Promise<HubEvent> {
    for (;;) {
      const event = await hub.next(20_000)
      if (isIt(event)) return event
    }
  }

  test('sessions that are ended on one machine end on the other at once', async () => {
    const closed = [a, b].map(({ hub }) => new Promise((resolve) => hub.connection.onclose(resolve)))
    const body = { masterPasswordHash: a.device.passwordHash }
    assert.equal((await a.device.post('/api/accounts/security-stamp', body)).status, 200)
    await within(Promise.all(closed), 'the end of both connections')
    assert.equal((await b.device.get('/api/accounts/revision-date')).status, 401)
  })

  test('logins are counted together', async () => {
    const attempt = ({ server }: Machine) =>
      login({ server: server.webUrl, email, password: 'wrong' }).catch((error: Error) => error.message.slice(0, 18))
    let attempts = 0
    for (const machine of [a, b, a]) while ((await attempt(machine)) === 'Login answered 400') attempts++
    // One may have gathered in the meantime, and the first device came before the second machine.
    assert.ok(attempts <= MAX_BURST + 2, `${attempts}`)
  })
})

/** The next event about something: what one may have missed while the other was met is told as `SyncVault`, at any time. */
async function change(hub: HubDevice): Promise<HubEvent> {
  for (;;) {
    const event = await hub.next(20_000)
    if (event.Type !== SyncVault) return event
  }
}

const unreadChanges = ({ hub }: Machine) => hub.unread.filter(({ Type }) => Type !== SyncVault)

function hearsAnother({ events }: Machine): boolean {
  return events.includes('another instance is heard')
}
