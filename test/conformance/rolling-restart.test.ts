/**
 * A rolling restart of everything: two Belfrys, the three nats-servers between them and PostgreSQL end one after the
 * other, first in order and then by force, while users change their vaults on devices at either Belfry. When that is
 * over, by the hub's events alone each device has the vault that the server has.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Json, login, register } from '../helpers/account.ts'
import { requireProgram } from '../helpers/programs.ts'
import { until } from '../helpers/wait.ts'
import { HubDevice } from './devices.ts'
import { App, type AppOptions } from './storm/app.ts'
import { Balancer } from './storm/balancer.ts'
import { change } from './storm/changes.ts'
import { balance } from './storm/ledger.ts'
import { type Belfry, Machines } from './storm/machines.ts'
import { Random } from './storm/random.ts'

/** Another one makes other changes: `STORM_SEED=7 node --test test/conformance/rolling-restart.test.ts`. */
const SEED = Number(process.env.STORM_SEED ?? 1)
const CHANGES = Number(process.env.STORM_CHANGES ?? 1_000)

/** Behind every change there is a pause of up to so many ms, so that they are spread over the restarts. */
const PAUSE_MS = 50

/** Generous: on a machine that does much else a start takes half a minute. */
const DEADLINE_MS = 60_000

const WEB_VAULT = 9

/** Of each user, with the Belfry that is theirs as long as it is there. The tabs of the web vault only listen. */
const DEVICES: readonly (Pick<AppOptions, 'way' | 'deviceType'> & { readonly own: number })[] = [
  { way: 'app', deviceType: 0, own: 0 },
  { way: 'app', deviceType: 6, own: 1 },
  { way: 'app', deviceType: WEB_VAULT, own: 0 },
  { way: 'app', deviceType: WEB_VAULT, own: 1 },
]
/** And one of these, each for one user. */
const OTHERS: typeof DEVICES = [
  { way: 'stateful', deviceType: 7, own: 0 },
  { way: 'polling', deviceType: 8, own: 1 },
  { way: 'events', deviceType: 2, own: 0 },
]

const skip = requireProgram('nats-server').skip ?? requireProgram('postgres').skip

test(`${CHANGES} changes under a rolling restart of everything reach every device (seed ${SEED})`, {
  skip,
  timeout: 280_000,
}, async (t) => {
  await using machines = await Machines.start()
  using balancer = new Balancer(machines.belfrys)
  const random = new Random(SEED)
  const users: (readonly App[])[] = []
  for (const other of OTHERS) users.push(await startApps([...DEVICES, other], { machines, balancer, random }))
  const apps = users.flat()
  try {
    const isBack = (app: App) => app.isLoggedIn && app.isConnected
    await until(() => apps.every(isBack), 'everybody', DEADLINE_MS)
    await changeAndRestart(t, { apps, machines, random })

    const endMs = Date.now()
    await until(() => apps.every(isBack), 'everybody to be back', DEADLINE_MS)
    const behind = await whoIsBehind(apps, DEADLINE_MS)
    t.diagnostic(`everybody had everything ${Date.now() - endMs} ms after the last restart`)
    await until(
      () => hearEachOther(machines.belfrys, users[0]![0]!.device.email),
      'the Belfrys to hear each other',
      DEADLINE_MS,
    )
    const missing = () => users.flatMap((user) => balance(user).missed)
    await until(() => missing().length === 0, 'everybody to be told of everything', DEADLINE_MS).catch(() => {})
    t.diagnostic(`everybody was told of everything ${Date.now() - endMs} ms after the last restart`)
    for (const user of users) t.diagnostic(JSON.stringify({ ...balance(user), missed: undefined }))
    const faults = apps.flatMap(({ faults }) => faults)
    const missed = missing()
    assert.deepEqual({ behind, faults, missed }, { behind: [], faults: [], missed: [] })
  } catch (error) {
    for (const { name, log } of machines.belfrys) console.error(`${name} said:\n${log}`)
    for (const { history } of apps) console.error(`What happened to one app:\n${history.join('\n')}`)
    throw error
  } finally {
    await Promise.all(apps.map((app) => app.stop()))
  }
  const exits = await Promise.all(machines.belfrys.map((belfry) => belfry.end('SIGTERM')))
  assert.deepEqual(exits, Array(2).fill({ code: 0, signal: null }))
})

interface Storm {
  readonly machines: Machines
  readonly random: Random
}

