/**
 * Login with another device from end to end, over sockets: a phone asks, the laptop hears of it on the hub, approves, and
 * the phone hears that on the anonymous hub and gets in. The hubs' clients are Microsoft's, as in the apps.
 */
import assert from 'node:assert/strict'
import { constants, createPublicKey, generateKeyPairSync, privateDecrypt, publicEncrypt } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr'
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'
import { decrypt, symmetricKey } from '../../src/vault/index.ts'
import { type Json, login, postForm, registerAndLogin, type TestDevice } from '../helpers/account.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { within } from '../helpers/wait.ts'
import { HubDevice } from './devices.ts'

const PHONE = 1
const DESKTOP = 8
const ACCESS_CODE = 'abcdefghijklmnopqrstuvwxy'

/** `spec/hub.md` §3. */
const AUTH_REQUEST = 15
const AUTH_REQUEST_RESPONSE = 16

describe('login with another device', () => {
  let server: TestServer
  let laptop: TestDevice
  let phone: TestDevice
  before(async () => {
    server = await startTestServer()
    const { email } = await registerAndLogin({ server: server.webUrl })
    phone = await login({ server: server.webUrl, email, deviceType: PHONE })
    await phone.post('/api/ciphers', phone.loginItem('an item'))
    // Only now: so it has missed nothing that it would be told when it connects.
    laptop = await login({ server: server.webUrl, email, deviceType: DESKTOP })
  })
  after(() => server.close())

  /** As the phone, which has no token. */
  async function anonymously(method: string, path: string, body?: Json): Promise<Json> {
    const response = await fetch(server.webUrl + path, {
      method,
      headers: { 'Device-Type': String(PHONE), 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    assert.equal(response.status, 200, path)
    return (await response.json()) as Json
  }

  async function ask() {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const asked = await anonymously('POST', '/api/auth-requests/', {
      email: phone.email,
      publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      deviceIdentifier: phone.deviceId,
      accessCode: ACCESS_CODE,
      type: 0,
    })
    return { id: asked.id as string, privateKey }
  }

  /** The phone's connection, and the first that it hears. */
  async function waitFor(id: string) {
    const hub = new HubConnectionBuilder()
      .withUrl(`${server.webUrl}/notifications/anonymous-hub?Token=${id}`, {
        skipNegotiation: true,
        transport: HttpTransportType.WebSockets,
      })
      .withHubProtocol(new MessagePackHubProtocol())
      .configureLogging(LogLevel.None)
      .build()
    await hub.start()
    const { promise: answered, resolve } = Promise.withResolvers<unknown>()
    hub.on('AuthRequestResponseRecieved', resolve)
    return { answered, [Symbol.asyncDispose]: () => hub.stop() }
  }

  const logIn = (id: string) =>
    postForm(fetch, `${server.webUrl}/identity/connect/token`, {
      scope: 'api offline_access',
      client_id: 'mobile',
      grant_type: 'password',
      username: phone.email,
      password: ACCESS_CODE,
      authRequest: id,
      deviceType: String(PHONE),
      deviceIdentifier: phone.deviceId,
      deviceName: 'phone',
    })

  test('asked, told, approved, told, and the vault opens with the key that was handed over', async () => {
    await using events = await HubDevice.connect(server.webUrl, laptop.accessToken)
    const { id, privateKey } = await ask()
    await using phoneHub = await waitFor(id)
    const asked = await events.next()
    assert.deepEqual(
      [asked.Type, asked.ContextId, asked.Payload],
      [AUTH_REQUEST, phone.deviceId, { Id: id, UserId: laptop.userId }],
    )

    // The laptop looks at what it was told of, and hands its user key over to the phone.
    const { json: request } = await laptop.get(`/api/auth-requests/${asked.Payload.Id}`)
    const spki = Buffer.from(request.publicKey, 'base64')
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    const handedOver = publicEncrypt(
      { key: createPublicKey({ key: spki, format: 'der', type: 'spki' }), padding, oaepHash: 'sha1' },
      Buffer.concat([laptop.userKey.enc, laptop.userKey.mac]),
    )
    const approval = await laptop.put(`/api/auth-requests/${id}`, {
      deviceIdentifier: laptop.deviceId,
      key: `4.${handedOver.toString('base64')}`,
      masterPasswordHash: null,
      requestApproved: true,
    })
    assert.equal(approval.status, 200)

    assert.deepEqual(await within(phoneHub.answered, 'the approval'), {
      Type: AUTH_REQUEST_RESPONSE,
      Payload: { Id: id, UserId: laptop.userId },
      UserId: laptop.userId,
    })
    const answered = await events.next()
    assert.deepEqual(
      [answered.Type, answered.ContextId, answered.Payload],
      [AUTH_REQUEST_RESPONSE, laptop.deviceId, { Id: id, UserId: laptop.userId }],
    )

    const response = await anonymously('GET', `/api/auth-requests/${id}/response?code=${ACCESS_CODE}`)
    const wrapped = Buffer.from(response.key.slice('4.'.length), 'base64')
    const userKey = symmetricKey(privateDecrypt({ key: privateKey, padding, oaepHash: 'sha1' }, wrapped))
    const { status, json: token } = await logIn(id)
    assert.equal(status, 200)
    const headers = { Authorization: `Bearer ${token.access_token}` }
    const sync = (await (await fetch(`${server.webUrl}/api/sync`, { headers })).json()) as Json
    assert.equal(decrypt(sync.ciphers[0].name, userKey).toString(), 'an item')
    assert.equal((await logIn(id)).status, 400)
  })

  test('who is denied hears nothing, and does not get in', async () => {
    await using events = await HubDevice.connect(server.webUrl, laptop.accessToken)
    const { id } = await ask()
    await using phoneHub = await waitFor(id)
    assert.equal((await events.next()).Type, AUTH_REQUEST)
    const denial = { deviceIdentifier: laptop.deviceId, key: null, masterPasswordHash: null, requestApproved: false }
    assert.equal((await laptop.put(`/api/auth-requests/${id}`, denial)).status, 200)
    assert.equal((await logIn(id)).status, 400)
    // What is told after it would have come behind it: the same hub, in the same order.
    await laptop.post('/api/folders', { name: laptop.encrypt('later') })
    await laptop.put(`/api/accounts/avatar`, { avatarColor: '#000000' })
    assert.deepEqual([(await events.next()).Type, (await events.next()).Type], [7, 10])
    const silence = new Promise((resolve) => setTimeout(resolve, 1_500, 'silence'))
    assert.equal(await Promise.race([phoneHub.answered, silence]), 'silence')
  })
})
