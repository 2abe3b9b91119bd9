/** All devices of all users: a process of its own, which carries out the orders of its parent. */
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../../test/helpers/wait.ts'
import { LeanDevice } from './lean-device.ts'
import type { Answers, Order } from './orders.ts'
import { type Resident, settle } from './town.ts'

/** What the client library does. Each device has a moment of its own in it. */
const PING_INTERVAL_MS = 15_000
const PING_STEPS = 100

/** Longer than all events may take. */
const EVENTS_DEADLINE_MS = 120_000

/** A name that nobody ever decrypts. */
const ENCRYPTED_NAME = `2.${Buffer.alloc(16).toString('base64')}|${Buffer.alloc(32).toString('base64')}|${Buffer.alloc(32).toString('base64')}`

let residents: readonly Resident[] = []
let devicesPerUser = 1
const devices: (LeanDevice | undefined)[] = []
let expectedEvents = 0
let heardEvents = 0
let firstAtNs = 0
let lastAtNs = 0

const nowNs = () => Number(process.hrtime.bigint())

function onEvent(): void {
  lastAtNs = nowNs()
  if (heardEvents++ === 0) firstAtNs = lastAtNs
}

/** Somebody who is gone makes figures that look good. */
function onLost(): void {
  throw new Error('The server let go of a device')
}

type Carry = { readonly [Kind in Order['kind']]: (order: Extract<Order, { kind: Kind }>) => Promise<Answers[Kind]> }

const carry: Carry = {
  async settle({ dataFolder, users, devicesPerUser: perUser }) {
    devicesPerUser = perUser
    residents = await settle(dataFolder, users, perUser)
    return { userIds: [...new Set(residents.map(({ userId }) => userId))], accessToken: residents[0]!.accessToken }
  },

  async connect({ address, from, to, atATime }) {
    const eachMs: number[] = []
    let refused = 0
    const beganAtMs = performance.now()
    await inTurns(from, to, atATime, async (i) => {
      const startedAtMs = performance.now()
      const device = new LeanDevice({ address, resident: residents[i]!, onEvent, onLost })
      try {
        await device.opened()
        devices[i] = device
        eachMs.push(performance.now() - startedAtMs)
      } catch (error) {
        if (refused++ === 0) console.error(error)
      }
    })
    return { seconds: (performance.now() - beganAtMs) / 1000, eachMs, refused }
  },

  async expect({ events }) {
    expectedEvents = events
    heardEvents = 0
    return {}
  },

  async events() {
    await until(() => heardEvents >= expectedEvents, `${expectedEvents} events`, EVENTS_DEADLINE_MS)
    // One too many is as wrong as one too few.
    await sleep(200)
    if (heardEvents !== expectedEvents) throw new Error(`${heardEvents} events instead of ${expectedEvents}`)
    return { firstAtNs, lastAtNs }
  },

  async change({ address, atATime }) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: atATime })
    const beganAtNs = nowNs()
    await inTurns(0, residents.length / devicesPerUser, atATime, (user) =>
      makeFolder(address, agent, residents[user * devicesPerUser]!),
    )
    agent.destroy()
    return { beganAtNs }
  },

  async drop({ from, to }) {
    for (const device of devices.splice(from, to - from, ...new Array<undefined>(to - from))) device?.drop()
    return {}
  },
}

/** `work` for each number from `from` on below `to`, `atATime` of them at a time. */
async function inTurns(from: number, to: number, atATime: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = from
  const worker = async () => {
    while (next < to) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(atATime, to - from) }, worker))
}

async function makeFolder(
  { host, port }: { readonly host: string; readonly port: number },
  agent: http.Agent,
  { accessToken }: Resident,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' }
  const request = http.request({ host, port, agent, method: 'POST', path: '/api/folders', headers }, (response) => {
    response.resume().on('end', () => {
      if (response.statusCode === 200) resolve()
      else reject(new Error(`A folder was answered with ${response.statusCode}`))
    })
  })
  request.on('error', reject).end(JSON.stringify({ name: ENCRYPTED_NAME }))
  return promise
}

let step = 0
setInterval(() => {
  for (let i = step; i < devices.length; i += PING_STEPS) devices[i]?.ping()
  step = (step + 1) % PING_STEPS
}, PING_INTERVAL_MS / PING_STEPS)

process.on('message', async (order: Order) => {
  const answer = await carry[order.kind](order as never)
  process.send?.(answer)
})
process.once('disconnect', () => process.exit())
