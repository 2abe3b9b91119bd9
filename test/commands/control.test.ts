/** `belfry reload`, `status` and `log-level`, as operators type them beside a running server. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RunningProgram, runProgram, startProgram } from '../helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'

const command = path.resolve(import.meta.dirname, '../../bin/belfry')

describe('beside a running server', () => {
  let folder: TemporaryFolder
  let program: RunningProgram

  const configure = (more: string) =>
    writeFile(
      folder.join('belfry.conf'),
      `listen: "127.0.0.1:-1"\nweb { listen: "127.0.0.1:-1", https: false }\n${more}`,
    )
  const belfry = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await runProgram({
      command,
      args: [...args, '-c', 'belfry.conf'],
      cwd: folder.path,
    })
    return { code, stdout, stderr }
  }

  before(async () => {
    folder = await temporaryFolder()
    await configure('vault { data_folder: "kept" }')
    const args = ['-c', 'belfry.conf']
    program = await startProgram({ command, args, cwd: folder.path, ready: /Stop with Ctrl-C/ })
  })
  after(async () => {
    await program?.[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  test('status says what one asks first', async () => {
    const { code, stdout } = await belfry('status')
    assert.equal(code, 0)
    assert.match(stdout, /^version +\d+\.\d+\.\d+$/m)
    assert.match(stdout, new RegExp(`^running +for \\d+ s, since \\S+ \\(process ${program.child.pid}\\)$`, 'm'))
    assert.match(stdout, /^data +\S+\/kept$/m)
    assert.match(stdout, /^database +sqlite, answers$/m)
    const [, webUrl] = await program.saying(/(http:\/\/127\.0\.0\.1:\d+)/)
    assert.match(stdout, new RegExp(`^web +${new URL(webUrl!).host}$`, 'm'))
    assert.match(stdout, /^nats +127\.0\.0\.1:\d+$/m)
    assert.match(stdout, /^connections +0 hub, 0 hubs, 0 nats, 0 leafnodes$/m)
    const { stdout: json } = await belfry('status', '--json')
    assert.equal(JSON.parse(json).pid, program.child.pid)
  })

  test('log-level reads and sets, also of one room', async () => {
    assert.deepEqual(await belfry('log-level'), { code: 0, stdout: 'info\n', stderr: '' })
    assert.equal((await belfry('log-level', 'debug', '--room', 'hub')).stdout, 'info\nhub: debug\n')
    assert.equal((await belfry('log-level', '--room', 'hub')).stdout, 'debug\n')
    assert.equal((await belfry('log-level', '--room', 'nats')).stdout, 'info\n')
    assert.equal((await belfry('log-level', 'default', '--room', 'hub')).stdout, 'info\n')
    const { code, stderr } = await belfry('log-level', 'loud')
    assert.equal(code, 1)
    assert.match(stderr, /^belfry: there is no log level "loud"/)
    const whole = await belfry('log-level', 'default')
    assert.deepEqual([whole.code, whole.stderr], [1, 'belfry: default is for one room: name it with --room NAME\n'])
  })

  test('reload tells what counts now and what needs a restart; what is refused changes nothing', async () => {
    await configure('vault { data_folder: "kept", signups_allowed: false, sends_folder: "s" }\nmax_connections: 7')
    const changes = ['nats.maxConnections: 65536 -> 7', 'vault.signups_allowed: true -> false']
    const later = 'vault.sends_folder: none -> "s"'
    const lines = (word: string) => [...changes.map((line) => `${word}: ${line}`), `needs a restart: ${later}`, '']
    assert.equal((await belfry('reload', '--dry-run')).stdout, lines('would apply').join('\n'))
    assert.equal((await belfry('reload')).stdout, lines('applied').join('\n'))
    const { stdout: again } = await belfry('reload', '--json')
    assert.deepEqual(JSON.parse(again), { applied: [], atNextStart: [later], closed: [], warnings: [] })

    await configure('vault { data_folder: "kept" }\nmax_connections: "many"')
    const { code, stdout, stderr } = await belfry('reload')
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^belfry: the configuration stays as it was:\nbelfry: belfry\.conf:4:1: /)
    await configure('vault { data_folder: "kept" }')
    assert.match((await belfry('reload')).stdout, /^applied: vault\.signups_allowed: false -> true$/m)
    assert.equal((await belfry('reload')).stdout, 'nothing has changed\n')
  })

  test('another server on the same data folder does not start', async () => {
    const { code, stderr } = await belfry('serve')
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`^belfry: Another Belfry \\(process ${program.child.pid}, since `))
    assert.equal((await belfry('status')).code, 0)
  })
})

test('where no server runs, that is said, and how to name one', async () => {
  await using folder = await temporaryFolder()
  for (const args of [['status'], ['reload'], ['log-level', 'debug']]) {
    const { code, stderr } = await runProgram({ command, args, cwd: folder.path })
    assert.equal(code, 1)
    assert.match(stderr, /^belfry: No server listens at \S+\/data\/control\.sock\.\nbelfry: Give the settings/)
  }
  const env = { BELFRY_CONTROL_SOCKET: 'false' }
  const { code, stderr } = await runProgram({ command, args: ['status'], cwd: folder.path, env })
  assert.equal(code, 1)
  assert.equal(stderr, 'belfry: control_socket is false: there is no way to the server\n')
})
