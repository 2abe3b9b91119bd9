/** The life of `nats-server` as a process: its log, its files, its signals, its end. The listeners are doubles here. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { ConfigError } from '#kit'
import { hasPlainPassword } from '../../src/commands/nats-server/announce.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { until } from '../helpers/wait.ts'
import { type FakeNatsServer, NatsServerRun, PID } from './nats-server-world.ts'

const WEBSOCKETS = 'websocket: [{ port: -1, no_tls: true }, { port: 443, tls { cert_file: c, key_file: k } }]\n'

const TLS = {
  certificates: [],
  verify: true,
  timeoutMs: 2_000,
  cipherSuites: [],
  curvePreferences: [],
  minVersion: 'TLSv1.2',
  pinnedCerts: [],
  handshakeFirst: false,
  allowNonTls: false,
} as const

async function run(folder: TemporaryFolder, config: string, ...args: string[]): Promise<NatsServerRun> {
  // An empty file would be warned of.
  writeFileSync(folder.join('nats.conf'), config || 'debug: false')
  return new NatsServerRun(['-c', 'nats.conf', ...args], { cwd: folder.path })
}

async function endedBy(started: NatsServerRun, signal: NodeJS.Signals = 'SIGINT'): Promise<number> {
  started.signal(signal)
  return started.exitCode
}

test('the first lines say what runs, where it listens, and that it is ready', async () => {
  await using folder = await temporaryFolder()
  const config = `listen: "127.0.0.1:-1"\nhttp: "127.0.0.1:-1"\nserver_name: bell\nauthorization { user: u, password: p }\n`
  const started = await run(
    folder,
    `${config}websocket { listen: "127.0.0.1:-1", no_tls: true }\nleafnodes { listen: "127.0.0.1:-1" }`,
  )
  await started.isReady()
  const [, digest] = /(\(sha256:[\da-f]{64}\))/.exec(started.log)!
  assert.deepEqual(started.logTexts, [
    '[INF] Starting nats-server',
    '[INF]   Version:  2.9.25 (Belfry 0.1.0)',
    '[WRN] Plaintext passwords detected, use nkeys or bcrypt',
    `[INF] Using configuration file: nats.conf ${digest}`,
    '[INF]   Name:     bell',
    '[INF]   ID:       NFAKE',
    '[INF] Starting http monitor on 127.0.0.1:4201',
    '[INF] Listening for websocket clients on ws://127.0.0.1:4100',
    '[WRN] Websocket not configured with TLS. DO NOT USE IN PRODUCTION!',
    '[INF] Listening for leafnode connections on 127.0.0.1:4301',
    '[INF] Listening for client connections on 127.0.0.1:4001',
    '[INF] Server is ready',
    '',
  ])
  assert.equal(await endedBy(started), 0)
})

test('a bcrypt password is no plaintext password', async () => {
  const started = new NatsServerRun(['--user', 'u', '--pass', 'p'])
  const { options } = await started.isReady()
  await endedBy(started)
  const withPassword = (password: string) => ({
    ...options,
    nats: { ...options.nats, authorization: { ...options.nats.authorization, password } },
  })
  assert.equal(hasPlainPassword(options), true)
  assert.equal(hasPlainPassword(withPassword(`$2a$11$${'x'.repeat(53)}`)), false)
  assert.equal(hasPlainPassword(withPassword('$2a')), true)
  const withUser = (password: string, verifyAndMap?: boolean) => ({
    ...options,
    nats: {
      ...options.nats,
      tls: verifyAndMap ? { ...TLS, verifyAndMap } : undefined,
      authorization: { users: [{ user: 'ann', password, account: '$G' }] },
    },
  })
  assert.equal(hasPlainPassword(withUser('secret')), true)
  assert.equal(hasPlainPassword(withUser(`$2a$11$${'x'.repeat(53)}`)), false)
  assert.equal(hasPlainPassword(withUser('')), true)
  assert.equal(hasPlainPassword(withUser('', true)), false)
  assert.equal(hasPlainPassword(withUser('secret', true)), true)
})

test('what TLS and the PROXY protocol mean for clients is said', async () => {
  await using folder = await temporaryFolder()
  const tls = 'cert_file: c, key_file: k'
  const linesWith = async (config: string) => {
    const started = await run(folder, config)
    await started.isReady()
    await endedBy(started)
    return started.logTexts.filter((line) => /TLS|PROXY|websocket clients/.test(line))
  }
  assert.deepEqual(await linesWith(`tls { ${tls} }`), ['[INF] TLS required for client connections'])
  assert.deepEqual(await linesWith(`tls { ${tls} }\nallow_non_tls: true`), [
    '[INF] TLS available for client connections',
  ])
  assert.deepEqual(await linesWith(`tls { ${tls}, handshake_first: true }`), [
    '[INF] TLS required for client connections',
    '[WRN] Clients that are not using "TLS Handshake First" option will fail to connect',
  ])
  assert.deepEqual(await linesWith(`websocket { port: 443, tls { ${tls} } }`), [
    '[INF] Listening for websocket clients on wss://0.0.0.0:443',
  ])
})

test('the rooms log through its log, and trace with -V', async () => {
  const started = new NatsServerRun(['-DV', '--max_traced_msg_len', '3'])
  const { logger, trace } = await started.isReady()
  const client = { client: 5, address: '127.0.0.1', port: 5222 }
  logger.child({ door: 'nats' }).debug({ ...client, reason: 'Client Closed' }, 'client closed')
  trace.receivedPayload(client, Buffer.from('hello'), 0)
  assert.deepEqual(started.logTexts.slice(-3), [
    '[DBG] 127.0.0.1:5222 - cid:5 - Client connection closed: Client Closed',
    '[TRC] 127.0.0.1:5222 - cid:5 - <<- MSG_PAYLOAD: ["hel..."]',
    '',
  ])
  await endedBy(started)
})

test('the ports file tells every URL once all are up, and goes at the end', async () => {
  await using folder = await temporaryFolder()
  const config = `listen: "127.0.0.1:-1"\nhttp: "127.0.0.1:-1"\nports_file_dir: "."\n`
  const started = await run(
    folder,
    `${config}leafnodes { listen: "127.0.0.1:-1" }\n` +
      WEBSOCKETS.replace('port: 443', 'listen: "[::1]:443"').replace('port: -1', 'listen: "localhost:-1"'),
  )
  await started.isReady()
  assert.deepEqual(readdirSync(folder.path).sort(), ['nats.conf', `nats-server_${PID}.ports`].sort())
  const ports = JSON.parse(readFileSync(folder.join(`nats-server_${PID}.ports`), 'utf8'))
  assert.match(ports.websocket[0], /^ws:\/\/(127\.0\.0\.1|\[::1\]):4100$/)
  assert.deepEqual(ports, {
    nats: ['nats://127.0.0.1:4001'],
    monitoring: ['http://127.0.0.1:4201'],
    websocket: [ports.websocket[0], 'wss://[::1]:443'],
    leafnodes: ['nats://127.0.0.1:4301'],
  })
  await endedBy(started)
  assert.deepEqual(readdirSync(folder.path), ['nats.conf'])
})

test('a server with TLS has tls URLs, and "any address" is each of this machine', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, 'ports_file_dir: "."\ntls { cert_file: c, key_file: k }')
  await started.isReady()
  const { nats } = JSON.parse(readFileSync(folder.join(`nats-server_${PID}.ports`), 'utf8'))
  assert.ok(nats.includes('tls://127.0.0.1:4222'), nats.join())
  assert.ok(!nats.some((url: string) => url.includes('0.0.0.0')))
  await endedBy(started)
})

test('a folder for the ports file that is not there costs the file and no more', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, '', '--ports_file_dir', folder.join('none'))
  await started.isReady()
  const file = folder.join(`none/nats-server_${PID}.ports`)
  assert.ok(started.log.includes(`[ERR] Error writing ports file (${file}): open `), started.log)
  assert.equal(await endedBy(started), 0)
})

test('the pid file is there while the server runs, for its owner', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, 'pid_file: "nats.pid"')
  await started.isReady()
  assert.equal(readFileSync(folder.join('nats.pid'), 'utf8'), String(PID))
  assert.equal(statSync(folder.join('nats.pid')).mode & 0o777, 0o600)
  await endedBy(started)
  assert.ok(!existsSync(folder.join('nats.pid')))
})

test('a pid file that a newer server has written stays', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, 'pid_file: "nats.pid"')
  await started.isReady()
  writeFileSync(folder.join('nats.pid'), '4000124')
  await endedBy(started)
  assert.equal(readFileSync(folder.join('nats.pid'), 'utf8'), '4000124')
})

test('a pid file that cannot be written ends it before it listens', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, '', '-P', folder.join('none/pid'))
  assert.equal(await started.exitCode, 1)
  const text = `[FTL] Could not write pidfile: open ${folder.join('none/pid')}: no such file or directory`
  assert.equal(started.logTexts.at(-2), text)
  assert.equal(started.server, undefined)
})

test('a log file that cannot be opened ends it', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, '', '-l', folder.join('none/log'))
  assert.equal(await started.exitCode, 1)
  assert.equal(
    started.stderr,
    `nats-server: error opening file: open ${folder.join('none/log')}: no such file or directory\n`,
  )
})

test('with a log file nothing is said elsewhere', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, '', '-l', 'nats.log', '-T=false')
  await until(() => readFileSync(folder.join('nats.log'), 'utf8').includes('Server is ready'), 'the log file')
  await endedBy(started)
  assert.equal(started.stdout + started.stderr + started.log, '')
  assert.match(
    readFileSync(folder.join('nats.log'), 'utf8'),
    /^\[4000123\] \[INF\] Starting nats-server\n(?:.*\n)*.*Exiting\.\.\n$/,
  )
})

/** How a server with every listener ends that cannot have the address of one of them. */
async function refusedPort(port: number, code = 'EADDRINUSE'): Promise<string> {
  await using folder = await temporaryFolder()
  const files = 'pid_file: "nats.pid"\nports_file_dir: "."\n'
  writeFileSync(
    folder.join('nats.conf'),
    `${files}port: 1\nhttp: 2\nwebsocket { port: 3, no_tls: true }\nleafnodes { port: 4 }`,
  )
  const cause = Object.assign(new Error(code), { code, syscall: 'listen', address: '0.0.0.0', port })
  const start = async () => {
    throw new ConfigError(`Cannot bind "0.0.0.0:${port}": ${code}`, { cause })
  }
  const started = new NatsServerRun(['-c', 'nats.conf'], { cwd: folder.path, start })
  assert.equal(await started.exitCode, 1)
  assert.deepEqual(readdirSync(folder.path), ['nats.conf'])
  return started.logTexts.at(-2)!
}

