/**
 * Nothing is missed: a device whose connection was lost is told to sync when it is back, if something changed meanwhile.
 * With Microsoft's SignalR client, set up as the Bitwarden apps set it up, over a line that is cut.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { HubConnection } from '@microsoft/signalr'
import { NotificationType } from '../../src/notify/index.ts'
import { login, register, registerAndLogin, type TestDevice } from '../helpers/account.ts'
import { type RunningProgram, startProgram } from '../helpers/processes.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { within } from '../helpers/wait.ts'
import { CutLine } from './cut-line.ts'
import { HubDevice } from './devices.ts'

/** Two devices of a new user. */
async function phoneAndLaptop(server: string): Promise<{ phone: TestDevice; laptop: TestDevice }> {
  const email = `${randomUUID()}@example.com`
  await register({ server, email })
  // A browser extension; the helpers' devices are web vaults else, of which there may be several tabs.
  return { phone: await login({ server, email, deviceType: 2 }), laptop: await login({ server, email }) }
}

const closeOf = (connection: HubConnection) =>
  within(new Promise<void>((resolve) => connection.onclose(() => resolve())), 'the close')

/** A connection that ends because its line is cut. */
async function connectAndCut(line: CutLine, { accessToken }: TestDevice): Promise<void> {
  const device = await HubDevice.connect(line.url, accessToken)
  const closed = closeOf(device.connection)
  line.cut()
  await closed
}

/** That the device, back again, is told to sync exactly so often, before anything else. */
async function assertToldToSync(times: 0 | 1, url: string, phone: TestDevice, laptop: TestDevice): Promise<void> {
  await using device = await HubDevice.connect(url, phone.accessToken)
  if (times > 0) {
    const { ContextId, Type, Payload } = await device.next()
    assert.deepEqual([Type, ContextId, Payload.UserId], [NotificationType.SyncVault, null, phone.userId])
    assert.ok(Payload.Date instanceof Date)
  }
  for (let i = 0; i < 2; i++) {
    const id = await addFolder(url, laptop)
    const { Type, Payload } = await device.next()
    assert.deepEqual([Type, Payload.Id], [NotificationType.SyncFolderCreate, id])
  }
  assert.deepEqual(device.unread, [])
}

