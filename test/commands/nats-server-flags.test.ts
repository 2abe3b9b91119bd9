/** The command line of nats-server. The table of mistakes is held against a real one, where there is one. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ConfigError } from '#kit'
import { runProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { NatsServerRun } from './nats-server-world.ts'

const nats = requireProgram('nats-server')

/** Arguments that end the program at once; `usage` when the usage follows on standard output. */
const ENDS: readonly [args: string[], code: number, stderr: string, stdout?: 'usage' | 'version'][] = [
  [['-x'], 0, 'flag provided but not defined: -x\n', 'usage'],
  [['--foo=3'], 0, 'flag provided but not defined: -foo\n', 'usage'],
  [['--host', 'localhost'], 0, 'flag provided but not defined: -host\n', 'usage'],
  [['-p'], 0, 'flag needs an argument: -p\n', 'usage'],
  [['--port'], 0, 'flag needs an argument: -port\n', 'usage'],
  [['-p', 'abc'], 0, 'invalid value "abc" for flag -p: parse error\n', 'usage'],
  [['-p='], 0, 'invalid value "" for flag -p: parse error\n', 'usage'],
  [['-p', '1e3'], 0, 'invalid value "1e3" for flag -p: parse error\n', 'usage'],
  [['-p', '08'], 0, 'invalid value "08" for flag -p: parse error\n', 'usage'],
  [['-p', '1__0'], 0, 'invalid value "1__0" for flag -p: parse error\n', 'usage'],
  [
    ['--http_port', '99999999999999999999'],
    0,
    'invalid value "99999999999999999999" for flag -http_port: value out of range\n',
    'usage',
  ],
  [['--log_size_limit', '1m'], 0, 'invalid value "1m" for flag -log_size_limit: parse error\n', 'usage'],
  [['-D=maybe'], 0, 'invalid boolean value "maybe" for -D: parse error\n', 'usage'],
  [['-h=maybe'], 0, 'invalid boolean value "maybe" for -h: parse error\n', 'usage'],
  [['---p'], 0, 'bad flag syntax: ---p\n', 'usage'],
  [['-=3'], 0, 'bad flag syntax: -=3\n', 'usage'],
  [['-p', '-1', '-nope'], 0, 'flag provided but not defined: -nope\n', 'usage'],
  [['-h'], 0, '', 'usage'],
  [['--help'], 0, '', 'usage'],
  [['HELP'], 0, '', 'usage'],
  [['-h', '-v'], 0, '', 'version'],
  [['-v'], 0, '', 'version'],
  [['--version'], 0, '', 'version'],
  [['-version=true'], 0, '', 'version'],
  [['version', 'whatever'], 0, '', 'version'],
  [['-p', '0x10', '-v'], 0, '', 'version'],
  [['-p', '0b1_1', '-D=F', '--DV=T', '--js=0', 'Version'], 0, '', 'version'],
  [['-v=false', 'foo'], 1, 'nats-server: unrecognized command: "foo"\n'],
  [['-'], 1, 'nats-server: unrecognized command: "-"\n'],
  [['--', '-v'], 1, 'nats-server: unrecognized command: "-v"\n'],
  [['-D', 'false'], 1, 'nats-server: unrecognized command: "false"\n'],
  [['-t'], 1, 'nats-server: must specify [-c, --config] option to check configuration file syntax\n'],
  [['-t', '-c', '/nonexistent/x'], 1, 'nats-server: open /nonexistent/x: no such file or directory\n'],
  [['-c', '/nonexistent/x'], 1, 'nats-server: open /nonexistent/x: no such file or directory\n'],
  [['--tls'], 1, 'nats-server: TLS Server certificate must be present and valid\n'],
  [['--tlscert', 'a'], 1, 'nats-server: TLS Server private key must be present and valid\n'],
  [['--tlsverify', '-p', '-1'], 1, 'nats-server: TLS Server certificate must be present and valid\n'],
  [['--routes', 'nats://a'], 1, 'nats-server: solicited routes require cluster capabilities, e.g. --cluster\n'],
  [['-sl', 'reload=abc'], 1, 'nats-server: invalid pid: abc\n'],
  [['-sl', 'quit=/nonexistent/pid'], 1, 'nats-server: invalid pid: /nonexistent/pid\n'],
  [['-sl', 'a=b=c'], 1, 'nats-server: invalid signal parameters: [c]\n'],
  [['-sl', 'foo=2147483647'], 1, 'nats-server: unknown signal "foo"\n'],
]