test('an address that cannot be had is fatal, in the words that tools look for, and no files are left', async () => {
  const bind = (port: number) => `listen tcp 0.0.0.0:${port}: bind: address already in use`
  assert.equal(await refusedPort(1), `[FTL] Error listening on port: 0.0.0.0:1, "${bind(1)}"`)
  assert.equal(await refusedPort(2), `[FTL] Can't start monitoring: can't listen to the monitor port: ${bind(2)}`)
  assert.equal(await refusedPort(3), `[FTL] Unable to listen for websocket connections: ${bind(3)}`)
  assert.equal(await refusedPort(4), `[FTL] Error listening on leafnode port: 4 - ${bind(4)}`)
  assert.equal(await refusedPort(5), '[FTL] Cannot bind "0.0.0.0:5": EADDRINUSE')
  assert.equal(await refusedPort(1, 'EWHATEVER'), '[FTL] Cannot bind "0.0.0.0:1": EWHATEVER')
})

for (const [signal, name] of [
  ['SIGINT', 'interrupt'],
  ['SIGTERM', 'terminated'],
] as const) {
  test(`${signal} ends it in order, with 0`, async () => {
    const started = new NatsServerRun([])
    const server = await started.isReady()
    assert.equal(await endedBy(started, signal), 0)
    assert.ok(server.isClosed)
    assert.deepEqual(started.logTexts.slice(-4), [
      `[INF] Trapped "${name}" signal`,
      '[INF] Initiating Shutdown...',
      '[INF] Server Exiting..',
      '',
    ])
    assert.equal(started.signals.eventNames().length, 0)
  })
}

