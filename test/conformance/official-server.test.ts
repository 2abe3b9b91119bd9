/**
 * Belfry in place of an official server's Notifications service: devices come with tokens of that server's Identity
 * service, its other services post to `/send`, and every device hears exactly what is its own.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr'
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'
import { exportSPKI, SignJWT } from 'jose'
import { registerAndLogin } from '../helpers/account.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { newKey, Provider } from '../relay/identity/provider.ts'
import { HubDevice, type HubEvent } from './devices.ts'

const ALICE = '11111111-1111-4111-8111-11111111111a'
const BOB = '22222222-2222-4222-8222-22222222222b'
const ITEM = '33333333-3333-4333-8333-33333333333c'
const ORG = '66666666-6666-4666-8666-66666666666d'
const OTHER_ORG = '77777777-7777-4777-8777-77777777777e'
const INSTALLATION = '88888888-8888-4888-8888-88888888888f'
const DATE = '2024-01-02T03:04:05.6789012Z'
const AT = new Date('2024-01-02T03:04:05.678Z')

/** Claims as the official server writes them. */
const claimsOf = (sub: string, devicetype: string, more: object = {}) => ({
  sub,
  scope: ['api', 'offline_access'],
  amr: ['Application'],
  client_id: 'web',
  device: `device-${devicetype}`,
  devicetype,
  ...more,
})

