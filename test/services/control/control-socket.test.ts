/** The control socket: whose it is, what is done where there can be none, and what it answers. */
import assert from 'node:assert/strict'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import { test } from 'node:test'
import { ConfigError } from '#kit'
import { createLogger } from '#ops'
import { askControl } from '../../../src/services/control/ask-control.ts'
import type { Controlled } from '../../../src/services/control/control-requests.ts'
import { ControlSocket, claimControlSocket } from '../../../src/services/control/control-socket.ts'
import { type LoggedEvent, lineOf, recordingLogger } from '../../helpers/recording-logger.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { once } from '../../helpers/wait.ts'

const silent = { write() {} }

function controlled(dataFolder: string, more: Partial<Controlled> = {}): Controlled {
  return {
    version: '1.2.3',
    status: async () => ({
      pid: 4711,
      startedAt: '2026-11-22T10:00:00.000Z',
      dataFolder,
      database: { kind: 'sqlite', answers: true },
      listeners: {},
      connections: { hub: 0, hubs: 0, nats: 0, leafnodes: 0 },
      cluster: undefined,
    }),
    reloadReport: async () => ({ applied: [], atNextStart: [], closed: [], warnings: [] }),
    log: createLogger({ destination: silent }),
    ...more,
  }
}

async function open(folder: TemporaryFolder, more: Partial<Controlled> = {}, path = folder.join('control.sock')) {
  const log: LoggedEvent[] = []
  const claimed = await claimControlSocket({ path, dataFolder: folder.path, databaseKind: 'sqlite' })
  const logger = recordingLogger((line) => log.push(line))
  const socket = await ControlSocket.open(claimed, controlled(folder.path, more), logger)
  return { path, log, socket, [Symbol.asyncDispose]: async () => void (await socket?.close()) }
}

const timeoutMs = 5_000

test('it is for its owner alone, and goes with the server', async () => {
  await using folder = await temporaryFolder()
  const { socket, path } = await open(folder)
  const { mode } = await stat(path)
  assert.equal(mode & 0o777, 0o600)
  const { status } = (await askControl(path, { path: '/status', timeoutMs })) as { status: Record<string, unknown> }
  assert.equal(status.version, '1.2.3')
  assert.equal(status.level, 'info')
  await socket!.close()
  await assert.rejects(stat(path), { code: 'ENOENT' })
  await assert.rejects(askControl(path, { path: '/status', timeoutMs }), /^NotListening|No server listens at /)
})

test('what answers as no Belfry would is none', async () => {
  await using folder = await temporaryFolder()
  const path = folder.join('control.sock')
  let body = ''
  await using other = http.createServer((_request, response) => void response.end(body)).listen(path)
  await once(other, 'listening')
  for (body of ['{}', '[]', '{"status":null}', '{"status":"running","applied":{}}']) {
    for (const question of ['/status', '/reload'] as const) {
      await assert.rejects(askControl(path, { path: question, timeoutMs }), /what listens at .* is no Belfry/, body)
    }
    const claimed = await claimControlSocket({ path, dataFolder: folder.path, databaseKind: 'sqlite' })
    assert.match(claimed.reason!, /is no Belfry/)
  }
})

test('one that a killed server has left is replaced', async () => {
  await using folder = await temporaryFolder()
  const path = folder.join('control.sock')
  const { execFileSync } = await import('node:child_process')
  const leave = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  assert.throws(() => execFileSync(process.execPath, ['-e', leave]))
  assert.ok((await stat(path)).isSocket())
  await using opened = await open(folder)
  assert.ok(opened.socket)
  assert.deepEqual(opened.log, [])
  await askControl(path, { path: '/log-level', timeoutMs })
})

test('a second server on the same data folder does not start; on another database it goes without', async () => {
  await using folder = await temporaryFolder()
  await using elsewhere = await temporaryFolder()
  await using first = await open(folder)
  const { path } = first
  await assert.rejects(
    claimControlSocket({ path, dataFolder: `${folder.path}/.`, databaseKind: 'sqlite' }),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(
        error.message,
        /^Another Belfry \(process 4711, since 2026-11-22T10:00:00.000Z\) runs on the data folder/,
      )
      return true
    },
  )
  for (const options of [
    { path, dataFolder: folder.path, databaseKind: 'postgres' },
    { path, dataFolder: elsewhere.path, databaseKind: 'sqlite' },
  ] as const) {
    const { path: none, reason } = await claimControlSocket(options)
    assert.equal(none, undefined)
    assert.match(reason!, /another Belfry \(process 4711, .*\) has /)
  }
  assert.ok((await stat(path)).isSocket())
})

test('of two that start at the same moment one does not', async () => {
  await using folder = await temporaryFolder()
  const path = folder.join('control.sock')
  const log: LoggedEvent[] = []
  const logger = recordingLogger((line) => log.push(line))
  const options = { path, dataFolder: folder.path, databaseKind: 'sqlite' } as const
  const claims = [await claimControlSocket(options), await claimControlSocket(options)]
  const sockets = await Promise.allSettled(
    claims.map((claim) => ControlSocket.open(claim, controlled(folder.path), logger)),
  )
  const [first, second] = sockets.toSorted((a, b) => a.status.localeCompare(b.status))
  assert.ok(first?.status === 'fulfilled' && second?.status === 'rejected')
  assert.match(String(second.reason), /^ConfigError: Another Belfry .* runs on the data folder/)
  await askControl(path, { path: '/status', timeoutMs })
  await first.value?.close()
  assert.deepEqual(log, [])
})

