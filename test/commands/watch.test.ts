import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect, createServer as createRelay, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { type Notification, NotificationType } from '#notify'
import { toJsonLine, toLine } from '../../src/commands/watch/print.ts'
import { watch } from '../../src/commands/watch.ts'
import { startMeddler } from '../doctor/meddler.ts'
import { PASSWORD, registerAndLogin } from '../helpers/account.ts'
import { startTestServer } from '../helpers/server.ts'
import { until, within } from '../helpers/wait.ts'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname

/** A running `watch` with what it reported, in order. */
function startWatch(server: string, email: string, password = PASSWORD, code?: string) {
  const stop = new AbortController()
  const reports: (Notification | string)[] = []
  const awaited = new Set<() => void>()
  const report = (what: Notification | string) => {
    reports.push(what)
    for (const check of awaited) check()
  }
  const ended = watch({ server, email, password, code, signal: stop.signal, onEvent: report, onStatus: report })
  ended.catch(() => {})
  const find = async <T>(pick: (report: Notification | string) => T | undefined, what: string): Promise<T> => {
    const { promise, resolve } = Promise.withResolvers<T>()
    const check = () => {
      const found = reports.map(pick).find((value) => value !== undefined)
      if (found !== undefined) resolve(found)
    }
    awaited.add(check)
    check()
    return within(Promise.race([promise, ended.then(() => promise)]), what).finally(() => awaited.delete(check))
  }
  return {
    ended,
    reports,
    stop: () => stop.abort(),
    status: (text: string) => find((r) => (typeof r === 'string' && r.includes(text) ? r : undefined), text),
    event: (type: number) =>
      find((r) => (typeof r === 'object' && r.Type === type ? r : undefined), `an event of type ${type}`),
  }
}

test('an account with two-step login is watched with a code of its app, and without one it is said how', async () => {
  await using server = await startTestServer()
  const { email, passwordHash, post, put } = await registerAndLogin({ server: server.webUrl })
  const { json: app } = await post('/api/two-factor/get-authenticator', { masterPasswordHash: passwordHash })
  // A code counts once: the one before is for the set-up.
  const codeAt = (timestamp: number) => new TOTP({ secret: Secret.fromBase32(app.key) }).generate({ timestamp })
  const { key, userVerificationToken } = app
  const setUp = { key, userVerificationToken, masterPasswordHash: passwordHash, token: codeAt(Date.now() - 30_000) }
  assert.equal((await put('/api/two-factor/authenticator', setUp)).status, 200)
  await assert.rejects(startWatch(server.webUrl, email).ended, /Two factor required\. Give the code .* with --code\.$/)
  const watching = startWatch(server.webUrl, email, PASSWORD, codeAt(Date.now()))
  await watching.status('watching')
  watching.stop()
  await within(watching.ended, 'the end')
})

test("what one device changes is seen at once, with that device's identifier", async () => {
  await using server = await startTestServer()
  const device = await registerAndLogin({ server: server.webUrl })
  const watching = startWatch(server.webUrl, device.email)
  await watching.status('watching')
  const { json: cipher } = await device.post('/api/ciphers', device.loginItem('mail'))
  const { ContextId, Payload } = await watching.event(NotificationType.SyncCipherCreate)
  assert.equal(ContextId, device.deviceId)
  assert.equal(Payload.Id, cipher.id)
  assert.equal(Payload.UserId, device.userId)
  watching.stop()
  await within(watching.ended, 'the end')
})

test('being logged out is the end, and said', async () => {
  await using server = await startTestServer()
  const device = await registerAndLogin({ server: server.webUrl })
  const watching = startWatch(server.webUrl, device.email)
  await watching.status('watching')
  await device.post('/api/accounts/security-stamp', { masterPasswordHash: device.passwordHash })
  await assert.rejects(within(watching.ended, 'the end'), { name: 'ConfigError', message: /logged this device out/ })
})

test('a wrong password, a wrong address and a server that is not there are told apart', async () => {
  await using server = await startTestServer()
  const { email } = await registerAndLogin({ server: server.webUrl })
  const cases: [server: string, complaint: RegExp][] = [
    [server.webUrl, /Cannot log in to .*: Username or password is incorrect/],
    ['localhost:8000', /--server: "localhost:8000" is no http/],
    [
      'http://127.0.0.1:1',
      /Cannot log in to http:\/\/127\.0\.0\.1:1: the server cannot be reached: .*(ECONNREFUSED|bad port)/,
    ],
  ]
  for (const [address, message] of cases) {
    await assert.rejects(startWatch(address, email, 'wrong').ended, { name: 'ConfigError', message })
  }
})

test('a server that asks for too weak a key derivation gets no hash of the password', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.setHeader('Content-Type', 'application/json').end('{"kdf":0,"kdfIterations":1}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await assert.rejects(startWatch(`http://127.0.0.1:${port}`, 'a@example.com').ended, /key derivation/)
  assert.deepEqual(asked, ['/identity/accounts/prelogin'])
  server.close()
  server.closeAllConnections()
})

