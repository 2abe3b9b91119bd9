import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createVaultApp } from '#vault'
import { registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { webPushSubscription } from '../every-route/everything.ts'
import { SETTINGS, startVault, type TestVault } from '../harness.ts'

let vault: TestVault
before(async () => {
  // As servers have it: what strangers name is not asked within the own network.
  vault = await startVault({ outgoing: { ...SETTINGS.outgoing, blocksNonGlobalAddresses: true } })
})
after(() => vault[Symbol.asyncDispose]())

const pathOf = (device: TestDevice) => `/api/devices/identifier/${device.deviceId}/web-push-auth`
const keptOf = ({ userId, deviceId }: TestDevice) => vault.store.webPushSubscriptions.find(userId, deviceId)

/** What is kept of a subscription of that device. */
const whole = (device: TestDevice, subscription: ReturnType<typeof webPushSubscription>) => ({
  ...subscription,
  userId: device.userId,
  deviceId: device.deviceId,
})

test('a browser says where it takes Web Push, and what it said last counts', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  for (const method of ['POST', 'PUT']) {
    const subscription = webPushSubscription()
    const { status, json } = await device.request(method, pathOf(device), subscription)
    assert.deepEqual([status, json], [200, undefined])
    assert.deepEqual(await keptOf(device), whole(device, subscription))
  }
})

test('one subscription may be that of several accounts', async () => {
  const ada = await registerAndLogin({ fetch: vault.fetch })
  const bob = await registerAndLogin({ fetch: vault.fetch, deviceId: ada.deviceId })
  const subscription = webPushSubscription()
  for (const device of [ada, bob]) assert.equal((await device.post(pathOf(device), subscription)).status, 200)
  for (const device of [ada, bob]) assert.deepEqual(await keptOf(device), whole(device, subscription))
})

test('a subscription stays when its device logs in again, since nobody will say it once more', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const subscription = webPushSubscription()
  await device.post(pathOf(device), subscription)
  assert.equal((await device.request('DELETE', `/api/devices/${device.deviceId}`)).status, 200)
  await vault.login(device.email, { deviceId: device.deviceId })
  assert.deepEqual(await keptOf(device), whole(device, subscription))
})

test('keys in base64 or with padding, names in any case and members that nobody knows do no harm', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const subscription = webPushSubscription()
  const { endpoint, p256dh, auth } = subscription
  const inBase64 = (text: string) => Buffer.from(text, 'base64url').toString('base64')
  for (const body of [
    { endpoint, p256dh: inBase64(p256dh), auth: inBase64(auth) },
    { endpoint, p256dh: `${p256dh}=`, auth: `${auth}==` },
    { Endpoint: endpoint, P256dh: p256dh, Auth: auth },
    { endpoint, p256dh, auth, expirationTime: null, keys: { p256dh, auth } },
  ]) {
    await device.post(pathOf(device), webPushSubscription())
    assert.equal((await device.post(pathOf(device), body)).status, 200, JSON.stringify(body))
    assert.deepEqual(await keptOf(device), whole(device, subscription))
  }
})

test('a subscription is for a device of the user, and not for one of somebody else', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const stranger = await registerAndLogin({ fetch: vault.fetch })
  const { status, json } = await device.post(pathOf(stranger), webPushSubscription())
  assert.deepEqual([status, json.message], [404, 'No device found'])
  assert.equal((await vault.fetch(vault.server + pathOf(device), { method: 'POST' })).status, 401)
  assert.deepEqual([await keptOf(device), await keptOf(stranger)], [undefined, undefined])
})

test('what nothing could be sent to is refused, and is in no answer', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const right = webPushSubscription()
  for (const wrong of [
    { endpoint: 'http://push.example.com/s3cret' },
    { endpoint: 'https://127.0.0.1/s3cret' },
    { endpoint: 'https://[::1]/s3cret' },
    { endpoint: 'https://push.example.com:22/s3cret' },
    { endpoint: 'https://me:s3cret@push.example.com/' },
    { endpoint: `https://push.example.com/s3cret${'x'.repeat(2048)}` },
    { endpoint: '' },
    { endpoint: 7 },
    { p256dh: `${right.p256dh.slice(0, -4)}AAAA` },
    { p256dh: 's3cret' },
    { auth: right.auth.slice(1) },
    { auth: null },
    { auth: undefined },
  ]) {
    const { status, json } = await device.post(pathOf(device), { ...right, ...wrong })
    assert.equal(status, 400, JSON.stringify(wrong))
    assert.doesNotMatch(JSON.stringify(json), /s3cret/)
  }
  for (const body of [[], null, 'text', {}]) {
    assert.equal((await device.request('POST', pathOf(device), body as never)).status, 400)
  }
  assert.equal(await keptOf(device), undefined)
})