for (const [args, code, stderr, stdout] of ENDS) {
  const says = (text: string) =>
    stdout === 'usage'
      ? /^\nUsage: nats-server \[options\]/.test(text)
      : stdout
        ? /^nats-server: v\d+\.\d+\.\d+(-\w+)?\n$/.test(text)
        : text === ''

  test(`nats-server ${args.join(' ')}: ${stderr.trim() || stdout}`, async () => {
    const run = new NatsServerRun(args)
    assert.equal(await run.exitCode, code)
    assert.equal(run.stderr, stderr)
    assert.ok(says(run.stdout), run.stdout)
    assert.equal(run.server, undefined)
    assert.deepEqual(run.killed, [])
  })

  test(`a real nats-server ${args.join(' ')} says the same`, { skip: nats.skip }, async () => {
    const real = await runProgram({ command: nats.path, args })
    assert.equal(real.code, code)
    assert.equal(real.stderr, stderr)
    assert.ok(says(real.stdout), real.stdout)
  })
}

/** What a server started with these arguments is given. */
async function started(args: readonly string[], config?: string) {
  await using folder = await temporaryFolder()
  if (config !== undefined) await writeFile(folder.join('nats.conf'), config)
  const run = new NatsServerRun(config === undefined ? args : ['-c', 'nats.conf', ...args], { cwd: folder.path })
  const { options } = await run.isReady()
  run.signal('SIGINT')
  await run.exitCode
  return { ...options, texts: run.logTexts, folder: folder.path }
}

test('without arguments it listens where nats-server does, and nowhere else', async () => {
  const { nats, websockets, monitoring } = await started([])
  assert.deepEqual({ host: nats.host, port: nats.port }, { host: '0.0.0.0', port: 4222 })
  assert.deepEqual(websockets, [])
  assert.equal(monitoring, undefined)
  assert.equal(nats.authorization.user ?? nats.authorization.token ?? nats.tls, undefined)
})

test('addresses, ports and names, with one dash or two and either way to give a value', async () => {
  const { nats, monitoring } = await started([
    '-a',
    '127.0.0.1',
    '--port=-1',
    '-n=bell',
    '-client_advertise',
    'x:1',
    '--m',
    '8222',
  ])
  assert.deepEqual([nats.host, nats.port, nats.serverName, nats.clientAdvertise], ['127.0.0.1', 0, 'bell', 'x:1'])
  assert.deepEqual(monitoring?.http, { host: '127.0.0.1', port: 8222 })
})

test('of a flag given twice the last counts, whatever its spelling', async () => {
  const { nats } = await started(['-p', '1', '--port', '2', '-addr', 'a', '--net=127.0.0.1'])
  assert.deepEqual([nats.port, nats.host], [2, '127.0.0.1'])
})

test('port 0 is the default, as for nats-server', async () => {
  assert.equal((await started(['-p', '0'])).nats.port, 4222)
})

test('the command line counts for more than the file', async () => {
  const config =
    'listen: "127.0.0.1:1"\nserver_name: file\ndebug: true\nlogtime: false\nauthorization { user: u, password: p }'
  const { nats, log } = await started(['-p', '2', '-D=false', '--pass', 'other', '-T'], config)
  assert.deepEqual([nats.host, nats.port, nats.serverName], ['127.0.0.1', 2, 'file'])
  assert.deepEqual([nats.authorization.user, nats.authorization.password], ['u', 'other'])
  assert.deepEqual([log.debug, log.time], [false, true])
})

for (const [args, debug, trace, verbose] of [
  [[], false, false, false],
  [['-D'], true, false, false],
  [['--debug'], true, false, false],
  [['-V'], false, true, false],
  [['--trace'], false, true, false],
  [['-DV'], true, true, false],
  [['-VV'], false, true, true],
  [['-DVV'], true, true, true],
  [['-D', '-V'], true, true, false],
  [['-DV=false', '-D'], false, false, false],
] as const) {
  test(`${args.join(' ') || 'no flag'} asks for ${debug ? 'debug ' : ''}${trace ? 'trace ' : ''}lines`, async () => {
    const { log } = await started([...args])
    assert.deepEqual([log.debug, log.trace, log.traceVerbose], [debug, trace, verbose])
  })
}

