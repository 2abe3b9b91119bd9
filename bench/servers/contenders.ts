import { spawnSync } from 'node:child_process'
import type { ListenAddress } from '#net'
import { NATS_SERVER, startConfigured } from './configured.ts'
import { startBelfry } from './start-belfry.ts'

/** A server in a process of its own that speaks NATS over TCP and over WebSocket. */
export interface Contender extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly tcp: ListenAddress
  readonly websocket: ListenAddress
}

export type StartContender = () => Promise<Contender>

/** Belfry, and the nats-server that `NATS_SERVER` names (default: of the PATH), when there is one. */
export function contenders(): readonly StartContender[] {
  const { command } = NATS_SERVER
  const { stdout, error } = spawnSync(command, ['--version'], { encoding: 'utf8' })
  if (error !== undefined) {
    console.log(`${command} cannot be run (${error.message}): Belfry runs alone. NATS_SERVER=<path> names one.`)
    return [startBelfryContender]
  }
  const version = /v(\d\S*)/.exec(stdout)?.[1] ?? ''
  return [startBelfryContender, () => startNatsServer(`nats-server ${version}`)]
}

async function startBelfryContender(): Promise<Contender> {
  const belfry = await startBelfry()
  const { nats, websockets } = belfry.addresses
  return {
    name: 'Belfry',
    pid: belfry.child.pid!,
    tcp: nats,
    websocket: websockets[0]!,
    [Symbol.asyncDispose]: () => belfry[Symbol.asyncDispose](),
  }
}

async function startNatsServer(name: string): Promise<Contender> {
  const server = await startConfigured(NATS_SERVER, 'websocket { listen: "127.0.0.1:-1", no_tls: true }')
  return {
    name,
    pid: server.pid,
    tcp: server.address,
    websocket: server.websocket!,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
