import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { importJWK, SignJWT } from 'jose'
import type { RequestOptions } from 'web-push'
import webPush from 'web-push'
import { systemClock } from '#kit'
import { guardedGet } from '#net'
import { type PushService, type Subscription, startPushService } from './push-service.ts'
import { once, until } from './wait.ts'

const KEYS = webPush.generateVAPIDKeys()
const SENDER = { ...KEYS, subject: 'mailto:operator@example.com' }

interface Message {
  readonly body?: object | string
  readonly options?: RequestOptions
  /** Changed last. */
  readonly headers?: OutgoingHttpHeaders
  readonly method?: string
}

/** What the `web-push` package makes, a sender that has nothing to do with the service. */
async function push(service: PushService, subscription: Subscription, message: Message = {}) {
  const { body = { hello: 'browser' }, options = {}, headers = {}, method = 'POST' } = message
  const { endpoint, p256dh, auth } = subscription
  const details = webPush.generateRequestDetails(
    { endpoint, keys: { p256dh, auth } },
    typeof body === 'string' ? body : JSON.stringify(body),
    { vapidDetails: SENDER, TTL: 60, ...options },
  )
  const outgoing = request({
    host: '127.0.0.1',
    port: service.port,
    servername: service.host,
    ca: readFileSync(service.caFile),
    agent: false,
    method,
    path: new URL(endpoint).pathname,
    headers: withoutUndefined({ ...details.headers, Host: service.host, ...headers }),
  })
  outgoing.end(details.body)
  const [answer] = (await once(outgoing, 'response')) as [
    { statusCode: number; headers: IncomingHttpHeaders; resume: () => void },
  ]
  answer.resume()
  return { status: answer.statusCode, headers: answer.headers }
}

function withoutUndefined(headers: object): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
}

