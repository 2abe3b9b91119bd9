import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type Json, login, register, type TestDevice } from '../../helpers/account.ts'
import type { Arrivals } from '../../helpers/arrivals.ts'
import type { PhoneEvent, PushRelay } from '../../helpers/push-relay.ts'
import type { PushedMessage, PushService, Subscription } from '../../helpers/push-service.ts'

/** What is the same for all devices that are told of something: members in camelCase. */
export interface Told {
  readonly type: number
  readonly payload: Json
}

const ANDROID = 0
const CHROME_EXTENSION = 2
const WEB_VAULT = 9

/** A user with a phone and a browser, of which none is connected, and a web vault that may change things. */
export interface Household {
  readonly email: string
  readonly userId: string
  readonly webVault: TestDevice
  readonly phone: Phone
  readonly browser: Browser
}

export interface HouseholdPlaces {
  readonly server: string
  readonly relay: PushRelay
  readonly service: PushService
}

/**
 * A new user whose phone is registered with the relay, and whose browser has subscribed; `sharing`: with another user's
 * account on the same phone and in the same browser.
 */
export async function moveIn({ server, relay, service }: HouseholdPlaces, sharing?: Household): Promise<Household> {
  const email = `${randomUUID()}@example.com`
  await register({ server, email })
  const webVault = await login({ server, email, deviceType: WEB_VAULT })
  const phone = await Phone.logIn({ server, email, relay, shared: sharing?.phone })
  const browser = await Browser.logIn({ server, email, service, shared: sharing?.browser })
  return { email, userId: webVault.userId, webVault, phone, browser }
}

/** The Android app, which listens to nothing but FCM. */
export class Phone {
  readonly device: TestDevice
  readonly pushToken: string
  readonly events: Arrivals<PhoneEvent>

  private constructor(device: TestDevice, pushToken: string, events: Arrivals<PhoneEvent>) {
    this.device = device
    this.pushToken = pushToken
    this.events = events
  }

  static async logIn({ server, email, relay, shared }: PhoneOptions): Promise<Phone> {
    const device = await login({
      server,
      email,
      deviceType: ANDROID,
      ...(shared && { deviceId: shared.device.deviceId }),
    })
    const pushToken = shared?.pushToken ?? `fcm:${randomUUID()}`
    const { status } = await device.put(`/api/devices/identifier/${device.deviceId}/token`, { pushToken })
    assert.equal(status, 200)
    const isOurs = (registered: { pushToken: string }) => registered.pushToken === pushToken
    const { userId, identifier, type } = await relay.registered.matching(
      isOurs,
      'the registration of the phone',
      30_000,
    )
    assert.deepEqual([userId, identifier, type], [device.userId, device.deviceId, ANDROID])
    return new Phone(device, pushToken, relay.phone(pushToken))
  }

  /** The next that is about this account, and that the app does not pass over. */
  async next(deadlineMs?: number): Promise<Told> {
    const isOurs = ({ payload }: PhoneEvent) => payload.userId === this.device.userId
    const { type, payload } = await this.events.matching(isOurs, 'a push for a phone', deadlineMs)
    return { type, payload }
  }
}

/** The extension for Chrome, which sleeps. */
export class Browser {
  readonly device: TestDevice
  readonly subscription: Subscription

  private constructor(device: TestDevice, subscription: Subscription) {
    this.device = device
    this.subscription = subscription
  }

  static async logIn({ server, email, service, shared }: BrowserOptions): Promise<Browser> {
    const device = await login({
      server,
      email,
      deviceType: CHROME_EXTENSION,
      ...(shared && { deviceId: shared.device.deviceId }),
    })
    const { push } = (await device.get('/api/config')).json
    assert.equal(push.pushTechnology, 1)
    const subscription = shared?.subscription ?? service.subscribe(push.vapidPublicKey)
    const { endpoint, p256dh, auth } = subscription
    const path = `/api/devices/identifier/${device.deviceId}/web-push-auth`
    assert.equal((await device.post(path, { endpoint, p256dh, auth })).status, 200)
    return new Browser(device, subscription)
  }

  /** The next about this account, as the extension reads it. It would pass over what it has done itself. */
  async next(deadlineMs?: number): Promise<Told & { readonly contextId: string | null }> {
    const isOurs = (message: PushedMessage) => readByExtension(message).payload.userId === this.device.userId
    const message = await this.subscription.received.matching(isOurs, 'a push for a browser', deadlineMs)
    const read = readByExtension(message)
    assert.notEqual(read.contextId, this.device.deviceId)
    return read
  }
}

interface PhoneOptions {
  readonly server: string
  readonly email: string
  readonly relay: PushRelay
  /** Has another account on the same phone. */
  readonly shared?: Phone | undefined
}

interface BrowserOptions {
  readonly server: string
  readonly email: string
  readonly service: PushService
  /** Has another account in the same browser. */
  readonly shared?: Browser | undefined
}

/** `{"data":{"type":…,"payload":…,"contextId":…}}`, where the payload may be JSON in a text. spec: hub §6 */
export function readByExtension({ json }: Pick<PushedMessage, 'json'>) {
  assert.deepEqual(Object.keys(json), ['data'])
  const { type, payload: given, contextId = null, ...rest } = json.data
  assert.deepEqual(rest, {})
  assert.equal(typeof type, 'number')
  const payload = camelCased(typeof given === 'string' ? JSON.parse(given) : given)
  return { type: type as number, payload, contextId: contextId as string | null }
}

/** Members are looked for in PascalCase first, so that is how they have to be. */
function camelCased(payload: Json): Json {
  const entries = Object.entries(payload).map(([name, value]) => {
    assert.match(name, /^[A-Z]/)
    return [name[0]!.toLowerCase() + name.slice(1), value]
  })
  return Object.fromEntries(entries)
}
