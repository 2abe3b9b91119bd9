import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from '../../../test/helpers/temp.ts'
import { cpuMsOf, rssBytesOf } from '../../servers/process-figures.ts'
import { quantile } from '../../statistics.ts'
import type { StartHubContender } from './contenders.ts'
import { probe } from './probe.ts'
import { startCrowd } from './start-crowd.ts'

export const USERS = 2_000
export const DEVICES_PER_USER = 5
const DEVICES = USERS * DEVICES_PER_USER
export const RETURNING = 5_000

/** What is there before memory is counted: it pays for what is made only once. */
const DEVICES_BEFORE = 1_000

/** Devices that connect at a time, at first; those that return do so all at once. */
const AT_A_TIME = 100

/** API requests at a time. */
const CHANGES_AT_A_TIME = 16

/** Long enough for each device to have pinged and to have been pinged. */
const SETTLE_MS = 20_000

const TELLINGS = 5

/** What one contender did. Undefined is what cannot be asked of it. */
export interface RoundFigures {
  readonly connectSeconds: number
  readonly connectP50Ms: number
  readonly connectP99Ms: number
  readonly connectCpuSeconds: number
  readonly rssPerConnection: number
  /** With garbage collected. */
  readonly collected: { readonly rss: number; readonly heap: number; readonly external: number } | undefined
  readonly rssAtAll: number
  /** One event to each user: from its publication until the last device has heard. */
  readonly tellMs: number | undefined
  readonly tellCpuMs: number | undefined
  readonly encodingsPerEvent: number | undefined
  /** One change by each user through the API: from the first request until the last device has heard of the last. */
  readonly changeSeconds: number
  readonly changeCpuSeconds: number
  readonly stormSeconds: number
  readonly stormP99Ms: number
  readonly stormRequestP99Ms: number
  readonly stormRequests: number
}

export async function playRound(start: StartHubContender): Promise<RoundFigures> {
  await using folder = await temporaryFolder()
  using crowd = startCrowd()
  const town = { dataFolder: folder.path, users: USERS, devicesPerUser: DEVICES_PER_USER }
  const { userIds, accessToken } = await crowd.ask({ kind: 'settle', ...town })
  await using server = await start(folder.path)
  const { pid, address, inside } = server

  const connect = async (from: number, to: number, atATime: number) => {
    const figures = await crowd.ask({ kind: 'connect', address, from, to, atATime })
    if (figures.refused > 0) throw new Error(`${figures.refused} devices were refused`)
    return figures
  }
  const memory = async () => {
    await sleep(SETTLE_MS)
    const rss = rssBytesOf(pid)
    const usage = await inside?.collect()
    // Pages that are free now go back within moments.
    await sleep(1_000)
    return { rss, collected: usage && { ...usage, rss: rssBytesOf(pid) } }
  }
  const cpu = async <T>(work: () => Promise<T>): Promise<[result: T, cpuMs: number]> => {
    const before = cpuMsOf(pid)
    const result = await work()
    return [result, cpuMsOf(pid) - before]
  }

  const [first, firstCpuMs] = await cpu(() => connect(0, DEVICES_BEFORE, AT_A_TIME))
  const before = await memory()
  const [rest, restCpuMs] = await cpu(() => connect(DEVICES_BEFORE, DEVICES, AT_A_TIME))
  const after = await memory()
  const each = (bytes: number) => bytes / (DEVICES - DEVICES_BEFORE)
  const collected =
    before.collected && after.collected
      ? {
          rss: each(after.collected.rss - before.collected.rss),
          heap: each(after.collected.heapUsed - before.collected.heapUsed),
          external: each(after.collected.external - before.collected.external),
        }
      : undefined

  const tellings: { ms: number; cpuMs: number; encodings: number }[] = []
  for (let i = 0; inside !== undefined && i < TELLINGS; i++) {
    await crowd.ask({ kind: 'expect', events: DEVICES })
    const [{ told, lastAtNs }, cpuMs] = await cpu(async () => {
      const told = await inside.tell(userIds)
      return { told, ...(await crowd.ask({ kind: 'events' })) }
    })
    if (told.writes !== DEVICES) throw new Error(`${told.writes} writes instead of ${DEVICES}`)
    tellings.push({ ms: (lastAtNs - told.beganAtNs) / 1e6, cpuMs, encodings: told.encodings / USERS })
  }
  const middle = tellings.toSorted((a, b) => a.ms - b.ms)[Math.floor(TELLINGS / 2)]

  await crowd.ask({ kind: 'expect', events: DEVICES })
  const [changed, changeCpuMs] = await cpu(async () => {
    const { beganAtNs } = await crowd.ask({ kind: 'change', address, atATime: CHANGES_AT_A_TIME })
    const { lastAtNs } = await crowd.ask({ kind: 'events' })
    return (lastAtNs - beganAtNs) / 1e9
  })

  const endProbe = await probe(address, accessToken)
  await crowd.ask({ kind: 'drop', from: 0, to: RETURNING })
  const storm = await connect(0, RETURNING, RETURNING)
  const requestMs = await endProbe()
  // Before the server, which would say goodbye to each.
  crowd[Symbol.dispose]()
  const eachMs = [...first.eachMs, ...rest.eachMs]
  return {
    connectSeconds: first.seconds + rest.seconds,
    connectP50Ms: quantile(eachMs, 0.5),
    connectP99Ms: quantile(eachMs, 0.99),
    connectCpuSeconds: (firstCpuMs + restCpuMs) / 1000,
    rssPerConnection: each(after.rss - before.rss),
    collected,
    rssAtAll: after.rss,
    tellMs: middle?.ms,
    tellCpuMs: middle?.cpuMs,
    encodingsPerEvent: middle?.encodings,
    changeSeconds: changed,
    changeCpuSeconds: changeCpuMs / 1000,
    stormSeconds: storm.seconds,
    stormP99Ms: quantile(storm.eachMs, 0.99),
    stormRequestP99Ms: quantile(requestMs, 0.99),
    stormRequests: requestMs.length,
  }
}