test('credentials', async () => {
  const withUser = await started(['--user', 'u', '--pass', 'p'])
  assert.deepEqual([withUser.nats.authorization.user, withUser.nats.authorization.password], ['u', 'p'])
  assert.equal((await started(['--auth', 'token'])).nats.authorization.token, 'token')
})

test('an empty value opens nothing that the file protects', async () => {
  const { nats } = await started(['--auth', ''], 'authorization { token: t }')
  assert.equal(nats.authorization.token, 't')
})

test('TLS', async () => {
  const { nats, folder } = await started([
    '--tlsverify',
    '--tlscert',
    'c.pem',
    '-tlskey',
    'k.pem',
    '--tlscacert',
    'ca.pem',
  ])
  assert.deepEqual(nats.tls?.certificates, [{ certFile: `${folder}/c.pem`, keyFile: `${folder}/k.pem` }])
  assert.deepEqual([nats.tls?.verify, nats.tls?.caFile], [true, `${folder}/ca.pem`])
})

test('--tls=false takes away the TLS of the file', async () => {
  const config = 'tls { cert_file: c.pem, key_file: k.pem }'
  assert.ok((await started([], config)).nats.tls)
  assert.equal((await started(['--tls=false', '--tlscert', 'x'], config)).nats.tls, undefined)
})

test('files of the log and of the process', async () => {
  const { log, process, folder } = await started(['--log_size_limit', '1000', '-P', 'pid', '--ports_file_dir', '.'])
  assert.equal(log.fileSizeLimitBytes, 1000)
  assert.deepEqual(process, { pidFile: `${folder}/pid`, portsFileFolder: folder })
})

for (const args of [
  ['-js'],
  ['--jetstream'],
  ['-sd', 'x'],
  ['--store_dir=x'],
  ['-s'],
  ['-r', 'udp://localhost:514'],
  ['--cluster', 'nats://0.0.0.0:6222'],
  ['--cluster_name', 'x'],
  ['--cluster_advertise', 'x'],
  ['--connect_retries', '3'],
  ['--no_advertise'],
  ['--profile', '6060'],
]) {
  test(`${args.join(' ')} is accepted, with a word about it`, async () => {
    const { texts } = await started(args)
    const name = args[0]!.replace(/^-*/, '').replace(/=.*/, '')
    assert.equal(texts.filter((text) => text.startsWith(`[WRN] -${name} has no effect: `)).length, 1, texts.join('\n'))
  })
}

test('what is switched off by hand needs no word', async () => {
  assert.ok(!(await started(['-js=false'])).texts.join().includes('no effect'))
})

test('warnings of the file go to standard error, and the server starts', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('nats.conf'), 'ping_interval: 5\n')
  const run = new NatsServerRun(['-c', 'nats.conf'], { cwd: folder.path })
  await run.isReady()
  assert.match(
    run.stderr,
    /^nats\.conf:1:0: invalid use of field "ping_interval": ping_interval should be converted to a duration \(write "5s"\)$/m,
  )
  assert.equal(run.server?.options.nats.pingIntervalMs, 5000)
  run.signal('SIGINT')
  assert.equal(await run.exitCode, 0)
})

test('a file that is wrong ends it', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('nats.conf'), 'port: 1\nfoo: 1\n')
  for (const args of [
    ['-c', 'nats.conf'],
    ['-t', '-c', 'nats.conf'],
  ]) {
    const run = new NatsServerRun(args, { cwd: folder.path })
    assert.equal(await run.exitCode, 1)
    assert.equal(run.stderr, 'nats-server: nats.conf:2:1: unknown field "foo"\n')
  }
})

test('what this version does not serve ends it, and -t says so', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('nats.conf'), 'authorization {\n  proxy_required: true\n}\n')
  for (const args of [
    ['-c', 'nats.conf'],
    ['-t', '-c', 'nats.conf'],
  ]) {
    const run = new NatsServerRun(args, { cwd: folder.path })
    assert.equal(await run.exitCode, 1)
    assert.equal(run.stderr, 'nats-server: nats.conf:2:3: proxy_required is not supported by this version of Belfry\n')
  }
})