test('a connection that was lost is made again', async () => {
  await using server = await startTestServer()
  const device = await registerAndLogin({ server: server.webUrl })
  const target = Number(new URL(server.webUrl).port)
  const sockets: Socket[] = []
  const relay = createRelay((socket) => {
    const onward = connect(target, '127.0.0.1')
    socket.pipe(onward).pipe(socket)
    for (const end of [socket, onward]) sockets.push(end.on('error', () => end.destroy()))
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const { port } = relay.address() as AddressInfo

  const watching = startWatch(`http://127.0.0.1:${port}`, device.email)
  await watching.status('watching')
  for (const socket of sockets.splice(0)) socket.destroy()
  await watching.status('trying again in 1 s')
  await until(
    () => watching.reports.filter((what) => String(what).includes('watching')).length === 2,
    'a new connection',
  )
  await device.post('/api/folders', { name: device.encrypt('work') })
  await watching.event(NotificationType.SyncFolderCreate)
  watching.stop()
  await within(watching.ended, 'the end')
  relay.close()
  for (const socket of sockets) socket.destroy()
})

test('where the hub is off, it is said what was answered and why that may be', async () => {
  await using server = await startTestServer({ web: { servesHub: false } })
  const device = await registerAndLogin({ server: server.webUrl })
  const watching = startWatch(server.webUrl, device.email)
  await watching.status('the hub is switched off')
  watching.stop()
  await within(watching.ended, 'the end')
})

test('behind a proxy that loses the upgrade it is said what the proxy has to do', async () => {
  await using server = await startTestServer()
  const device = await registerAndLogin({ server: server.webUrl })
  const proxy = createServer((request, response) => {
    const { connection, upgrade, ...headers } = request.headers
    const onward = httpRequest(server.webUrl + request.url, { method: request.method!, headers }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode!, answer.headers))
    })
    request.pipe(onward)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const watching = startWatch(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, device.email)
  await watching.status('the header Upgrade does not arrive, nor does Connection with it: the proxy drops it')
  watching.stop()
  await within(watching.ended, 'the end')
  proxy.close()
  proxy.closeAllConnections()
})

test('the command prints a line for each event and ends cleanly on Ctrl-C', async () => {
  await using server = await startTestServer()
  const device = await registerAndLogin({ server: server.webUrl })
  const command = spawn(process.execPath, [MAIN, 'watch', device.email, '--server', server.webUrl, '--json'], {
    env: { ...process.env, BELFRY_PASSWORD: PASSWORD },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    const [status] = await within(once(createInterface(command.stderr), 'line'), 'the first status')
    assert.match(status, /^belfry: watching /)
    await device.post('/api/folders', { name: device.encrypt('work') })
    const [line] = await within(once(createInterface(command.stdout), 'line'), 'the event')
    const { name, contextId } = JSON.parse(line)
    assert.deepEqual({ name, contextId }, { name: 'SyncFolderCreate', contextId: device.deviceId })
    command.kill('SIGINT')
    assert.deepEqual(await within(once(command, 'exit'), 'the end'), [0, null])
  } finally {
    command.kill('SIGKILL')
  }
})

test('what a server says of the connection cannot move the cursor', async () => {
  await using server = await startTestServer()
  const device = await registerAndLogin({ server: server.webUrl })
  const refusal = '{"error":"\\u001b[31mred\\u0007"}\x1e'
  const frame = `\x81${String.fromCharCode(refusal.length)}${refusal}`
  await using proxy = await startMeddler(server.webUrl, {
    onAnswer: (head) => (head.startsWith('HTTP/1.1 101') ? head + frame : head),
  })
  const command = spawn(process.execPath, [MAIN, 'watch', device.email, '--server', proxy.url], {
    env: { ...process.env, BELFRY_PASSWORD: PASSWORD },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  try {
    const [status] = await within(once(createInterface(command.stderr), 'line'), 'the first status')
    assert.equal(status, 'belfry: the server refused: red; trying again in 1 s')
  } finally {
    command.kill('SIGKILL')
  }
})

test('a line names time, type, ids and device, and cannot write on the terminal but itself', () => {
  const at = new Date(2024, 0, 2, 3, 4, 5, 6)
  const notification = {
    ContextId: 'd1',
    Type: 0,
    Payload: {
      Id: 'c1\x1b[2J',
      UserId: null,
      CollectionIds: ['k1'],
      RevisionDate: new Date('2024-01-02T03:04:05.678Z'),
    },
  }
  assert.equal(
    toLine(notification, at),
    '03:04:05.006  SyncCipherUpdate  Id=c1�[2J  CollectionIds=["k1"]  RevisionDate=2024-01-02T03:04:05.678Z  by device d1',
  )
  assert.match(toLine({ ContextId: null, Type: 99, Payload: {} }, at), /Type 99 .* by no particular device$/)
  assert.deepEqual(JSON.parse(toJsonLine({ ContextId: null, Type: 5, Payload: { UserId: 'u1' } }, at)), {
    time: at.toISOString(),
    type: 5,
    name: 'SyncVault',
    contextId: null,
    payload: { UserId: 'u1' },
  })
})
