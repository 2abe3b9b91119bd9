/** `belfry nats-server` launched as test suites and tools launch nats-server, with real clients' conversations. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { startNatsServer } from '../helpers/nats-server.ts'
import { type RunningProgram, runProgram, startProgram } from '../helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { once, until, within } from '../helpers/wait.ts'

const BELFRY = path.resolve(import.meta.dirname, '../../bin/belfry')

interface Launched extends AsyncDisposable {
  readonly program: RunningProgram
  readonly folder: TemporaryFolder
  /** Of the ports file. */
  readonly ports: Readonly<Record<string, readonly string[]>>
}

/** By a link called nats-server, with a configuration file, and found again by its ports file. */
async function launch(config = '', ...args: string[]): Promise<Launched> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  symlinkSync(BELFRY, folder.join('nats-server'))
  mkdirSync(folder.join('ports'))
  writeFileSync(
    folder.join('nats.conf'),
    `listen: "127.0.0.1:-1"\npid_file: nats.pid\nports_file_dir: ports\n${config}\n`,
  )
  const program = cleanup.use(
    await startProgram({
      command: folder.join('nats-server'),
      args: ['-c', 'nats.conf', ...args],
      cwd: folder.path,
      ready: /Server is ready/,
    }),
  )
  const file = folder.join('ports', `nats-server_${program.child.pid}.ports`)
  const ports = JSON.parse(readFileSync(file, 'utf8'))
  const kept = cleanup.move()
  return { program, folder, ports, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** A NATS client that says what it likes. */
class Client implements Disposable {
  readonly #socket: net.Socket
  text = ''

  constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.#socket = net.connect(Number(port), hostname)
    this.#socket.setEncoding('utf8').on('data', (text: string) => {
      this.text += text
    })
    this.#socket.on('error', () => undefined)
  }

  say(text: string): void {
    this.#socket.write(text)
  }

  async hears(pattern: RegExp): Promise<RegExpExecArray> {
    return until(() => pattern.exec(this.text), `${pattern} in ${JSON.stringify(this.text)}`)
  }

  async closed(): Promise<void> {
    if (!this.#socket.closed) await once(this.#socket, 'close')
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

test('it is launched as nats-server is, found by its ports file, serves, and leaves nothing behind', async () => {
  await using server = await launch('http: "127.0.0.1:-1"\nwebsocket { listen: "127.0.0.1:-1", no_tls: true }')
  const { program, folder, ports } = server
  assert.deepEqual(Object.keys(ports).sort(), ['monitoring', 'nats', 'websocket'])
  assert.equal(readFileSync(folder.join('nats.pid'), 'utf8'), String(program.child.pid))

  using client = new Client(ports.nats![0]!)
  client.say('CONNECT {"verbose":false}\r\nSUB foo 1\r\nPUB foo 5\r\nhello\r\nPING\r\n')
  await client.hears(/MSG foo 1 5\r\nhello\r\nPONG\r\n/)

  const browser = new WebSocket(ports.websocket![0]!)
  browser.binaryType = 'arraybuffer'
  const info = Promise.withResolvers<string>()
  browser.addEventListener('message', ({ data }) => info.resolve(Buffer.from(data).toString()), { once: true })
  assert.match(await within(info.promise, 'INFO over WebSocket'), /^INFO \{/)
  browser.close()

  const varz = (await (await fetch(`${ports.monitoring![0]}/varz`)).json()) as { server_id: string }
  assert.ok(client.text.includes(varz.server_id))

  const { code } = await program.stop('SIGINT')
  assert.equal(code, 0)
  assert.equal(program.stdout, '')
  assert.match(
    program.stderr,
    /Trapped "interrupt" signal\n.*Initiating Shutdown\.\.\.\n(?:.*\n)*.*Server Exiting\.\.\n$/,
  )
  assert.deepEqual(readdirSync(folder.join('ports')), [])
  assert.ok(!readdirSync(folder.path).includes('nats.pid'))
  await client.closed()
})

test('it needs no data folder and makes none', async () => {
  await using server = await launch()
  assert.deepEqual(readdirSync(server.folder.path).sort(), ['nats-server', 'nats.conf', 'nats.pid', 'ports'])
})

test('a test suite that starts nats-server from the PATH starts it instead', async () => {
  await using folder = await temporaryFolder()
  // Suites that resolve links would lose the name.
  writeFileSync(folder.join('nats-server'), `#!/bin/sh\nexec "${BELFRY}" nats-server "$@"\n`, { mode: 0o755 })
  const { PATH } = process.env
  process.env.PATH = `${folder.path}${path.delimiter}${PATH}`
  try {
    await using server = await startNatsServer('websocket { port: -1, no_tls: true }')
    assert.match(server.program.stderr, /Version: .*Belfry/)
    using client = new Client(server.url)
    client.say('CONNECT {}\r\nPING\r\n')
    await client.hears(/PONG/)
  } finally {
    process.env.PATH = PATH
  }
})

test('the command line alone is enough, with a user who must log in', async () => {
  await using folder = await temporaryFolder()
  await using program = await startProgram({
    command: BELFRY,
    args: ['nats-server', '-a', '127.0.0.1', '-p', '-1', '--user', 'bell', '--pass', 'ringer-of-bells', '-DV'],
    cwd: folder.path,
    ready: /Server is ready/,
  })
  const [, address] = await program.saying(/Listening for client connections on (127\.0\.0\.1:\d+)/)
  using refused = new Client(`nats://${address}`)
  refused.say('CONNECT {"user":"bell","pass":"wrong-and-secret"}\r\nPING\r\n')
  await refused.hears(/-ERR 'Authorization Violation'/)
  await program.saying(/\[ERR\] .*cid:\d+ - authentication error/)
  using client = new Client(`nats://${address}`)
  client.say('CONNECT {"user":"bell","pass":"ringer-of-bells"}\r\nPING\r\n')
  await client.hears(/PONG/)
  assert.deepEqual(readdirSync(folder.path), [])
  await program.stop()
  assert.doesNotMatch(program.stderr, /ringer-of-bells|wrong-and-secret/)
})

test('its password is in no list of processes', { skip: process.platform !== 'linux' && 'reads /proc' }, async () => {
  await using program = await startProgram({
    command: BELFRY,
    args: ['nats-server', '-a', '127.0.0.1', '-p', '-1', '--user', 'bell', '--pass', 'ringer-of-bells'],
    ready: /Server is ready/,
  })
  const commandLine = readFileSync(`/proc/${program.child.pid}/cmdline`, 'latin1')
  assert.match(commandLine, /^nats-server/)
  assert.doesNotMatch(commandLine, /ringer/)
})

test('--signal reload by pid file takes up the new file, and says what changed', async () => {
  await using server = await launch('max_payload: 1000')
  const { program, folder, ports } = server
  const config = readFileSync(folder.join('nats.conf'), 'utf8')
  writeFileSync(folder.join('nats.conf'), config.replace('max_payload: 1000', 'max_payload: 2000'))
  const { code, stderr } = await runProgram({
    command: BELFRY,
    args: ['nats-server', '--signal', 'reload', '-c', 'nats.conf'],
    cwd: folder.path,
  })
  assert.equal(code, 0, stderr)
  await program.saying(/Trapped "hangup" signal/)
  await program.saying(/\[INF\] Reloaded: .*1000.*2000/)
  await program.saying(/\[INF\] Reloaded server configuration \(sha256:[\da-f]{64}\)/)
  using client = new Client(ports.nats![0]!)
  await client.hears(/"max_payload":2000\b/)
})

test('a file that became wrong is told, and the server goes on as it was', async () => {
  await using server = await launch()
  const { program, folder, ports } = server
  writeFileSync(folder.join('nats.conf'), 'port: 1\nfoo: 2\n')
  program.child.kill('SIGHUP')
  await program.saying(/\[ERR\] Failed to reload server configuration: nats\.conf:2:1: unknown field "foo"/)
  using client = new Client(ports.nats![0]!)
  client.say('CONNECT {}\r\nPING\r\n')
  await client.hears(/PONG/)
})

test('--signal ldm tells the clients to go, and INT ends it before its time', async () => {
  await using server = await launch()
  const { program, folder, ports } = server
  using client = new Client(ports.nats![0]!)
  client.say('CONNECT {"protocol":1}\r\nPING\r\n')
  await client.hears(/PONG/)
  await runProgram({ command: BELFRY, args: ['nats-server', `-sl=ldm=${folder.join('nats.pid')}`] })
  await client.hears(/"ldm":true/)
  await program.saying(/Entering lame duck mode, stop accepting new clients/)
  assert.equal((await program.stop('SIGINT')).code, 0)
})

test('-V shows what passes, without the secrets in it', async () => {
  await using server = await launch('authorization { user: u, password: ringer-of-bells }', '-V')
  const { program, ports } = server
  using client = new Client(ports.nats![0]!)
  client.say(
    'CONNECT {"user":"u","pass":"ringer-of-bells","lang":"x","name":"my app"}\r\nSUB foo 1\r\nPUB foo 5\r\nhello\r\nPING\r\n',
  )
  await client.hears(/PONG/)
  await program.saying(/->> \[PONG\]/)
  const traced = program.stderr
    .split('\n')
    .flatMap((line) => /\[TRC\] 127\.0\.0\.1:\d+ - cid:\d+ - (.*)/.exec(line)?.[1] ?? [])
  const who = traced[1]?.replace(/(?<=" - )(?!").*/, '')
  assert.match(who!, /^"x:my app" - "\$G\/.*u" - $/)
  assert.deepEqual(traced, [
    '<<- [CONNECT {"user":"u","pass":"[REDACTED]","lang":"x","name":"my app"}]',
    ...['->> [OK]', '<<- [SUB foo 1]', '->> [OK]', '<<- [PUB foo 5]', '<<- MSG_PAYLOAD: ["hello"]', '->> [OK]'].map(
      (line) => who + line,
    ),
    ...['->> [MSG foo 1 5]', '->> MSG_PAYLOAD: ["hello"]', '<<- [PING]', '->> [PONG]'].map((line) => who + line),
  ])
  assert.doesNotMatch(program.stderr, /ringer-of-bells|\[DBG\]/)
})

test('--signal reopen goes on in a new log file', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('nats.log')
  await using program = await startProgram({
    command: BELFRY,
    args: ['nats-server', '-a', '127.0.0.1', '-p', '-1', '-l', file, '-P', folder.join('pid')],
  })
  await until(() => readFileSync(file, 'utf8').includes('Server is ready'), 'the log file')
  renameSync(file, `${file}.1`)
  await runProgram({ command: BELFRY, args: ['nats-server', '-sl', `reopen=${folder.join('pid')}`] })
  await until(() => readFileSync(file, 'utf8').includes('File log re-opened'), 'the new log file')
  await program.stop()
  assert.match(readFileSync(file, 'utf8'), /Server Exiting\.\.\n$/)
  assert.equal(program.output, '')
})

test('it is up soon: what only the vault and its web server need is not loaded', async () => {
  // Writes at the end which packages were loaded.
  const report = `import { registerHooks } from 'node:module'
    const packages = new Set()
    registerHooks({ load(url, context, load) {
      packages.add(/.*node_modules\\/((?:@[^/]+\\/)?[^/]+)|$/.exec(url)[1])
      return load(url, context)
    } })
    process.on('exit', () => console.error('loaded', ...packages))`
  const loadedBy = async (...args: string[]) => {
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(report)}` }
    const { stderr } = await runProgram({ command: BELFRY, args, env })
    return new Set(/^loaded (.+)$/m.exec(stderr)?.[1]?.split(' '))
  }
  const heavy = new Set(['fastify', 'typebox'])
  assert.deepEqual((await loadedBy('serve', '--help')).intersection(heavy), heavy)
  const loaded = await loadedBy('nats-server', '-v')
  assert.ok(loaded.has('pino'))
  // Databases are loaded when one is opened, and what compiles patterns of hosts with the first pattern.
  assert.deepEqual(loaded.intersection(new Set([...heavy, 'kysely', 'pg', 're2js'])), new Set())
})

test('a port that is taken is fatal', async () => {
  await using server = await launch()
  const { port } = new URL(server.ports.nats![0]!)
  const { code, stderr } = await runProgram({ command: BELFRY, args: ['nats-server', '-a', '127.0.0.1', '-p', port] })
  assert.equal(code, 1)
  assert.match(stderr, /\[FTL\] Error listening on port: .*address already in use/)
})

test('-v is one line that launchers cut the release out of', async () => {
  const { code, stdout, stderr } = await runProgram({ command: BELFRY, args: ['nats-server', '-v'] })
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^nats-server: v\d+\.\d+\.\d+\n$/)
})

test('belfry --help names it', async () => {
  const { stdout } = await runProgram({ command: BELFRY, args: ['--help'] })
  assert.match(stdout, /^ {2}nats-server/m)
})