/** Those of one new user. */
async function startApps(
  devices: typeof DEVICES,
  { machines, balancer, random }: Storm & { readonly balancer: Balancer },
): Promise<readonly App[]> {
  const email = `${randomUUID()}@example.com`
  await register({ server: machines.belfrys[0]!.url, email })
  const webVault = randomUUID()
  return Promise.all(
    devices.map(({ own, ...device }) =>
      App.start({
        ...device,
        server: balancer.placeFor(own),
        factor: 1,
        email,
        deviceId: device.deviceType === WEB_VAULT ? webVault : randomUUID(),
        // What takes real apps minutes.
        comesBackAfterMs: () => random.between(300, 2_000),
      }),
    ),
  )
}

/** Each restart begins when there were so many changes more, and when the one before is done. */
async function changeAndRestart(
  t: TestContext,
  { apps, machines, random }: Storm & { readonly apps: readonly App[] },
): Promise<void> {
  // Tabs are one device, and ignore what another of them has done: here they only listen.
  const acting = apps.filter(
    ({ device }) => apps.filter(({ device: { deviceId } }) => deviceId === device.deviceId).length === 1,
  )
  const made = () => apps.reduce((sum, app) => sum + app.changes, 0)
  const restarts = (['SIGTERM', 'SIGKILL'] as const).flatMap((signal) =>
    machines.components.map((component) => ({ component, signal })),
  )
  let failure: unknown
  const restarting = (async () => {
    for (const [i, { component, signal }] of restarts.entries()) {
      await until(() => made() >= (CHANGES * (i + 0.5)) / restarts.length, 'changes', DEADLINE_MS)
      for (const app of apps) app.note(`${signal} of ${component.name}`)
      await component.restart(signal)
      for (const app of apps) app.note(`${component.name} is back`)
    }
  })().catch((error: unknown) => {
    failure = error
  })
  let isRestarting = true
  void restarting.then(() => (isRestarting = false))
  const startMs = Date.now()
  for (let turn = 0; isRestarting || made() < CHANGES; turn++) {
    if (failure !== undefined) break
    const app = acting[turn % acting.length]!
    if (app.isLoggedIn && !app.isBusy) void app.do(() => change(app, random))
    await sleep(random.between(0, PAUSE_MS))
  }
  await restarting
  if (failure !== undefined) throw failure
  t.diagnostic(`${made()} changes and ${restarts.length} restarts in ${Date.now() - startMs} ms`)
}

/** Whether what is changed at each is heard at the other as it is, and not found out otherwise. */
async function hearEachOther(belfrys: readonly Belfry[], email: string): Promise<boolean> {
  await using hubs = new AsyncDisposableStack()
  const probes = await Promise.all(
    belfrys.map(async ({ url }) => {
      const device = await login({ server: url, email })
      return { device, hub: hubs.use(await HubDevice.connect(url, device.accessToken)) }
    }),
  )
  for (const { device } of probes) {
    const { json } = await device.post('/api/folders', { name: device.encrypt('probe') })
    for (const { hub } of probes) while ((await hub.next()).Payload.Id !== json.id);
  }
  return true
}

/** Those who do not have what the server has, in that time, or whose session is none. */
async function whoIsBehind(apps: readonly App[], deadlineMs: number): Promise<readonly string[]> {
  const endMs = Date.now() + deadlineMs
  for (;;) {
    const behind = (await Promise.all(apps.map(difference))).filter((text) => text !== undefined)
    if (behind.length === 0 || Date.now() > endMs) return behind
    await sleep(200)
  }
}

async function difference(app: App): Promise<string | undefined> {
  const { status, json } = await app.device.get('/api/sync?excludeDomains=true')
  if (status !== 200) return `its session has ended: ${status}\n${app.history.join('\n')}`
  const byId = (list: Iterable<Json>) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1))
  const there = { name: json.profile.name, ciphers: byId(json.ciphers), folders: byId(json.folders) }
  const here = { name: app.name, ciphers: byId(app.ciphers.values()), folders: byId(app.folders.values()) }
  if (isDeepStrictEqual(here, there)) return undefined
  const lacks = there.ciphers.filter((one, i) => !isDeepStrictEqual(one, here.ciphers[i])).map(({ id }) => id)
  return `has not what the server has, ${lacks.slice(0, 3)}\n${app.history.join('\n')}`
}
