/**
 * What wrong passwords cost others: a connected client's ping and pong, and logins from another address, while one
 * address sends 200 wrong logins a second; with bcrypt (cost 11) and with plain passwords. Demanded of Belfry: the 99th
 * percentile of ping and pong below 25 ms. Run: `node bench/login-flood.ts`; takes about two minutes.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { bcryptPassword } from '#auth'
import type { ListenAddress } from '#net'
import { type Credentials, logIn } from './login/nats-login.ts'
import type { WrongLoginsFigures } from './login/wrong-logins.ts'
import { machine } from './machine.ts'
import { BELFRY, NATS_SERVER, type ServerProgram, startConfigured } from './servers/configured.ts'
import { cpuMsOf } from './servers/process-figures.ts'
import { median, quantile } from './statistics.ts'
import { printTable } from './table.ts'

const PER_SECOND = 200
const QUIET_MS = 3_000
const WARM_UP_MS = 3_000
const FLOOD_MS = 12_000
const PING_EVERY_MS = 5
const LOGIN_EVERY_MS = 1_000
const BCRYPT_COST = 11
const MAX_P99_MS = 25

/** Linux has all of 127/8 on its loopback. */
const FLOODING_ADDRESS = '127.0.0.66'
const OTHER_ADDRESS = '127.0.0.1'

/** One for the connected client, and one for each login: a password that was right before need not be hashed again. */
const USERS: readonly Credentials[] = Array.from({ length: 2 + FLOOD_MS / LOGIN_EVERY_MS }, (_, i) => {
  return { user: `user${i}`, password: `secret ${i}` }
})

function configOf(secrets: readonly string[]): string {
  const users = USERS.map(({ user }, i) => `    { user: ${user}, password: ${JSON.stringify(secrets[i])} }`)
  return `authorization {\n  users: [\n${users.join('\n')}\n  ]\n}`
}

interface Figures {
  readonly quietMs: readonly number[]
  readonly floodedMs: readonly number[]
  readonly loginsMs: readonly number[]
  readonly answeredPerSecond: number
  readonly busyCores: number
}

async function measure(program: ServerProgram, secrets: readonly string[]): Promise<Figures> {
  await using server = await startConfigured(program, configOf(secrets))
  const [own, ...others] = USERS
  const login = await logIn({ server: server.address, localAddress: OTHER_ADDRESS, credentials: own! })
  if (login === undefined) throw new Error(`${program.name} refused a right password`)
  const { socket } = login
  await pingFor(socket, 1_000)
  const quietMs = await pingFor(socket, QUIET_MS)

  const flood = fork(new URL('login/wrong-logins.ts', import.meta.url))
  const exited = once(flood, 'exit')
  const users = USERS.map(({ user }) => user)
  flood.send({ server: server.address, localAddress: FLOODING_ADDRESS, perSecond: PER_SECOND, users })
  await sleep(WARM_UP_MS)
  const [before, cpuBefore, startMs] = [await figuresOf(flood), cpuMsOf(server.pid), performance.now()]
  const [floodedMs, loginsMs] = await Promise.all([
    pingFor(socket, FLOOD_MS),
    logInOneByOne(server.address, others.slice(0, FLOOD_MS / LOGIN_EVERY_MS)),
  ])
  const [after, cpuAfter, tookMs] = [await figuresOf(flood), cpuMsOf(server.pid), performance.now() - startMs]
  flood.disconnect()
  await exited
  socket.destroy()
  return {
    quietMs,
    floodedMs,
    loginsMs,
    answeredPerSecond: ((after.answered - before.answered) * 1000) / tookMs,
    busyCores: (cpuAfter - cpuBefore) / tookMs,
  }
}

async function figuresOf(flood: ChildProcess): Promise<WrongLoginsFigures> {
  flood.send('figures')
  const [figures] = await once(flood, 'message')
  return figures
}

/** Milliseconds from each PING to its PONG. */
async function pingFor(socket: Socket, durationMs: number): Promise<readonly number[]> {
  const tripsMs: number[] = []
  const untilMs = performance.now() + durationMs
  while (performance.now() < untilMs) {
    const startMs = performance.now()
    socket.write('PING\r\n')
    let said = ''
    // The server may ping us in between.
    while (!said.includes('PONG\r\n')) said += (await once(socket, 'data'))[0]
    if (said.includes('PING\r\n')) socket.write('PONG\r\n')
    tripsMs.push(performance.now() - startMs)
    await sleep(PING_EVERY_MS)
  }
  return tripsMs
}

/** How long each login took; infinitely when it was refused. */
async function logInOneByOne(server: ListenAddress, users: readonly Credentials[]): Promise<readonly number[]> {
  return Promise.all(
    users.map(async (credentials, i) => {
      await sleep(i * LOGIN_EVERY_MS)
      const login = await logIn({ server, localAddress: OTHER_ADDRESS, credentials })
      login?.socket.destroy()
      return login?.tookMs ?? Infinity
    }),
  )
}

console.log(machine())
const plain = USERS.map(({ password }) => password)
const hashed: string[] = []
for (const { password } of USERS) hashed.push(await bcryptPassword(password, BCRYPT_COST))

let isMet = true
for (const [what, secrets] of [
  [`bcrypt, cost ${BCRYPT_COST}`, hashed],
  ['plain passwords', plain],
] as const) {
  const figures: Figures[] = []
  for (const program of [BELFRY, NATS_SERVER]) figures.push(await measure(program, secrets))
  const column = (heading: string, value: (one: Figures) => number, digits = 1) => {
    return { heading, values: figures.map(value), digits, hasRatio: false }
  }
  printTable(
    `${what}: ${PER_SECOND} wrong logins a second; ping and pong, and logins from another address, in milliseconds`,
    [BELFRY, NATS_SERVER].map(({ name }) => name),
    [
      column('quiet p99', ({ quietMs }) => quantile(quietMs, 0.99), 2),
      column('median', ({ floodedMs }) => median(floodedMs), 2),
      column('p99', ({ floodedMs }) => quantile(floodedMs, 0.99), 2),
      column('max', ({ floodedMs }) => quantile(floodedMs, 1)),
      column('login median', ({ loginsMs }) => median(loginsMs), 0),
      column('login max', ({ loginsMs }) => quantile(loginsMs, 1), 0),
      column('answered/s', ({ answeredPerSecond }) => answeredPerSecond, 0),
      column('cores', ({ busyCores }) => busyCores, 2),
    ],
  )
  isMet &&= quantile(figures[0]!.floodedMs, 0.99) < MAX_P99_MS
}
console.log(`\nDemanded of Belfry: p99 of ping and pong < ${MAX_P99_MS} ms: ${isMet ? 'met' : 'NOT met'}`)