describe('a device that is back on the same server', () => {
  let server: TestServer
  let line: CutLine
  before(async () => {
    server = await startTestServer()
    line = await CutLine.to(server.webUrl)
  })
  after(async () => {
    await line?.[Symbol.asyncDispose]()
    await server.close()
  })

  test('is told to sync, once, when an entry was changed meanwhile', async () => {
    const { phone, laptop } = await phoneAndLaptop(server.webUrl)
    const { json: entry } = await laptop.post('/api/ciphers', laptop.loginItem('before'))
    const again = await login({ server: server.webUrl, email: phone.email, deviceId: phone.deviceId, deviceType: 2 })
    await connectAndCut(line, again)
    assert.equal((await laptop.put(`/api/ciphers/${entry.id}`, laptop.loginItem('after'))).status, 200)
    await assertToldToSync(1, line.url, again, laptop)
  })

  test('is told nothing when nothing was changed', async () => {
    const { phone, laptop } = await phoneAndLaptop(server.webUrl)
    await connectAndCut(line, phone)
    await connectAndCut(line, phone)
    await assertToldToSync(0, line.url, phone, laptop)
  })

  test('is told also when it changed something itself, from elsewhere than its connection', async () => {
    const { phone, laptop } = await phoneAndLaptop(server.webUrl)
    await connectAndCut(line, phone)
    await addFolder(server.webUrl, phone)
    await assertToldToSync(1, line.url, phone, laptop)
  })

  test('is told nothing of what was before it logged in', async () => {
    const { phone, laptop } = await phoneAndLaptop(server.webUrl)
    await connectAndCut(line, phone)
    await addFolder(server.webUrl, laptop)
    const again = await login({ server: server.webUrl, email: phone.email, deviceId: phone.deviceId, deviceType: 2 })
    await assertToldToSync(0, line.url, again, laptop)
  })

  test('is told although it has refreshed its token, which is no sync', async () => {
    const { phone, laptop } = await phoneAndLaptop(server.webUrl)
    await addFolder(server.webUrl, laptop)
    const form = { grant_type: 'refresh_token', refresh_token: phone.token.refresh_token, client_id: 'browser' }
    const answer = await fetch(`${server.webUrl}/identity/connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    })
    assert.equal(answer.status, 200)
    await assertToldToSync(1, line.url, phone, laptop)
  })

  test('hears nothing of what somebody else changed', async () => {
    const { phone, laptop } = await phoneAndLaptop(server.webUrl)
    const other = await registerAndLogin({ server: server.webUrl })
    await connectAndCut(line, phone)
    await addFolder(server.webUrl, other)
    await assertToldToSync(0, line.url, phone, laptop)
  })
})

describe('a device that is back on a server that was restarted', () => {
  for (const [what, changes, times] of [
    ['is told to sync, once, when an entry was changed', true, 1],
    ['is told nothing when nothing was changed', false, 0],
  ] as const) {
    test(what, async () => {
      await using folder = await temporaryFolder()
      const start = () => startTestServer({ vault: { dataFolder: folder.path } })
      const first = await start()
      const { phone, laptop } = await phoneAndLaptop(first.webUrl)
      const device = await HubDevice.connect(first.webUrl, phone.accessToken)
      const closed = closeOf(device.connection)
      await first.close()
      await closed

      await using second = await start()
      if (changes) await addFolder(second.webUrl, laptop)
      await assertToldToSync(times, second.webUrl, phone, laptop)
    })
  }
})

describe('a device that is back on a server that was killed', () => {
  for (const [what, changes, times] of [
    ['is told to sync, once, when an entry was changed before that', true, 1],
    ['is told nothing when nothing was changed', false, 0],
  ] as const) {
    test(what, async () => {
      await using folder = await temporaryFolder()
      const first = await serve(folder)
      await using _first = first.program
      const { phone, laptop } = await phoneAndLaptop(first.url)
      await using line = await CutLine.to(first.url)
      await connectAndCut(line, phone)
      if (changes) await addFolder(first.url, laptop)
      const other = await HubDevice.connect(first.url, laptop.accessToken)
      const closed = closeOf(other.connection)
      first.program.child.kill('SIGKILL')
      await closed
      await first.program.exited

      const second = await serve(folder)
      await using _second = second.program
      await assertToldToSync(times, second.url, phone, laptop)
    })
  }

  test('is told rather once too often than not at all when it heard of the change just before', async () => {
    await using folder = await temporaryFolder()
    const first = await serve(folder)
    await using _first = first.program
    const { phone, laptop } = await phoneAndLaptop(first.url)
    const device = await HubDevice.connect(first.url, phone.accessToken)
    const closed = closeOf(device.connection)
    await addFolder(first.url, laptop)
    assert.equal((await device.next()).Type, NotificationType.SyncFolderCreate)
    first.program.child.kill('SIGKILL')
    await closed
    await first.program.exited
    const second = await serve(folder)
    await using _second = second.program
    await assertToldToSync(1, second.url, phone, laptop)
  })
})

async function serve(folder: TemporaryFolder): Promise<{ program: RunningProgram; url: string }> {
  const configuration = 'listen: "127.0.0.1:-1"\nweb { listen: "127.0.0.1:-1", https: false }\n'
  await writeFile(folder.join('belfry.conf'), configuration)
  const program = await startProgram({
    command: path.resolve(import.meta.dirname, '../../bin/belfry'),
    args: ['-c', 'belfry.conf'],
    cwd: folder.path,
    env: { LOG_LEVEL: 'warn', DATA_FOLDER: folder.join('data'), PASSWORD_ITERATIONS: '100000' },
    ready: /Stop with Ctrl-C/,
  })
  const [, url] = await program.saying(/(http:\/\/127\.0\.0\.1:\d+)/)
  return { program, url: url! }
}

/** A change by that device, at the server that listens at `url` now. Answers with the id of what it made. */
async function addFolder(url: string, { accessToken, encrypt }: TestDevice): Promise<string> {
  const answer = await fetch(`${url}/api/folders`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: encrypt('folder') }),
  })
  assert.equal(answer.status, 200)
  const { id } = (await answer.json()) as { id: string }
  return id
}