test('SIGQUIT ends it at once, with 2', async () => {
  const started = new NatsServerRun([])
  const server = await started.isReady()
  assert.equal(await endedBy(started, 'SIGQUIT'), 2)
  assert.equal(server.isClosed, false)
})

test('a signal during the start ends it once it has started', async () => {
  const starting = Promise.withResolvers<FakeNatsServer>()
  const started = new NatsServerRun([], { start: () => starting.promise })
  await started.logged(/Starting nats-server/)
  started.signal('SIGTERM')
  await started.logged(/Initiating Shutdown/)
  const other = new NatsServerRun([])
  const server = await other.isReady()
  starting.resolve(server)
  assert.equal(await started.exitCode, 0)
  assert.ok(server.isClosed)
  await endedBy(other)
})

test('SIGUSR2 is lame duck mode, which SIGTERM does not shorten and which ends with 0', async () => {
  const started = new NatsServerRun([])
  const server = await started.isReady()
  started.signal('SIGUSR2')
  await until(() => server.isLameDuck, 'lame duck mode')
  started.signal('SIGUSR2')
  started.signal('SIGTERM')
  await started.logged(/Trapped "terminated" signal/)
  assert.equal(server.isClosed, false)
  server.duck.resolve()
  assert.equal(await started.exitCode, 0)
  assert.ok(server.isClosed)
  assert.equal(started.log.match(/Entering lame duck mode, stop accepting new clients/g)?.length, 1)
})

test('SIGINT ends lame duck mode', async () => {
  const started = new NatsServerRun([])
  const server = await started.isReady()
  started.signal('SIGUSR2')
  await until(() => server.isLameDuck, 'lame duck mode')
  assert.equal(await endedBy(started, 'SIGINT'), 0)
})