describe('an official server', () => {
  let provider: Provider
  let server: TestServer
  let apiToken: string
  const devices: Record<string, HubDevice> = {}

  const post = async (body: unknown, token = apiToken, path = '/notifications/send') => {
    const response = await fetch(server.webUrl + path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json; charset=utf-8' },
      body: JSON.stringify(body),
    })
    return { status: response.status, text: await response.text() }
  }

  before(async () => {
    provider = await Provider.start()
    const identity = { authority: provider.authority, installationId: INSTALLATION }
    server = await startTestServer({ identity })
    apiToken = await provider.token({ sub: 'Api', scope: ['internal'], client_id: 'internal.Api' })
    const who: Record<string, object> = {
      aliceOnWeb: claimsOf(ALICE, 'FirefoxBrowser', { orgowner: ORG }),
      aliceInBrowser: claimsOf(ALICE, 'ChromeExtension', { orgowner: ORG }),
      bobOnPhone: claimsOf(BOB, 'iOS', { orguser: [ORG, OTHER_ORG] }),
      bobOnDesktop: claimsOf(BOB, 'LinuxDesktop', { orguser: [ORG, OTHER_ORG], amr: ['external'] }),
    }
    for (const [name, claims] of Object.entries(who)) {
      devices[name] = await HubDevice.connect(server.webUrl, await provider.token({ ...claims }))
    }
  })
  after(async () => {
    for (const device of Object.values(devices)) await device[Symbol.asyncDispose]()
    await server?.close()
    await provider?.[Symbol.asyncDispose]()
  })

  /** Posts `body`, and answers with what every device heard until something came that is for all of them. */
  const hearing = async (body: object): Promise<Record<string, HubEvent>> => {
    const { status, text } = await post(body)
    assert.deepEqual([status, text], [200, ''])
    for (const userId of [ALICE, BOB]) await post({ type: 5, payload: { userId, date: DATE }, contextId: null })
    const heard: Record<string, HubEvent> = {}
    for (const [name, device] of Object.entries(devices)) {
      const event = await device.next()
      if (event.Type === 5) continue
      heard[name] = event
      assert.equal((await device.next()).Type, 5)
    }
    return heard
  }

  const everybody = ['aliceOnWeb', 'aliceInBrowser', 'bobOnPhone', 'bobOnDesktop']
  const alices = everybody.slice(0, 2)
  const bobs = everybody.slice(2)
  const cipher = { id: ITEM, userId: null, organizationId: null, collectionIds: null, revisionDate: DATE }
  const notice = {
    id: ITEM,
    priority: 1,
    global: false,
    clientType: 0,
    userId: null,
    organizationId: null,
    installationId: null,
    taskId: null,
    title: 'Title',
    body: 'Body',
    creationDate: DATE,
    revisionDate: DATE,
    readDate: null,
    deletedDate: null,
  }
  const posted: [what: string, type: number, payload: object, hearers: readonly string[]][] = [
    ['an item of a user', 1, { ...cipher, userId: ALICE }, alices],
    ['an item of an organization', 0, { ...cipher, organizationId: ORG }, everybody],
    ['an item of an organization of some', 2, { ...cipher, organizationId: OTHER_ORG }, bobs],
    ['an item of nobody here', 2, { ...cipher, organizationId: INSTALLATION }, []],
    ['a folder', 7, { id: ITEM, userId: BOB, revisionDate: DATE }, bobs],
    ['new keys of organizations', 6, { userId: BOB, date: DATE }, bobs],
    ['a question for approval', 15, { userId: ALICE, id: ITEM }, alices],
    ['the status of an organization', 18, { organizationId: ORG, enabled: true }, everybody],
    ['a notice for a user', 20, { ...notice, userId: BOB }, bobs],
    ['a notice for phones of a user', 20, { ...notice, userId: BOB, clientType: 4 }, ['bobOnPhone']],
    ['a notice for desktops of a user who has none', 20, { ...notice, userId: ALICE, clientType: 3 }, []],
    [
      'a notice for browsers in an organization',
      20,
      { ...notice, organizationId: ORG, clientType: 2 },
      alices.slice(1),
    ],
    ['a notice for the installation', 20, { ...notice, global: true, installationId: INSTALLATION }, everybody],
    [
      'a notice for the web vaults of the installation',
      21,
      { ...notice, global: true, installationId: INSTALLATION, clientType: 1 },
      ['aliceOnWeb'],
    ],
    ['a notice for another installation', 20, { ...notice, global: true, installationId: ORG }, []],
    ['security tasks', 22, { userId: ALICE, date: DATE }, alices],
    ['a bank account', 24, { providerId: ORG, adminId: BOB }, bobs],
    [
      'an accepted invitation',
      26,
      { userId: ALICE, organizationId: ORG, targetUserId: BOB, targetOrganizationUserId: ITEM },
      alices,
    ],
    ['premium', 27, { userId: ALICE, premium: true }, alices],
    ['a type that nobody knows', 99, { userId: ALICE }, []],
  ]
  for (const [what, type, payload, hearers] of posted) {
    test(`${what} (${type}) is heard by ${hearers.join(', ') || 'nobody'}`, async () => {
      const heard = await hearing({ type, payload, contextId: 'device-iOS' })
      assert.deepEqual(Object.keys(heard), hearers)
      for (const event of Object.values(heard)) {
        assert.equal(event.Type, type)
        assert.equal(event.ContextId, 'device-iOS')
        for (const [name, value] of Object.entries(payload)) {
          const member = event.Payload[name[0]!.toUpperCase() + name.slice(1)]
          assert.deepEqual(member, value === DATE ? AT : value, name)
        }
      }
    })
  }

  test('a policy comes with its dates as dates', async () => {
    const policy = { id: ITEM, organizationId: ORG, type: 1, data: null, enabled: true, creationDate: DATE }
    const payload = { organizationId: ORG, policy: { ...policy, revisionDate: DATE } }
    const heard = await hearing({ type: 25, payload, contextId: null })
    assert.deepEqual(heard.bobOnPhone?.Payload, {
      OrganizationId: ORG,
      Policy: { Id: ITEM, OrganizationId: ORG, Type: 1, Data: null, Enabled: true, CreationDate: AT, RevisionDate: AT },
    })
    assert.deepEqual(Object.keys(heard), everybody)
  })

  test('the answer to an auth request is heard by who waits for it, and by no device of the user', async () => {
    const waiting = new HubConnectionBuilder()
      .withUrl(`${server.webUrl}/notifications/anonymous-hub?Token=${ITEM}`, {
        skipNegotiation: true,
        transport: HttpTransportType.WebSockets,
      })
      .withHubProtocol(new MessagePackHubProtocol())
      .configureLogging(LogLevel.None)
      .build()
    const { promise: answer, resolve } = Promise.withResolvers<HubEvent>()
    waiting.on('AuthRequestResponseRecieved', resolve)
    await waiting.start()
    assert.deepEqual(await hearing({ type: 16, payload: { userId: ALICE, id: ITEM }, contextId: null }), {})
    assert.deepEqual((await answer).Payload, { Id: ITEM, UserId: ALICE })
    await waiting.stop()
  })

  test('a log-out is the last thing that devices of the user hear, unless it has a reason', async () => {
    const token = await provider.token(claimsOf(INSTALLATION, 'WindowsDesktop'))
    const device = await HubDevice.connect(server.webUrl, token)
    const closed = new Promise<void>((resolve) => device.connection.onclose(() => resolve()))
    await post({ type: 11, payload: { userId: INSTALLATION, reason: 0 }, contextId: null })
    assert.equal((await device.next()).Payload.Reason, 0)
    await post({ type: 11, payload: { userId: INSTALLATION, reason: null }, contextId: null })
    assert.equal((await device.next()).Payload.Reason, null)
    await closed
  })

  test('its nginx takes the prefix off the paths', async () => {
    const token = await provider.token(claimsOf(ORG, 'ChromeBrowser'))
    const connection = new HubConnectionBuilder()
      .withUrl(`${server.webUrl}/hub`, { accessTokenFactory: () => token })
      .withHubProtocol(new MessagePackHubProtocol())
      .configureLogging(LogLevel.None)
      .build()
    const { promise: heard, resolve } = Promise.withResolvers<HubEvent>()
    connection.on('ReceiveMessage', resolve)
    await connection.start()
    assert.equal((await post({ type: 5, payload: { userId: ORG, date: DATE } }, apiToken, '/send')).status, 200)
    assert.deepEqual(await heard, { ContextId: null, Type: 5, Payload: { UserId: ORG, Date: AT, Reason: null } })
    await connection.stop()
  })

  describe('refuses on the hub, and for /send,', () => {
    const claims = { ...claimsOf(ALICE, 'iOS'), scope: ['api', 'internal'] }
    const past = Math.floor(Date.now() / 1000) - 3600
    const forged: [what: string, token: () => Promise<string>][] = [
      ['a token of another issuer', () => provider.token({ ...claims, iss: 'http://identity' })],
      ['a token of another key', async () => provider.token(claims, {}, await newKey('first'))],
      ['a token of another type', () => provider.token(claims, { typ: 'JWT' })],
      ['an expired token', () => provider.token({ ...claims, exp: past, nbf: past - 60 })],
      [
        'a token without a signature',
        async () => {
          const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
          return `${header}.${(await provider.token(claims)).split('.')[1]}.`
        },
      ],
      [
        'a token signed with the public key as a secret',
        async () =>
          new SignJWT({ iss: provider.issuer, exp: past + 7200, ...claims })
            .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'first' })
            .sign(Buffer.from(await exportSPKI(provider.keys[0]!.publicKey))),
      ],
      ['a token of our own vault', async () => (await registerAndLogin({ server: server.webUrl })).accessToken],
    ]
    for (const [what, makeToken] of forged) {
      test(what, async () => {
        const token = await makeToken()
        await assert.rejects(HubDevice.connect(server.webUrl, token))
        assert.equal((await post({ type: 5, payload: { userId: ALICE } }, token)).status, 401)
      })
    }

    test('but a good token for both is good for both', async () => {
      const token = await provider.token({ ...claims, sub: ITEM })
      await using device = await HubDevice.connect(server.webUrl, token)
      assert.equal((await post({ type: 5, payload: { userId: ITEM } }, token)).status, 200)
      assert.equal((await device.next()).Type, 5)
    })

    test('the other of two scopes', async () => {
      assert.equal(
        (await post({ type: 5, payload: { userId: ALICE } }, await provider.token(claimsOf(ALICE, 'iOS')))).status,
        403,
      )
      await assert.rejects(HubDevice.connect(server.webUrl, apiToken))
    })
  })
})

describe('an official server whose services get their tokens from us', () => {
  const KEY = 'an internal key of an official server'

  test('posts to our own users', async () => {
    await using server = await startTestServer({ relay: { internalKey: KEY } })
    const device = await registerAndLogin({ server: server.webUrl })
    await using hub = await HubDevice.connect(server.webUrl, device.accessToken)
    const form = { grant_type: 'client_credentials', scope: 'internal', client_id: 'internal.Api', client_secret: KEY }
    const response = await fetch(`${server.webUrl}/identity/connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    })
    const { access_token: token } = (await response.json()) as { access_token: string }
    const post = (bearer: string) =>
      fetch(`${server.webUrl}/send`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${bearer}` },
        body: JSON.stringify({ type: 10, payload: { userId: device.userId, date: DATE }, contextId: null }),
      })
    assert.equal((await post(token)).status, 200)
    assert.equal((await hub.next()).Type, 10)
    assert.equal((await post(device.accessToken)).status, 401)
  })

  test('cannot without a key', async () => {
    await using server = await startTestServer()
    const response = await fetch(`${server.webUrl}/send`, { method: 'POST', body: '{}' })
    assert.equal(response.status, 404)
  })
})