describe('an extension that asks for the configuration', () => {
  const publicKey = `B${'a'.repeat(86)}`
  let unreachable: string | undefined
  const isReachable = (endpoint: string) => endpoint !== unreachable
  let announced: string | undefined = publicKey
  const MINUTE_MS = 60_000
  let app: Awaited<ReturnType<typeof createVaultApp>>
  before(async () => {
    const webPush = {
      get publicKey() {
        return announced
      },
      isReachable,
    }
    app = await createVaultApp({ ...vault.context, webPush })
  })
  after(() => app.close())

  const EXTENSION = 2
  const WEB_VAULT = 9
  const newDevice = (deviceType: number) => registerAndLogin({ fetch: vault.fetch, deviceType })
  const isOffered = async (device?: TestDevice) => {
    const headers = device ? { authorization: `Bearer ${device.accessToken}` } : {}
    const { push } = (await app.inject({ url: '/api/config', headers })).json()
    assert.deepEqual(push, push.pushTechnology === 1 ? { ...ON, vapidPublicKey: publicKey } : OFF)
    return push.pushTechnology === 1
  }
  const ON = { pushTechnology: 1 }
  const OFF = { pushTechnology: 0, vapidPublicKey: null }

  test('is offered Web Push, time and again once it has subscribed', async () => {
    const device = await newDevice(EXTENSION)
    assert.equal(await isOffered(device), true)
    vault.advance(9 * MINUTE_MS)
    assert.equal(await isOffered(device), true)
    await device.post(pathOf(device), webPushSubscription())
    vault.advance(60 * MINUTE_MS)
    assert.equal(await isOffered(device), true)
  })

  test('is told to connect when it has not subscribed, as if it believed it had', async () => {
    const device = await newDevice(EXTENSION)
    assert.equal(await isOffered(device), true)
    vault.advance(10 * MINUTE_MS)
    assert.equal(await isOffered(device), false)
    await device.post(pathOf(device), webPushSubscription())
    assert.equal(await isOffered(device), true)
  })

  test('is told to connect when its subscription has ended without its knowing', async () => {
    const device = await newDevice(EXTENSION)
    const subscription = webPushSubscription()
    await device.post(pathOf(device), subscription)
    assert.equal(await isOffered(device), true)
    vault.advance(60 * MINUTE_MS)
    await vault.store.webPushSubscriptions.delete(device.userId, device.deviceId, subscription.endpoint)
    assert.equal(await isOffered(device), false)
  })

  test('is told to connect while the push service of its browser cannot be reached', async () => {
    const device = await newDevice(EXTENSION)
    const subscription = webPushSubscription()
    await device.post(pathOf(device), subscription)
    assert.equal(await isOffered(device), true)
    vault.advance(60 * MINUTE_MS)
    unreachable = subscription.endpoint
    assert.equal(await isOffered(device), false)
    unreachable = undefined
    assert.equal(await isOffered(device), true)
  })

  test('is offered Web Push when there is some again, whenever it has asked meanwhile', async () => {
    const device = await newDevice(EXTENSION)
    announced = undefined
    assert.equal(await isOffered(device), false)
    vault.advance(60 * MINUTE_MS)
    announced = publicKey
    assert.equal(await isOffered(device), true)
  })

  test('does not decide about others, about who is not known, and about what has no Web Push', async () => {
    const [device, webVault] = [await newDevice(EXTENSION), await newDevice(WEB_VAULT)]
    for (const one of [device, webVault]) assert.equal(await isOffered(one), true)
    vault.advance(60 * MINUTE_MS)
    assert.equal(await isOffered(device), false)
    for (const one of [webVault, await newDevice(EXTENSION), undefined]) assert.equal(await isOffered(one), true)
    for (const authorization of ['', 'Bearer', 'Bearer x.y.z', 'Basic eDp5']) {
      const { statusCode, body } = await app.inject({ url: '/api/config', headers: { authorization } })
      assert.deepEqual([statusCode, JSON.parse(body).push.pushTechnology], [200, 1])
    }
  })

  test('is answered while the database is not', async () => {
    const device = await newDevice(EXTENSION)
    const webPushSubscriptions = {
      ...vault.store.webPushSubscriptions,
      find: () => Promise.reject(new Error('no database')),
    }
    const context = { ...vault.context, webPush: { publicKey, isReachable } }
    const store = Object.assign(Object.create(vault.store), { webPushSubscriptions })
    const broken = await createVaultApp({ ...context, store })
    const headers = { authorization: `Bearer ${device.accessToken}` }
    const technology = async () => (await broken.inject({ url: '/api/config', headers })).json().push.pushTechnology
    assert.equal(await technology(), 1)
    vault.advance(30 * MINUTE_MS)
    assert.equal(await technology(), 1)
    await broken.close()
  })
})
