/**
 * What ends a session ends at once what lives on it: with Microsoft's SignalR client, set up as the Bitwarden apps set it
 * up, and with NATS' own library.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type NatsConnection, wsconnect } from '@nats-io/nats-core'
import { NotificationType } from '../../src/notify/index.ts'
import { login, register, registerAndLogin, type TestDevice } from '../helpers/account.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { within } from '../helpers/wait.ts'
import { HubDevice } from './devices.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ vault: { unauthenticatedRatelimitMaxBurst: 1000 } })
})
after(() => server.close())

/** A logged-in device that listens on the hub and by NATS. */
class Client implements AsyncDisposable {
  readonly device: TestDevice
  readonly hub: HubDevice
  readonly nats: NatsConnection
  readonly #hubClosed: Promise<void>

  static async of(device: TestDevice): Promise<Client> {
    const hub = await HubDevice.connect(server.webUrl, device.accessToken)
    const nats = await wsconnect({ servers: server.webNatsUrl, token: device.accessToken, reconnect: false })
    return new Client(device, hub, nats)
  }

  private constructor(device: TestDevice, hub: HubDevice, nats: NatsConnection) {
    this.device = device
    this.hub = hub
    this.nats = nats
    this.#hubClosed = new Promise((resolve) => hub.connection.onclose(() => resolve()))
  }

  /** It is told to log out, by the device `contextId`, then both connections are closed and its token opens neither. */
  async assertLoggedOut(contextId: string | null): Promise<void> {
    const { Type, ContextId, Payload } = await this.hub.next()
    assert.deepEqual([Type, ContextId, Payload.UserId], [NotificationType.LogOut, contextId, this.device.userId])
    await within(this.#hubClosed, 'the end of the hub connection')
    assert.deepEqual(this.hub.unread, [])
    await within(this.nats.closed(), 'the end of the NATS connection')
    await assert.rejects(HubDevice.connect(server.webUrl, this.device.accessToken), /401|closed|WebSocket/)
    assert.equal((await this.device.get('/api/sync')).status, 401)
  }

  /** It has heard nothing, and hears of the next change. */
  async assertUndisturbed(): Promise<void> {
    await this.nats.flush()
    const { json } = await this.device.post('/api/folders', { name: this.device.encrypt('x') })
    const { Type, Payload } = await this.hub.next()
    assert.deepEqual([Type, Payload.Id], [NotificationType.SyncFolderCreate, json.id])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]()
    await this.nats.close()
  }
}

async function phoneLaptopAndStranger() {
  const email = `${randomUUID()}@example.com`
  await register({ server: server.webUrl, email })
  return {
    phone: await Client.of(await login({ server: server.webUrl, email, deviceType: 0 })),
    laptop: await Client.of(await login({ server: server.webUrl, email })),
    stranger: await Client.of(await registerAndLogin({ server: server.webUrl })),
  }
}

const NEW_HASH = Buffer.alloc(32, 1).toString('base64')
const KDF = { kdfType: 1, iterations: 3, memory: 64, parallelism: 4 }

const endOfAll: Record<string, { end: (by: TestDevice) => Promise<{ status: number }>; excuses: boolean }> = {
  'sessions are deauthorised': {
    end: (by) => by.post('/api/accounts/security-stamp', { masterPasswordHash: by.passwordHash }),
    excuses: false,
  },
  'the password is changed': {
    end: (by) =>
      by.post('/api/accounts/password', {
        masterPasswordHash: by.passwordHash,
        newMasterPasswordHash: NEW_HASH,
        key: '2.new',
      }),
    excuses: true,
  },
  'the key derivation is changed': {
    end: (by) =>
      by.post('/api/accounts/kdf', {
        masterPasswordHash: by.passwordHash,
        authenticationData: { salt: by.email, kdf: KDF, masterPasswordAuthenticationHash: NEW_HASH },
        unlockData: { salt: by.email, kdf: KDF, masterKeyWrappedUserKey: '2.new' },
      }),
    excuses: true,
  },
  'the account is deleted': {
    end: (by) => by.delete('/api/accounts', { masterPasswordHash: by.passwordHash }),
    excuses: false,
  },
}

for (const [what, { end, excuses }] of Object.entries(endOfAll)) {
  test(`when ${what}, every device of the user is told and closed, the acting one too, and nobody else`, async () => {
    const { phone, laptop, stranger } = await phoneLaptopAndStranger()
    assert.equal((await end(laptop.device)).status, 200)
    // The app that changed the password passes the log-out over by this, and finishes what it is doing.
    for (const client of [phone, laptop]) await client.assertLoggedOut(excuses ? laptop.device.deviceId : null)
    await stranger.assertUndisturbed()
    for (const client of [phone, laptop, stranger]) await client[Symbol.asyncDispose]()
  })
}

for (const [method, path] of [
  ['DELETE', '/api/devices/{id}'],
  ['POST', '/api/devices/{id}/deactivate'],
] as const) {
  test(`${method} ${path}: that device is told and closed, and no other of the user`, async () => {
    const { phone, laptop, stranger } = await phoneLaptopAndStranger()
    const { status } = await laptop.device.request(method, path.replace('{id}', phone.device.deviceId))
    assert.equal(status, 200)
    await phone.assertLoggedOut(laptop.device.deviceId)
    await laptop.assertUndisturbed()
    await stranger.assertUndisturbed()
    for (const client of [phone, laptop, stranger]) await client[Symbol.asyncDispose]()
  })
}

test('a device of a deleted account does not come back by a refresh, and its address can register anew', async () => {
  const device = await registerAndLogin({ server: server.webUrl })
  assert.equal((await device.post('/api/accounts/delete', { masterPasswordHash: device.passwordHash })).status, 200)
  const form = { grant_type: 'refresh_token', refresh_token: device.token.refresh_token, client_id: 'web' }
  const answer = await fetch(`${server.webUrl}/identity/connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })
  assert.equal(answer.status, 400)
  const again = await registerAndLogin({ server: server.webUrl, email: device.email })
  assert.notEqual(again.userId, device.userId)
})
