/**
 * One vault on two Belfrys, PostgreSQL and a NATS cluster: whatever is told on either of them is pushed once, and nothing is
 * lost with the one that is killed.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { NotificationType } from '../../src/notify/index.ts'
import { login, type TestDevice } from '../helpers/account.ts'
import { startNatsCluster } from '../helpers/nats-cluster.ts'
import { startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { type PushRelay, startPushRelay } from '../helpers/push-relay.ts'
import { type PushService, startPushService } from '../helpers/push-service.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { until } from '../helpers/wait.ts'
import { HubDevice } from './devices.ts'
import { Belfry, INSTALLATION } from './push/belfry.ts'
import { assertInOrder, Changes, toldTo, untilAllIsKnown } from './push/changes.ts'
import { type Household, moveIn } from './push/household.ts'

const skip = requireProgram('nats-server').skip ?? requireProgram('postgres').skip
const { SyncFolderCreate } = NotificationType

describe('two Belfrys that are one vault', { skip }, () => {
  const cleanUp = new AsyncDisposableStack()
  let relay: PushRelay
  let service: PushService
  let belfrys: [Belfry, Belfry]
  let home: Household
  /** A device of the household at each. */
  let devices: [TestDevice, TestDevice]
  before(async () => {
    const folder = cleanUp.use(await temporaryFolder())
    relay = cleanUp.use(await startPushRelay(INSTALLATION))
    service = cleanUp.use(await startPushService())
    const postgres = cleanUp.use(await startPostgres({ tcp: true }))
    const cluster = cleanUp.use(
      await startNatsCluster(3, {
        leafnodes: true,
        leafConfig: 'authorization { user: belfry, password: secret, account: BELFRY }',
        config: 'accounts { BELFRY {} }',
      }),
    )
    const env = {
      DATABASE_URL: await postgres.createDatabase(),
      RSA_KEY_FILENAME: folder.join('rsa_key'),
      BELFRY_VAPID_KEY: folder.join('vapid_key.pem'),
    }
    const start = async (node: number) => {
      const url = `nats://belfry:secret@127.0.0.1:${cluster.nodes[node]!.leafPort}`
      const belfry = await Belfry.start({ relay, service, env: { ...env, BELFRY_CLUSTER_URL: url } })
      return cleanUp.use(belfry)
    }
    // One after the other: the first makes the schema and the keys.
    belfrys = [await start(0), await start(1)]
    const [a, b] = belfrys
    home = await moveIn({ server: a.url, relay, service })
    devices = [home.webVault, await login({ server: b.url, email: home.email })]
    await until(() => belfrys.every(({ log }) => log.includes('another instance is heard')), 'each to hear the other')
  })
  after(() => cleanUp.disposeAsync())

  const makeFolder = async (device: TestDevice): Promise<string> => {
    const { status, json } = await device.post('/api/folders', { name: device.encrypt('x') })
    assert.equal(status, 200)
    return json.id
  }

  test('push each of a hundred changes, by turns on both, once to the phone and once to the browser', async () => {
    const ids: string[] = []
    for (let i = 0; i < 100; i++) ids.push(await makeFolder(devices[i % 2]!))
    const { events } = home.phone
    const { received } = home.browser.subscription
    await until(() => events.all.length >= 100 && received.all.length >= 100, 'all of them', 60_000)
    // One that is pushed twice comes before, or with, what is told last.
    const last = await makeFolder(devices[0])
    const isLast = ({ payload }: { payload: { id?: string } }) => payload.id === last
    await until(() => toldTo(events).some(isLast) && toldTo(received).some(isLast), 'the last')
    for (const arrivals of [events, received]) {
      const told = toldTo(arrivals).map(({ type, payload }) => `${type} ${payload.id}`)
      assert.deepEqual(told.sort(), [...ids, last].map((id) => `${SyncFolderCreate} ${id}`).sort())
    }
    events.takeAll()
    received.takeAll()
  })

  test('what is told on one is not pushed to a browser that has heard of it at the other', async () => {
    await using hub = await HubDevice.connect(belfrys[1].url, home.browser.device.accessToken)
    const heard: string[] = []
    for (let i = 0; i < 5; i++) {
      const id = await makeFolder(devices[0])
      heard.push(id)
      while ((await hub.next()).Payload.Id !== id);
      assert.equal((await home.phone.next()).payload.id, id)
    }
    await hub[Symbol.asyncDispose]()
    const { received } = home.browser.subscription
    // Behind whatever was still to be pushed of those.
    await until(async () => {
      await makeFolder(devices[0])
      await home.phone.next()
      return received.untaken.length > 0
    }, 'it to be known that the browser has gone')
    const pushed = toldTo(received).map(({ payload }) => payload.id)
    assert.deepEqual(
      heard.filter((id) => pushed.includes(id)),
      [],
    )
    received.takeAll()
    home.phone.events.takeAll()
  })

  test('a phone that logs in at one is registered once, whoever does it', async () => {
    const before = relay.registered.all.length
    const other = await moveIn({ server: belfrys[1].url, relay, service })
    await makeFolder(other.webVault)
    await other.phone.next()
    const registered = relay.registered.all.slice(before).filter(({ pushToken }) => pushToken === other.phone.pushToken)
    assert.deepEqual(new Set(registered.map(({ deviceId }) => deviceId)).size, 1)
    const known = [...relay.registrations.values()].filter(({ pushToken }) => pushToken === other.phone.pushToken)
    assert.equal(known.length, 1)
  })

  test('what was waiting at one that is killed is pushed by the other', async () => {
    await relay.goAway()
    await service.goAway()
    const [atA, atB] = devices.map((device) => new Changes(device))
    await Promise.all([atA!.make(15), atB!.make(15)])
    await belfrys[0].end('SIGKILL')
    await relay.comeBack()
    await service.comeBack()
    await untilAllIsKnown(home, atB!)
    await untilAllIsKnown(home, atA!, 120_000)
    assertInOrder(toldTo(home.phone.events))
    await belfrys[0].start()
    const id = await makeFolder(devices[0])
    await home.phone.events.matching(({ payload }) => payload.id === id)
  })
})