test('SIGHUP reads the file again, the command line over it, and says what changed', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, 'max_payload: 1000', '-p', '5')
  const server = await started.isReady()
  writeFileSync(folder.join('nats.conf'), 'max_payload: 2000\nport: 6\ndebug: true')
  started.signal('SIGHUP')
  await started.logged(/Reloaded server configuration \(sha256:[\da-f]{64}\)/)
  assert.deepEqual(
    server.reloads.map(({ nats }) => [nats.maxPayloadBytes, nats.port]),
    [[2000, 5]],
  )
  assert.ok(started.log.includes('[INF] Reloaded: nats.maxPayloadBytes: 1 -> 2000'))
  server.logger.debug({}, 'now shown')
  assert.match(started.log, /\[DBG\] Now shown/)
  await endedBy(started)
})

test('a file that is wrong, or that the server does not take, changes nothing', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, 'debug: false')
  const server = await started.isReady()
  writeFileSync(folder.join('nats.conf'), 'debug: true\nfoo: 1')
  started.signal('SIGHUP')
  await started.logged(/\[ERR\] Failed to reload server configuration: nats\.conf:2:1: unknown field "foo"/)
  server.reloadError = new ConfigError('not that')
  writeFileSync(folder.join('nats.conf'), 'debug: true')
  started.signal('SIGHUP')
  await started.logged(/\[ERR\] Failed to reload server configuration: not that/)
  server.logger.debug({}, 'hidden')
  assert.doesNotMatch(started.log, /idden|Reloaded/)
  await endedBy(started)
})

test('a reload that fails at the log file changes nothing, one that fails elsewhere leaves the log as it was', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, 'debug: false')
  const server = await started.isReady()
  writeFileSync(folder.join('nats.conf'), 'debug: true\nlog_file: "none/x.log"')
  started.signal('SIGHUP')
  await started.logged(/\[ERR\] Failed to reload server configuration: error opening file: open /)
  assert.deepEqual(server.reloads, [])
  server.reloadError = new ConfigError('not that')
  writeFileSync(folder.join('nats.conf'), 'log_file: "x.log"')
  started.signal('SIGHUP')
  await started.logged(/\[ERR\] Failed to reload server configuration: not that/)
  await endedBy(started)
  assert.match(started.log, /Server Exiting/)
})

test('a reload tells what changed of the log and the files of the process', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, 'debug: false')
  await started.isReady()
  writeFileSync(folder.join('nats.conf'), 'debug: true\npid_file: "none/pid"')
  started.signal('SIGHUP')
  await started.logged(/Reloaded server configuration/)
  assert.match(started.log, /\[INF\] Reloaded: log\.debug: false -> true\n/)
  assert.match(started.log, /\[INF\] Reloaded: process\.pidFile: none -> /)
  assert.match(started.log, /\[ERR\] Could not write pidfile: open /)
  await endedBy(started)
})

test('without a file there is nothing to reload', async () => {
  const started = new NatsServerRun([])
  const server = await started.isReady()
  started.signal('SIGHUP')
  await started.logged(
    /Failed to reload server configuration: can only reload config when a file is provided using -c or --config/,
  )
  assert.deepEqual(server.reloads, [])
  await endedBy(started)
})

test('many SIGHUPs at once are one reload or two', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, '')
  const server = await started.isReady()
  for (let n = 0; n < 50; n++) started.signal('SIGHUP')
  await started.logged(/Reloaded server configuration/)
  await endedBy(started)
  assert.equal(server.reloads.length, 1)
})

test('a reload moves the pid file and the ports file', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, 'pid_file: "a.pid"\nports_file_dir: "."')
  await started.isReady()
  writeFileSync(folder.join('nats.conf'), 'pid_file: "b.pid"')
  started.signal('SIGHUP')
  await started.logged(/Reloaded server configuration/)
  assert.deepEqual(readdirSync(folder.path).sort(), ['b.pid', 'nats.conf'])
  await endedBy(started)
  assert.deepEqual(readdirSync(folder.path), ['nats.conf'])
})

test('SIGUSR1 opens the log file anew', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('nats.log')
  const started = await run(folder, '', '-l', 'nats.log')
  await until(() => readFileSync(file, 'utf8').includes('Server is ready'), 'the log file')
  renameSync(file, folder.join('old.log'))
  started.signal('SIGUSR1')
  assert.match(readFileSync(file, 'utf8'), /File log re-opened/)
  await endedBy(started)
})

test('files that somebody else took away are no trouble at the end', async () => {
  await using folder = await temporaryFolder()
  const started = await run(folder, 'pid_file: "a.pid"\nports_file_dir: "."')
  await started.isReady()
  for (const name of ['a.pid', `nats-server_${PID}.ports`]) rmSync(folder.join(name))
  assert.equal(await endedBy(started), 0)
})
