/** packaging/systemd/belfry.service, as systemd's own tools read it, and as the server that it starts. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { loadOptions } from '#config'
import { durationMs } from './docker/compose-file.ts'
import { unknownVariables } from './docker/settings.ts'
import { freePort, runProgram, startProgram } from './helpers/processes.ts'
import { requireProgram } from './helpers/programs.ts'
import { temporaryFolder } from './helpers/temp.ts'

const root = path.join(import.meta.dirname, '..')
const unit = readFileSync(path.join(root, 'packaging/systemd/belfry.service'), 'utf8')
const page = readFileSync(path.join(root, 'docs/docker.md'), 'utf8')
const belfry = path.join(root, 'bin/belfry')
const analyze = requireProgram('systemd-analyze')

/** Every value of a setting of the unit, in order. */
const settings = (name: string) => [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)
const setting = (name: string) => settings(name).at(-1) ?? ''

/** Its environment, with a folder in place of /var/lib. */
function environment(stateFolder: string): Record<string, string> {
  const pairs = setting('Environment').replaceAll('%S', stateFolder).split(' ')
  return Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s, 2)))
}

/** Has systemd look at a unit, with Belfry where it is here. */
async function verify(text: string): Promise<string> {
  await using folder = await temporaryFolder()
  const file = folder.join('belfry.service')
  await writeFile(file, text.replaceAll(/^(Exec\w+)=belfry\b/gm, `$1=${belfry}`))
  const { code, stderr } = await runProgram({ command: analyze.path, args: ['verify', '--man=no', file] })
  return code === 0 ? stderr : stderr || `ended with ${code}`
}

test('systemd takes the unit as it is', { skip: analyze.skip }, async () => {
  assert.equal(await verify(unit), '')
  assert.match(await verify(unit.replace('ProtectClock', 'ProtectClocks')), /Unknown key/)
  assert.match(await verify(unit.replace('@pkey', '@pkeys')), /@pkeys/)
})

test('systemd takes what the page adds to it', { skip: analyze.skip }, async () => {
  const [, added = ''] = /```ini\n(\[Service\].*?)```/s.exec(page) ?? []
  assert.match(added, /LoadCredential=/)
  assert.equal(await verify(unit.replace('[Install]', `${added}\n[Install]`)), '')
  // What its environment becomes is a certificate and a key.
  const [, tls = ''] = /^Environment='ROCKET_TLS=(.*)'$/m.exec(added) ?? []
  const files = [...tls.matchAll(/"([^"]+)"/g)].map(([, file]) => file)
  const credentials = [...added.matchAll(/^LoadCredential=([^:]+):/gm)].map(([, name]) => name)
  assert.deepEqual(
    files,
    credentials.map((name) => `/run/credentials/belfry.service/${name}`),
  )
})

test('systemd finds it as closed as the page says', { skip: analyze.skip }, async () => {
  const [, told] = /`systemd-analyze security` says ([\d.]+)/.exec(page) ?? []
  const args = ['security', '--no-pager', '--offline=true', path.join(root, 'packaging/systemd/belfry.service')]
  const { stdout, stderr } = await runProgram({ command: analyze.path, args })
  const [, exposure] = /exposure level for .*: ([\d.]+)/.exec(stdout) ?? []
  assert.equal(exposure, told, stdout + stderr)
})

test('its settings are known, and it keeps its data in its own folder', () => {
  const env = environment('/var/lib')
  assert.deepEqual(unknownVariables(env), [])
  const { options, warnings } = loadOptions({ cwd: '/', env })
  assert.deepEqual(warnings, [])
  assert.equal(options.vault.dataFolder, `/var/lib/${setting('StateDirectory')}`)
  assert.equal(options.web.host, '127.0.0.1')
})

test('it is given the time that it takes to send its devices away', () => {
  const { hub } = loadOptions({ cwd: '/', env: {} }).options
  // `belfry serve` cuts what is left five seconds after the window.
  assert.ok(durationMs(setting('TimeoutStopSec')) > hub.drainWindowMs + 5_000)
})

test('nothing stands in it that V8 cannot run under', () => {
  assert.doesNotMatch(unit, /^(MemoryDenyWriteExecute|PrivateNetwork)=(yes|true|1)/m)
  // Its sockets, and how it learns the addresses of the machine.
  for (const family of ['AF_INET', 'AF_INET6', 'AF_UNIX', 'AF_NETLINK']) {
    assert.ok(setting('RestrictAddressFamilies').split(' ').includes(family), family)
  }
})

test('the server that it starts reloads and ends as the unit has it done', async () => {
  await using state = await temporaryFolder()
  const data = state.join(setting('StateDirectory'))
  await mkdir(data, { mode: 0o700 })
  const ports = { ROCKET_PORT: String(await freePort()), BELFRY_NATS_PORT: String(await freePort()) }
  const PATH = `${path.dirname(process.execPath)}:${process.env.PATH}`
  const env = { ...environment(state.path), ...ports, PATH }
  const [program = '', ...args] = setting('ExecStart').split(' ')
  assert.equal(program, 'belfry')
  await using server = await startProgram({
    command: belfry,
    args,
    cwd: data,
    env,
    ready: /is ready/,
  })
  assert.ok((await stat(path.join(data, 'db.sqlite3'))).isFile())
  const [again, ...reload] = setting('ExecReload').split(' ')
  assert.equal(again, program)
  const reloaded = await runProgram({ command: belfry, args: reload, cwd: data, env })
  assert.deepEqual([reloaded.code, reloaded.stdout], [0, 'nothing has changed\n'], reloaded.stderr)
  server.child.kill('SIGTERM')
  assert.deepEqual(await server.exited, { code: 0, signal: null })
})
