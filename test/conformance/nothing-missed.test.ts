/**
 * Nothing is missed: users change their vaults on many devices while lines are cut, stall and lose what is on them, and
 * the server ends and is killed. When that is over every device is back, and by the hub's events alone each has the vault
 * that the server has. With Microsoft's SignalR client, and a server whose time passes faster.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Json, register } from '../helpers/account.ts'
import { until } from '../helpers/wait.ts'
import { App, type AppOptions } from './storm/app.ts'
import { change } from './storm/changes.ts'
import { FastServer } from './storm/fast-server.ts'
import type { Line } from './storm/line.ts'
import { Random } from './storm/random.ts'

/** Another one makes another storm: `STORM_SEED=7 node --test test/conformance/nothing-missed.test.ts`. */
const SEED = Number(process.env.STORM_SEED ?? 1)
/** How long it lasts, in ms of ours. */
const DURATION_MS = Number(process.env.STORM_MS ?? 7_000)

/** So much faster passes the server's time, and that of the clients' timers. */
const FACTOR = 15
const USERS = 6

const WEB_VAULT = 9

/** Each user has the first three, and one of the others. The last of the first are tabs of one web vault. */
const DEVICES: readonly Pick<AppOptions, 'way' | 'deviceType'>[] = [
  { way: 'app', deviceType: 0 },
  { way: 'app', deviceType: WEB_VAULT },
  { way: 'app', deviceType: WEB_VAULT },
]
const OTHERS: typeof DEVICES = [
  { way: 'stateful', deviceType: 6 },
  { way: 'polling', deviceType: 8 },
  { way: 'events', deviceType: 7 },
]

/** What may happen to a line, and for how long; ms of ours. */
const FAULTS: readonly ((line: Line, ms: number) => void)[] = [
  (line) => line.cut(),
  (line) => line.finish(),
  (line, ms) => line.lose(ms),
  (line) => {
    line.holdsUpstream = true
  },
  (line) => {
    line.holdsDownstream = true
  },
  (line) => {
    line.holdsUpstream = true
    line.holdsDownstream = true
  },
  (line) => {
    line.downstreamRate = 20 * FACTOR
  },
]

test(`every device has what the server has when a storm is over (seed ${SEED})`, { timeout: 110_000 }, async () => {
  await using server = await FastServer.start(FACTOR)
  const random = new Random(SEED)
  let isStorming = true
  const apps: App[] = []
  for (let user = 0; user < USERS; user++) {
    const email = `${randomUUID()}@example.com`
    await register({ server: 'http://server', fetch: server.fetch, email })
    const comesBackAfterMs = () => random.between(2_000, isStorming ? 30_000 : 5_000)
    const webVault = randomUUID()
    for (const device of [...DEVICES, OTHERS[user % OTHERS.length]!]) {
      const deviceId = device.deviceType === WEB_VAULT ? webVault : randomUUID()
      apps.push(await App.start({ ...device, server, factor: FACTOR, email, deviceId, comesBackAfterMs }))
    }
  }
  try {
    await until(() => apps.every((app) => app.isConnected), 'everybody')
    await storm(server, apps, random)
    isStorming = false
    const isBack = (app: App) => app.isLoggedIn && app.isConnected
    await until(() => apps.every(isBack), 'everybody to be back', 30_000)
    // Who does not know yet that its line is lost finds out by then.
    await sleep(35_000 / FACTOR)
    await until(() => apps.every(isBack), 'everybody to be back', 30_000)
    for (const app of apps) await app.do(async () => assertUpToDate(app))
  } finally {
    await Promise.all(apps.map((app) => app.stop()))
  }
  assert.deepEqual(
    apps.flatMap(({ faults, history }) => faults.map((fault) => [fault, ...history].join('\n'))),
    [],
  )
})

async function storm(server: FastServer, apps: readonly App[], random: Random): Promise<void> {
  const endMs = performance.now() + DURATION_MS
  const again = async (mostMs: number, work: () => void) => {
    for (;;) {
      await sleep(random.between(0, mostMs))
      if (performance.now() > endMs) return
      work()
    }
  }
  // Tabs are one device, and ignore what another of them has done: here they only listen.
  const acting = apps.filter(
    ({ device }) => apps.filter(({ device: { deviceId } }) => deviceId === device.deviceId).length === 1,
  )
  const changes = again(250, () => {
    const app = random.pick(acting)
    if (app.isLoggedIn) void app.do(() => change(app, random))
  })
  const faults = again(400, () => {
    const app = random.pick(apps)
    const fault = random.below(FAULTS.length)
    app.note(`fault ${fault}`)
    const ms = random.between(1_000, 45_000) / FACTOR
    FAULTS[fault]!(app.line, ms)
    const isCut = random.chance(0.6)
    setTimeout(() => {
      if (isCut) app.line.cut()
      app.line.mend()
    }, ms)
  })
  // Behind the second there is time for devices to be back and to hear, and for what they miss then to be missed.
  const ends = async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await sleep(random.between(0, DURATION_MS / 8))
      for (const app of apps) app.note(signal)
      await server.end(signal)
      await sleep(random.between(0, 300))
      await server.begin()
    }
  }
  await Promise.all([changes, faults, ends()])
  for (const { line } of apps) {
    line.mend()
    if (random.chance(0.25)) line.cut()
  }
}

/** Also that its session is still one: nobody stays who has no right to. */
async function assertUpToDate(app: App): Promise<void> {
  const { status, json } = await app.device.get('/api/sync?excludeDomains=true')
  const byId = (list: Iterable<Json>) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1))
  const there = { status, name: json.profile?.name, ciphers: byId(json.ciphers), folders: byId(json.folders) }
  const here = { status: 200, name: app.name, ciphers: byId(app.ciphers.values()), folders: byId(app.folders.values()) }
  try {
    assert.deepEqual(here, there)
  } catch (error) {
    app.faults.push(`missed something: ${String(error).slice(0, 2_000)}`)
  }
}