describe('a push service', () => {
  const key = KEYS.publicKey

  test('hands the browser what was encrypted for it', async () => {
    await using service = await startPushService()
    const subscription = service.subscribe(key)
    const { status, headers } = await push(service, subscription, { options: { urgency: 'high', topic: 'a_-Z' } })
    assert.equal(status, 201)
    assert.match(headers.location ?? '', /^https:\/\/push\.example\//)
    assert.deepEqual(await subscription.received.next(), {
      json: { hello: 'browser' },
      ttlSeconds: 60,
      urgency: 'high',
      topic: 'a_-Z',
    })
  })

  test('keeps for a browser that sleeps what is not too old, and of each topic the last', async () => {
    let nowMs = Date.now()
    await using service = await startPushService({ now: () => nowMs })
    const subscription = service.subscribe(key)
    subscription.sleep()
    for (const [index, topic] of ['a', 'b', undefined, 'a', undefined].entries()) {
      await push(service, subscription, { body: { index }, options: { TTL: 60, ...(topic && { topic }) } })
    }
    await push(service, subscription, { body: { index: 9 }, options: { TTL: 0 } })
    assert.equal(subscription.waitingCount, 5)
    nowMs += 59_000
    subscription.wake()
    assert.deepEqual(
      subscription.received.takeAll().map(({ json }) => json.index),
      [1, 2, 3, 4],
    )
    subscription.sleep()
    await push(service, subscription)
    nowMs += 60_000
    subscription.wake()
    assert.deepEqual(subscription.received.untaken, [])
  })

  test('says that a subscription is over', async () => {
    await using service = await startPushService()
    const subscription = service.subscribe(key)
    subscription.end()
    assert.equal((await push(service, subscription)).status, 410)
    assert.deepEqual(subscription.received.all, [])
  })

  const other = webPush.generateVAPIDKeys()
  const vapid = ({ subject, publicKey, privateKey }: typeof SENDER, audience = 'https://push.example') => {
    const headers = webPush.getVapidHeaders(audience, subject, publicKey, privateKey, 'aes128gcm')
    return { headers: { Authorization: headers.Authorization } }
  }
  /** The package itself makes none such. */
  const longLived = async () => {
    const point = Buffer.from(SENDER.publicKey, 'base64url')
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'))
    const key = await importJWK({ kty: 'EC', crv: 'P-256', x: x!, y: y!, d: SENDER.privateKey }, 'ES256')
    const token = await new SignJWT({ aud: 'https://push.example', sub: SENDER.subject })
      .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
      .setExpirationTime('25 hours')
      .sign(key)
    return { headers: { Authorization: `vapid t=${token}, k=${SENDER.publicKey}` } }
  }
  for (const [what, message, status, offence] of [
    ['no TTL', { headers: { TTL: 'soon' } }, 400, /TTL soon/],
    ['the encoding of old', { options: { contentEncoding: 'aesgcm' } }, 400, /Content-Encoding aesgcm/],
    ['an urgency that is none', { headers: { Urgency: 'extreme' } }, 400, /Urgency extreme/],
    ['a topic that is too long', { headers: { Topic: 'x'.repeat(33) } }, 400, /Topic x/],
    ['a topic of other letters', { headers: { Topic: 'a+b' } }, 400, /Topic a\+b/],
    ['no signature', { headers: { Authorization: undefined } }, 401, /no Authorization/],
    ['the key of another server', vapid({ ...SENDER, ...other }), 403, /another key/],
    [
      'a token of another server',
      vapid({ ...SENDER, privateKey: other.privateKey }),
      403,
      /signature verification failed/,
    ],
    ['a token for another service', vapid(SENDER, 'https://other.example'), 403, /"aud"/],
    ['a token that lives too long', longLived, 403, /more than a day/],
    ['a body that is too long', { body: 'x'.repeat(4090) }, 413, /bytes/],
    ['another host', { headers: { Host: 'other.example' } }, 421, /host other/],
    ['another method', { method: 'PUT' }, 405, /by POST/],
    ['what is no JSON', { body: 'hello' }, 201, /can do nothing/],
  ] as [string, Message | (() => Promise<Message>), number, RegExp][]) {
    test(`takes offence at ${what}`, async () => {
      await using service = await startPushService()
      const subscription = service.subscribe(key)
      const sent = await push(service, subscription, typeof message === 'function' ? await message() : message)
      assert.equal(sent.status, status)
      assert.match(service.takeOffences().join('\n'), offence)
    })
  }

  test('takes offence at what was encrypted for another browser', async () => {
    await using service = await startPushService()
    const [one, two] = [service.subscribe(key), service.subscribe(key)]
    const mixed = Object.assign(Object.create(one), { endpoint: one.endpoint, p256dh: two.p256dh, auth: two.auth })
    assert.equal((await push(service, mixed)).status, 201)
    assert.match(service.takeOffences().join(), /can do nothing/)
  })

  test('subscribes with uncompressed points of P-256 alone', async () => {
    await using service = await startPushService()
    const point = Buffer.from(key, 'base64url')
    for (const wrong of [`${key}=`, point.toString('base64'), point.subarray(1).toString('base64url'), '']) {
      assert.throws(() => service.subscribe(wrong))
    }
    const off = Buffer.concat([point.subarray(0, 33), createHash('sha256').update('y').digest()])
    assert.throws(() => service.subscribe(off.toString('base64url')))
  })

  for (const trouble of [
    { status: 404 },
    { status: 500 },
    { status: 429, headers: { 'Retry-After': '7' } },
    { status: 307, headers: { Location: 'https://127.0.0.1/' } },
  ]) {
    test(`answers by ${trouble.status} when it is told to, for all browsers or one`, async () => {
      await using service = await startPushService()
      const [one, two] = [service.subscribe(key), service.subscribe(key)]
      one.trouble = trouble
      assert.equal((await push(service, one)).status, trouble.status)
      assert.equal((await push(service, two)).status, 201)
      service.trouble = trouble
      assert.equal((await push(service, two)).status, trouble.status)
      assert.equal(two.received.all.length, 1)
    })
  }

  test('resets connections over TLS too, holds messages, and goes away', async () => {
    await using service = await startPushService()
    const subscription = service.subscribe(key)
    service.trouble = 'reset'
    await assert.rejects(push(service, subscription), /ECONNRESET|socket hang up/)
    service.trouble = 'held'
    const answer = push(service, subscription)
    await until(() => service.heldCount === 1, 'a message that is held')
    service.release()
    assert.equal((await answer).status, 201)
    await service.goAway()
    await assert.rejects(push(service, subscription), /ECONNREFUSED/)
    await service.comeBack()
    assert.equal((await push(service, subscription)).status, 201)
  })

  test('is where guarded requests for its name arrive', async () => {
    await using service = await startPushService()
    const rules = { blockedHosts: undefined, blocksNonGlobalAddresses: true, prefersIpv6: false }
    const get = guardedGet(rules, { clock: systemClock, ...service.guardTools })
    const { status } = await get(new URL('https://push.example/nothing'), { maxBytes: 100, timeoutMs: 5000 })
    assert.equal(status, 404)
    await assert.rejects(get(new URL('https://elsewhere.example/'), { maxBytes: 100, timeoutMs: 5000 }))
    assert.match(service.takeOffences().join(), /never subscribed/)
  })

  test('answers TLS alone', async () => {
    await using service = await startPushService()
    const socket = connect(service.port, '127.0.0.1')
    await once(socket, 'connect')
    const closed = once(socket, 'close')
    socket.resume().end('GET / HTTP/1.1\r\n\r\n')
    await closed
    assert.equal(service.requests.all.length, 0)
  })
})
