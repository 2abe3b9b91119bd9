/** `belfry doctor` as a process: what it prints, and how it ends. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import type { Check, DoctorReport } from '#doctor'
import { checkText, summary } from '../../src/commands/doctor/print.ts'
import { PASSWORD, registerAndLogin } from '../helpers/account.ts'
import { startTestServer } from '../helpers/server.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { once, within } from '../helpers/wait.ts'

const MAIN = path.join(import.meta.dirname, '../../src/main.ts')

function start(args: readonly string[], env: Record<string, string> = {}) {
  const { BELFRY_PASSWORD: _, BELFRY_ACCESS_TOKEN: __, ...rest } = process.env
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'doctor', ...args], {
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(args: readonly string[], env?: Record<string, string>) {
  const command = start(args, env)
  const texts = Promise.all([text(command.stdout), text(command.stderr)])
  const [code] = (await once(command, 'close', 60_000)) as [number | null]
  const [stdout, stderr] = await texts
  return { code, stdout, stderr }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const chunk of stream) all += String(chunk)
  return all
}

test('a healthy server: a line for each check without colours, and 0', async () => {
  await using server = await startTestServer()
  const { code, stdout, stderr } = await run([server.webUrl, '--idle', '200ms', '--nats', server.webSocketUrl])
  assert.deepEqual([code, stderr], [0, ''])
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.at(-1), 'Healthy.')
  for (const line of lines.slice(0, -2)) assert.match(line, /^(?:✓ .* \(\d+ ms\)|- .*)$/)
  assert.ok(lines.some((line) => line.startsWith('✓ connections left alone for 0.2 s: none of')))
})

test('a server with faults: what mends them at the end, the report alone with --json, and 1', async () => {
  const told = await run(['http://127.0.0.1:1', '--idle', '0'])
  assert.deepEqual([told.code, told.stderr], [1, ''])
  assert.match(told.stdout, /\n✗ connection to port 1: 127\.0\.0\.1: nothing listens there \(\d+ ms\)\n/)
  assert.match(told.stdout, /\n1 fault:\n\nunreachable: connection to port 1: /)
  const { code, stdout, stderr } = await run(['http://127.0.0.1:1', '--idle', '0', '--json', '--proxy', 'haproxy'])
  assert.deepEqual([code, stderr], [1, ''])
  const report = JSON.parse(stdout) as DoctorReport
  assert.deepEqual([report.healthy, report.proxy, report.url], [false, 'haproxy', 'http://127.0.0.1:1'])
  assert.deepEqual(report.checks.find(({ status }) => status === 'fault')?.fault, 'unreachable')
})

test('wrong usage is 2, with a line that says what is wrong', async () => {
  for (const [args, words] of [
    [[], /missing required argument 'url'/],
    [
      ['vault.example.com'],
      /belfry: "vault.example.com" is no http:\/\/ or https:\/\/ address; try https:\/\/vault.example.com\n/,
    ],
    [['http://127.0.0.1:1', '--idle', '1h'], /10 minutes at most/],
    [
      ['http://127.0.0.1:1', '--account', 'a@example.com', '--token-file', 'token'],
      /cannot be used with option '--account/,
    ],
    [['http://127.0.0.1:1', '--proxy', 'squid'], /Allowed choices are nginx, apache/],
    [['http://127.0.0.1:1', '--ca', MAIN], /belfry: --ca: no certificate in PEM is in "/],
    [['http://127.0.0.1:1', '--ca', '/nowhere.pem'], /belfry: --ca: cannot read "\/nowhere.pem"/],
  ] as const) {
    const { code, stdout, stderr } = await run(args)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
    assert.match(stderr, words)
  }
})

test('with an account it looks at the hub of a user, through the local authority, and never shows the password', async () => {
  await using server = await startTestServer()
  const { email } = await registerAndLogin({ server: server.webUrl })
  const args = [server.secureUrl, '--ca', server.certificateAuthorityFile, '--idle', '0', '--account', email]
  const good = await run(args, { BELFRY_PASSWORD: PASSWORD })
  assert.equal(good.code, 0, good.stdout + good.stderr)
  assert.match(good.stdout, /✓ notification hub of a user at \/notifications\/hub: handshake done/)
  const bad = await run(args, { BELFRY_PASSWORD: 'wrong password' })
  assert.equal(bad.code, 1)
  assert.match(bad.stdout, /\nlogin-failed: /)
  assert.ok(!(bad.stdout + bad.stderr).includes('wrong password'))
})

test('a token that is refused, and the ports of a configuration, are looked at', async () => {
  await using server = await startTestServer()
  await using folder = await temporaryFolder()
  const { port } = server.server.addresses.websockets[0]!
  await writeFile(folder.join('token'), 'not.a.token\n')
  await writeFile(folder.join('nats.conf'), `websocket { port: ${port}, no_tls: true }`)
  const args = [server.webUrl, '--idle', '0', '--token-file', folder.join('token'), '-c', folder.join('nats.conf')]
  const { code, stdout } = await run(args)
  assert.equal(code, 1)
  assert.match(stdout, /\nwrong-issuer: [^\n]*\n {2}in Belfry's environment, then restart it:\n {4}DOMAIN=/)
  assert.match(stdout, new RegExp(`✓ NATS at ws://127\\.0\\.0\\.1:${port}/: server `))
})

test('Ctrl-C ends it at once', async () => {
  await using server = await startTestServer()
  const command = start([server.webUrl, '--idle', '5m'])
  try {
    const lines = createInterface(command.stdout)
    for await (const line of lines) if (line.startsWith('✓ an answer in parts')) break
    command.kill('SIGINT')
    assert.deepEqual(await within(once(command, 'exit'), 'the end'), [null, 'SIGINT'])
  } finally {
    command.kill('SIGKILL')
  }
})

const CHECK: Check = {
  id: 'headers',
  title: 'what arrives',
  status: 'fault',
  says: 'nothing',
  fault: 'no-upgrade',
  ms: 7,
}
const MEND = { where: 'there', lines: ['one;', 'two;'] }

test('colours are for terminals only', () => {
  assert.equal(checkText(CHECK, { isColoured: false }), '✗ what arrives: nothing (7 ms)\n')
  assert.equal(checkText(CHECK, { isColoured: true }), '\x1b[31m✗\x1b[0m what arrives: nothing (7 ms)\n')
})

test('each fault is mended once, for the proxy that is known, and else as a guess', () => {
  const checks = [CHECK, { ...CHECK, title: 'elsewhere' }].map((check) => ({
    ...check,
    mend: { proxy: 'nginx', ...MEND } as const,
  }))
  const report = { url: 'https://a', healthy: false, checks }
  const told = summary({ ...report, proxy: 'nginx' }, { isColoured: false })
  assert.match(
    told,
    /^\n1 fault:\n\nno-upgrade: what arrives: nothing\n {2}also elsewhere: nothing\n {2}nginx, there:\n {4}one;\n {4}two;\n$/,
  )
  const guessed = summary({ ...report, proxy: null }, { isColoured: false })
  assert.match(guessed, /It is not known what stands in front \(--proxy NAME says it\)\. If that were nginx, there:\n/)
})