test('-t says that a file is right and starts nothing', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('nats.conf'), 'port: 1\n')
  const run = new NatsServerRun(['-t', '-c', 'nats.conf'], { cwd: folder.path })
  assert.equal(await run.exitCode, 0)
  assert.match(run.stderr, /^nats-server: configuration file nats\.conf is valid \(sha256:[\da-f]{64}\)\n$/)
  assert.equal(run.server, undefined)
})

test('certificates that cannot be had end it; -t says where they are asked for', async () => {
  await using folder = await temporaryFolder()
  const tls = 'tls { cert_file: a, key_file: b }'
  await writeFile(folder.join('nats.conf'), `${tls}\nwebsocket {\n  port: 443\n  ${tls}\n}\n`)
  const loadTls = async () => {
    throw new ConfigError('error parsing X509 certificate/key pair: open a: no such file or directory')
  }
  const stderrOf = async (...args: string[]) => {
    const run = new NatsServerRun(args, { cwd: folder.path, loadTls })
    assert.equal(await run.exitCode, 1)
    assert.equal(run.server, undefined)
    return run.stderr
  }
  const text = 'error parsing X509 certificate/key pair: open a: no such file or directory'
  assert.equal(await stderrOf('-t', '-c', 'nats.conf'), `nats-server: nats.conf:1:0: ${text}\nnats.conf:4:3: ${text}\n`)
  assert.equal(await stderrOf('-c', 'nats.conf'), `nats-server: ${text}\n${text}\n`)
})

for (const [command, signal] of [
  ['stop', 'SIGKILL'],
  ['quit', 'SIGINT'],
  ['term', 'SIGTERM'],
  ['reopen', 'SIGUSR1'],
  ['reload', 'SIGHUP'],
  ['ldm', 'SIGUSR2'],
] as const) {
  test(`--signal ${command}=<pid> sends ${signal}`, async () => {
    const run = new NatsServerRun(['--signal', `${command}=1234`])
    assert.equal(await run.exitCode, 0)
    assert.deepEqual(run.killed, [[1234, signal]])
    assert.equal(run.stdout + run.stderr, '')
  })
}

test('--signal finds the process by a pid file: its own, that of -P, or that of the configuration', async () => {
  await using folder = await temporaryFolder()
  const pidFile = folder.join('nats.pid')
  await writeFile(pidFile, '1234\n')
  await writeFile(folder.join('nats.conf'), 'pid_file: nats.pid')
  for (const args of [
    ['-sl', `reload=${pidFile}`],
    ['-sl', 'reload', '-P', 'nats.pid'],
    ['-sl', 'reload', '-c', 'nats.conf'],
  ]) {
    const cwd = folder.path
    const run = new NatsServerRun(args, { cwd })
    assert.equal(await run.exitCode, 0, run.stderr)
    assert.deepEqual(run.killed, [[1234, 'SIGHUP']])
  }
})

test('--signal without a process says how to name one, and guesses none', async () => {
  for (const spec of ['reload', 'reload=']) {
    const run = new NatsServerRun(['-sl', spec])
    assert.equal(await run.exitCode, 1)
    assert.match(run.stderr, /^nats-server: no process given: .* --signal reload=<pid>/)
    assert.deepEqual(run.killed, [])
  }
})

for (const pid of ['0', '-1', '-1234', '1.5', '12*', '99999999999']) {
  test(`--signal never signals ${pid}`, async () => {
    const run = new NatsServerRun(['-sl', `stop=${pid}`])
    assert.equal(await run.exitCode, 1)
    assert.equal(run.stderr, `nats-server: invalid pid: ${pid}\n`)
    assert.deepEqual(run.killed, [])
  })
}

test('--signal to a process that is gone is an error', async () => {
  const kill = () => {
    throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' })
  }
  const run = new NatsServerRun(['-sl', 'quit=1234'], { kill })
  assert.equal(await run.exitCode, 1)
  assert.equal(run.stderr, 'nats-server: signal "quit" 1234: no such process\n')
})
