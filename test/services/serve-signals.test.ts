/** `belfry serve` as a process: reloads by SIGHUP, and leaves gently by SIGUSR2, with real clients. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { connectTcp, connectWebSocket, type NatsConnection, type Status } from '../conformance/nats-clients.ts'
import { WireClient } from '../doors/nats/websocket-table/wire-client.ts'
import { type RunningProgram, startProgram } from '../helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { until, within } from '../helpers/wait.ts'
import { ConfiguredServer, websocket } from './configured-server.ts'

const BELFRY = path.resolve(import.meta.dirname, '../../bin/belfry')
const WEB = 'web { listen: "127.0.0.1:-1", https: false }\n'
const LAME_DUCK = 'lame_duck_duration: "30s"\nlame_duck_grace_period: "1s"\n'

interface Served {
  readonly program: RunningProgram
  readonly natsPort: number
  readonly webSocketPort: number
}

async function serve(folder: TemporaryFolder, settings: string): Promise<Served> {
  await configure(folder, settings)
  const program = await startProgram({
    command: BELFRY,
    args: ['-c', 'belfry.conf'],
    cwd: folder.path,
    env: { LOG_LEVEL: 'warn' },
    ready: /Stop with Ctrl-C/,
  })
  const portOf = async (pattern: RegExp) => Number((await program.saying(pattern))[1])
  return {
    program,
    natsPort: await portOf(/nats:\/\/127\.0\.0\.1:(\d+)/),
    webSocketPort: await portOf(/, ws:\/\/127\.0\.0\.1:(\d+)$/m),
  }
}

async function configure(folder: TemporaryFolder, settings: string): Promise<void> {
  await writeFile(folder.join('belfry.conf'), `listen: "127.0.0.1:-1"\n${WEB}${settings}`)
}

/** Keeps what the client reports of its connection. */
function statuses(client: NatsConnection): Status[] {
  const seen: Status[] = []
  void (async () => {
    for await (const status of client.status()) seen.push(status)
  })()
  return seen
}

test('SIGHUP reads the file again: each change is a line, so is each connection that it ends; a bad file changes nothing', async () => {
  await using folder = await temporaryFolder()
  const login = (password: string) => `authorization { user: u, password: ${password} }\n`
  const { program, webSocketPort } = await serve(folder, login('first') + websocket())
  await using _ = program
  const address = { host: '127.0.0.1', port: webSocketPort }
  using client = await WireClient.connect(address)
  client.say('CONNECT {"verbose":false,"user":"u","pass":"first","name":"page"}\r\n')
  await client.untilPong()

  await configure(folder, `${login('second')}max_payload: 2MB\n${websocket('path: [nonsense')}`)
  program.child.kill('SIGHUP')
  await program.saying(/belfry: the configuration stays as it was: Parse error on line \d+: .*\(belfry\.conf:\d+:\d+\)/)
  await client.untilPong()

  await configure(folder, `${login('second')}max_payload: 2MB\n${websocket('headers: { X-A: b }')}`)
  program.child.kill('SIGHUP')
  await program.saying(/belfry: the configuration is reloaded\n/)
  const lines = program.stderr.split('\n').filter((line) => line.startsWith('belfry: reloaded: '))
  assert.deepEqual(
    lines.map((line) => line.replace(/127\.0\.0\.1:\d+/, 'A').slice('belfry: reloaded: '.length)),
    [
      'nats.maxPayloadBytes: 1048576 -> 2097152',
      'nats.authorization.password: [redacted] -> [redacted]',
      'websockets[0].headers: [] -> [["X-A","b"]]',
      'closed connection 1 of A "page": Authentication Failure',
    ],
  )
  assert.ok(!/first|second/.test(program.output))
  assert.deepEqual(await client.ended(), { code: 1008, reason: 'Authentication Failure' })
})

test('SIGUSR2: clients are told, go elsewhere, and the process ends when the last has gone', async () => {
  await using folder = await temporaryFolder()
  await using elsewhere = await ConfiguredServer.start(websocket())
  const { program, natsPort, webSocketPort } = await serve(folder, LAME_DUCK + websocket())
  await using _ = program
  const options = { noRandomize: true, reconnectTimeWait: 10, maxReconnectAttempts: 100 }
  const clients = [
    await connectTcp([`nats://127.0.0.1:${natsPort}`, elsewhere.natsUrl], options),
    await connectWebSocket([`ws://127.0.0.1:${webSocketPort}`, elsewhere.webSocketUrl()], options),
  ]
  const seen = clients.map(statuses)
  // Only who has answered a PING can take an INFO at any time.
  for (const client of clients) await client.flush()

  // A second signal of impatience is none.
  program.child.kill('SIGUSR2')
  await program.saying(/lame duck mode: NATS clients are told to go elsewhere/)
  program.child.kill('SIGUSR2')
  for (const one of seen) await until(() => one.some(({ type }) => type === 'ldm'), 'ldm')
  await assert.rejects(connectTcp(`nats://127.0.0.1:${natsPort}`, { reconnect: false }))

  const [tcp, webSocket] = clients as [NatsConnection, NatsConnection]
  // The WebSocket client makes two attempts at once when its server leaves, of which one may get stuck.
  await until(() => seen[0]!.some(({ type }) => type === 'reconnect'), 'another server', 20_000)
  await until(() => seen[1]!.some(({ type }) => type === 'disconnect'), 'the end of the connection')
  assert.deepEqual(await within(program.exited, 'the end', 20_000), { code: 0, signal: null })
  assert.equal(tcp.getServer(), `127.0.0.1:${elsewhere.tcp.port}`)
  await tcp.flush()
  await Promise.all([tcp.close(), webSocket.close()])
})

test('SIGTERM in lame duck mode ends it at once', async () => {
  await using folder = await temporaryFolder()
  const { program, webSocketPort } = await serve(folder, websocket())
  await using _ = program
  using client = await WireClient.ready({ host: '127.0.0.1', port: webSocketPort })
  program.child.kill('SIGUSR2')
  await program.saying(/lame duck mode/)
  program.child.kill('SIGTERM')
  assert.deepEqual(await client.ended(), { code: 1001, reason: 'Server Shutdown' })
  assert.deepEqual(await within(program.exited, 'the end', 5_000), { code: 0, signal: null })
})