test('where there can be none the log names the setting, and all else goes on', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('notes'), 'not a socket')
  await mkdir(folder.join('folder'))
  for (const [path, says] of [
    [folder.join('x'.repeat(108)), /longer than 107 bytes/],
    [folder.join('notes'), /there is a file of this name that is no socket/],
    [folder.join('folder'), /no socket/],
    [folder.join('nowhere/control.sock'), /ENOENT|EACCES|no such/],
  ] as const) {
    await using opened = await open(folder, {}, path)
    assert.equal(opened.socket, undefined)
    assert.equal(opened.log.length, 1)
    assert.match(lineOf(opened.log[0]!), says)
    assert.match(lineOf(opened.log[0]!), /control_socket \(BELFRY_CONTROL_SOCKET\)/)
  }
  assert.equal(await readFile(folder.join('notes'), 'utf8'), 'not a socket')
  const none = await claimControlSocket({ path: undefined, dataFolder: folder.path, databaseKind: 'sqlite' })
  const log: LoggedEvent[] = []
  const logger = recordingLogger((line) => log.push(line))
  assert.equal(await ControlSocket.open(none, controlled(folder.path), logger), undefined)
  assert.deepEqual(log, [])
})

test('what is no Belfry is neither removed nor believed', async () => {
  await using folder = await temporaryFolder()
  const path = folder.join('control.sock')
  const other = net.createServer((socket) => void socket.on('error', () => {}).end('220 mail\r\n'))
  other.listen(path)
  await once(other, 'listening')
  const claimed = await claimControlSocket({ path, dataFolder: folder.path, databaseKind: 'sqlite' })
  assert.equal(claimed.path, undefined)
  assert.match(claimed.reason!, /does not answer/)
  other.close()
})

test('levels are read and set, of all and of single rooms', async () => {
  await using folder = await temporaryFolder()
  const log = createLogger({ destination: silent, level: 'warn' })
  await using opened = await open(folder, { log })
  const put = (body: object) => askControl(opened.path, { method: 'PUT', path: '/log-level', body, timeoutMs })
  assert.deepEqual(await put({ level: 'debug', room: 'hub' }), { level: 'warn', roomLevels: { hub: 'debug' } })
  assert.deepEqual(await put({ level: 'error' }), { level: 'error', roomLevels: { hub: 'debug' } })
  assert.equal(log.level, 'error')
  assert.deepEqual(log.roomLevels, { hub: 'debug' })
  assert.deepEqual(await put({ level: null, room: 'hub' }), { level: 'error', roomLevels: {} })
  await assert.rejects(put({ level: 'loud' }), /there is no log level "loud": levels are off, error/)
  await assert.rejects(put({ level: null }), /there is no log level null/)
  await assert.rejects(
    put({ level: 'info', room: 'cellar' }),
    /there is no room "cellar" in the log: rooms are cluster/,
  )
  await assert.rejects(put({ level: 'x'.repeat(5_000) }), /at most 4 KiB/)
  assert.equal(log.level, 'error')
})

test('a reload that is refused is told with its reason; a bug ends only the answer, and is logged', async () => {
  await using folder = await temporaryFolder()
  const failures: Error[] = [new ConfigError('belfry.conf:1:1: no'), new TypeError('a bug')]
  const reloadReport = () => Promise.reject(failures.shift())
  await using opened = await open(folder, { reloadReport })
  const reload = () => askControl(opened.path, { method: 'POST', path: '/reload', body: {}, timeoutMs })
  await assert.rejects(reload(), { message: 'the configuration stays as it was:\nbelfry.conf:1:1: no' })
  await assert.rejects(reload(), /Cannot ask the server/)
  assert.match(lineOf(opened.log[0]!), /control socket: request failed/)
})

test('who goes away in the middle of a request is no error', async () => {
  await using folder = await temporaryFolder()
  await using opened = await open(folder)
  const client = net.connect(opened.path)
  client.write('POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n{')
  // Told to go on: it is waited for.
  await once(client, 'data')
  client.destroy()
  // Comes after that, so it is answered when that is over.
  await askControl(opened.path, { path: '/status', timeoutMs })
  await opened.socket!.close()
  assert.deepEqual(opened.log, [])
})

test('a path that no socket can have is said to be too long', async () => {
  const path = `/tmp/${'x'.repeat(108)}`
  await assert.rejects(askControl(path, { path: '/status', timeoutMs }), /^ConfigError: .* longer than 107 bytes$/)
})

test('what a server of another version may not know is said to be so', async () => {
  await using folder = await temporaryFolder()
  await using opened = await open(folder)
  const request = http.get({ socketPath: opened.path, path: '/future' })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  assert.equal(response.statusCode, 404)
  assert.match(String(await response.toArray()), /this server \(version 1\.2\.3\) does not know how to do that/)
})
