import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { silentLogger } from '#kit'
import { readClientTls } from '#net'
import { RelayClient } from '../../../src/push/mobile/relay-client.ts'
import { TestAuthority } from '../../helpers/certificates.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { once, until, within } from '../../helpers/wait.ts'
import { INSTALLATION, type MobileWorld, startMobileWorld } from './mobile-world.ts'

const USER = '11111111-1111-4111-8111-11111111111a'
const PUSH_TOKEN = 'f'.repeat(64)
const BODY = {
  userId: USER,
  organizationId: null,
  deviceId: null,
  identifier: null,
  type: 5,
  payload: { userId: USER, date: '2026-01-02T03:04:05.678000Z' },
  clientType: null,
  installationId: null,
}

const never = () => new AbortController().signal
const send = ({ client }: MobileWorld, signal = never()) => client.ask('send', BODY, signal)

describe('the token of an installation', () => {
  test('is asked for once, however many requests wait for it, and kept', async () => {
    await using world = await startMobileWorld()
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(world)))
    assert.ok(answers.every(({ kind }) => kind === 'done'))
    await send(world)
    assert.deepEqual([world.tokenRequests(), world.pushRequests()], [1, 6])
  })

  for (const [lifetimeSeconds, marginSeconds] of [
    [86_400, 300],
    [3600, 300],
    [60, 6],
  ] as const) {
    test(`that lives ${lifetimeSeconds} s is renewed ${marginSeconds} s before its end`, async () => {
      await using world = await startMobileWorld()
      world.relay.tokenLifetimeSeconds = lifetimeSeconds
      await send(world)
      world.clock.advance((lifetimeSeconds - marginSeconds) * 1000 - 1)
      await send(world)
      assert.equal(world.tokenRequests(), 1)
      world.clock.advance(1)
      await send(world)
      assert.equal(world.tokenRequests(), 2)
    })
  }

  test('is renewed once by all requests together when the relay does not take it any more, and they are repeated', async () => {
    await using world = await startMobileWorld()
    await send(world)
    world.relay.revokeTokens()
    const answers = await Promise.all(Array.from({ length: 4 }, () => send(world)))
    assert.ok(answers.every(({ kind }) => kind === 'done'))
    assert.equal(world.tokenRequests(), 2)
    assert.equal(world.relay.sends.all.length, 5)
  })

  test('is renewed once and not again and again when the relay takes none', async () => {
    await using world = await startMobileWorld()
    world.relay.troubles.push = { status: 401 }
    const answer = await send(world)
    assert.deepEqual([answer.kind, world.pushRequests(), world.tokenRequests()], ['busy', 2, 2])
    assert.match('why' in answer ? answer.why : '', /HTTP 401 .*PUSH_RELAY_URI and PUSH_IDENTITY_URI/)
  })

  for (const [what, answer] of [
    ['no JSON', { status: 200, body: '<p>Welcome to the hotel</p>' }],
    ['no object', { status: 200, body: '[]' }],
    ['no token', { status: 200, body: '{"expires_in":3600}' }],
    ['a token that fits in no header', { status: 200, body: '{"access_token":"a\\r\\nb","expires_in":3600}' }],
    ['a token of another kind', { status: 200, body: '{"access_token":"a","token_type":"mac"}' }],
    ['an endless body', 'endless body'],
  ] as const) {
    test(`is not taken for one when it is ${what}`, async () => {
      await using world = await startMobileWorld()
      world.relay.troubles.identity = answer
      const { kind, why } = (await send(world)) as { kind: string; why: string }
      assert.equal(kind, 'busy')
      assert.match(why, /^no token from http:\/\/127\.0\.0\.1:\d+: /)
      world.relay.troubles.identity = undefined
      assert.equal((await send(world)).kind, 'done')
    })
  }

  test('lives an hour when nobody says how long', async () => {
    await using world = await startMobileWorld()
    world.relay.troubles.identity = { status: 200, body: '{"access_token":"a"}' }
    world.relay.troubles.push = { status: 200 }
    await send(world)
    world.clock.advance(3300_000 - 1)
    await send(world)
    assert.equal(world.tokenRequests(), 1)
    world.clock.advance(1)
    await send(world)
    assert.equal(world.tokenRequests(), 2)
  })
})

describe('an installation that the identity server does not know', () => {
  test('is named in the log once, with what to check, and asks again after longer and longer times', async () => {
    await using world = await startMobileWorld()
    const { clock, relay } = world
    relay.rejectsClients = true
    const first = await send(world)
    assert.deepEqual(first, {
      kind: 'busy',
      why: `${relay.relayUri} refuses a token: invalid_client`,
      afterMs: 450_000,
    })
    assert.match(world.log('error'), /PUSH_INSTALLATION_ID and PUSH_INSTALLATION_KEY.*US or EU/)
    assert.match(
      world.log('error'),
      new RegExp(`"installation":"${INSTALLATION.installationId}".*"reason":"invalid_client"`),
    )
    // At random between half and all of 15 minutes, then of half an hour …
    const pauses = [450, 900, 1800, 3600, 7200, 10_800, 10_800].map((seconds) => seconds * 1000)
    for (const [i, pauseMs] of pauses.entries()) {
      assert.equal(world.tokenRequests(), i + 1)
      clock.advance(pauseMs - 1)
      assert.deepEqual(await send(world), { ...first, afterMs: 1 })
      assert.equal(world.tokenRequests(), i + 1)
      clock.advance(1)
      assert.equal((await send(world)).kind, 'busy')
    }
    assert.equal(world.logged.filter(({ level }) => level === 'error').length, 1)
    assert.equal(world.pushRequests(), 0)
    relay.rejectsClients = false
    clock.advance(10_800_000)
    assert.equal((await send(world)).kind, 'done')
    assert.match(world.log('info'), /knows this installation again/)
    assert.doesNotMatch(world.log(), new RegExp(INSTALLATION.installationKey))
  })

  test('is not concluded from an error of another kind', async () => {
    await using world = await startMobileWorld()
    world.relay.troubles.identity = { status: 400, body: '<h1>Bad Request</h1>' }
    const answer = await send(world)
    assert.deepEqual([answer.kind, 'afterMs' in answer], ['busy', false])
    assert.equal(world.log('error'), '')
    world.relay.troubles.identity = undefined
    assert.equal((await send(world)).kind, 'done')
  })
})

describe('an answer of the relay', () => {
  const body = '{"message":"The model state is invalid.","object":"error"}'
  for (const [status, said, kind, why] of [
    [200, undefined, 'done'],
    [204, undefined, 'done'],
    [400, body, 'refused', 'HTTP 400 Bad Request: The model state is invalid.'],
    [400, undefined, 'refused', 'HTTP 400 Bad Request'],
    [413, '<h1>Too large</h1>', 'refused', 'HTTP 413 Payload Too Large'],
    [422, undefined, 'refused', 'HTTP 422 Unprocessable Entity'],
    [404, '{"message":"Resource not found.","object":"error"}', 'unknown', 'HTTP 404 Not Found: Resource not found.'],
    [410, undefined, 'unknown', 'HTTP 410 Gone'],
    [404, '<h1>nginx</h1>', 'busy', 'HTTP 404 Not Found (is PUSH_RELAY_URI right?)'],
    [405, undefined, 'busy', 'HTTP 405 Method Not Allowed (is PUSH_RELAY_URI right?)'],
    [403, undefined, 'busy', 'HTTP 403 Forbidden'],
    [429, undefined, 'busy', 'HTTP 429 Too Many Requests'],
    [
      500,
      '{"message":"An error has occurred.","object":"error"}',
      'busy',
      'HTTP 500 Internal Server Error: An error has occurred.',
    ],
    [503, undefined, 'busy', 'HTTP 503 Service Unavailable'],
    // Whatever it is sent it answers that.
    [
      400,
      '{"message":"Not correctly configured for push relays."}',
      'busy',
      'HTTP 400 Bad Request: Not correctly configured for push relays.',
    ],
  ] as const) {
    test(`of status ${status}${said ? ` and ${said.slice(0, 40)}` : ''} is ${kind}`, async () => {
      await using world = await startMobileWorld()
      world.relay.troubles.push = { status, ...(said && { body: said }) }
      assert.deepEqual(await send(world), why === undefined ? { kind } : { kind, why })
      assert.equal(world.pushRequests(), 1)
    })
  }

  test('that asks to wait is heard, be it of the relay or of its identity server', async () => {
    await using world = await startMobileWorld()
    world.relay.troubles.identity = { status: 429, headers: { 'Retry-After': '30' } }
    const answer = await send(world)
    assert.deepEqual([answer.kind, 'afterMs' in answer && answer.afterMs], ['busy', 30_000])
    world.relay.troubles.identity = undefined
    const date = new Date(Math.ceil(world.clock.now() / 1000) * 1000 + 60_000)
    world.relay.troubles.push = { status: 503, headers: { 'Retry-After': date.toUTCString() } }
    const later = await send(world)
    assert.deepEqual([later.kind, 'afterMs' in later && later.afterMs], ['busy', date.getTime() - world.clock.now()])
  })

  test('that leads elsewhere is not followed', async () => {
    await using world = await startMobileWorld()
    const location = 'https://elsewhere.example/secret?x=y'
    world.relay.troubles.push = { status: 307, headers: { Location: location } }
    assert.deepEqual(await send(world), {
      kind: 'busy',
      why: 'HTTP 307 Temporary Redirect (it redirects to https://elsewhere.example; is PUSH_RELAY_URI right?)',
    })
    assert.equal(world.pushRequests(), 1)
  })

  test('that repeats what it was sent leaves no token in its reason', async () => {
    await using world = await startMobileWorld()
    world.relay.troubles.push = { status: 400, body: JSON.stringify({ message: `No such token: ${PUSH_TOKEN}\n<b>` }) }
    assert.deepEqual(await send(world), { kind: 'refused', why: 'HTTP 400 Bad Request: No such token: ...' })
  })
})

describe('a relay that cannot be asked', () => {
  for (const [trouble, why] of [
    ['garbage', /Parse Error/],
    ['reset', /ECONNRESET|socket hang up/],
    ['unanswered', /ECONNRESET|socket hang up/],
  ] as const) {
    test(`is busy: ${trouble}`, async () => {
      await using world = await startMobileWorld()
      for (const whose of ['identity', 'push'] as const) {
        world.relay.troubles[whose] = trouble
        const answer = (await send(world)) as { kind: string; why: string }
        assert.equal(answer.kind, 'busy')
        assert.match(answer.why, why)
        world.relay.troubles[whose] = undefined
      }
      assert.equal((await send(world)).kind, 'done')
    })
  }

  test('is busy when nobody listens there, and is found again', async () => {
    await using world = await startMobileWorld()
    await send(world)
    await world.relay.goAway()
    const answer = (await send(world)) as { kind: string; why: string }
    assert.equal(answer.kind, 'busy')
    assert.match(answer.why, /dial tcp 127\.0\.0\.1:\d+: .*connection refused/)
    await world.relay.comeBack()
    assert.equal((await send(world)).kind, 'done')
  })

  test('is busy when there is no such host', async () => {
    await using world = await startMobileWorld({ relayUri: 'https://nowhere.invalid' })
    const answer = (await send(world)) as { kind: string; why: string }
    assert.equal(answer.kind, 'busy')
    assert.match(answer.why, /lookup nowhere\.invalid: /)
  })

  test('is given up after 15 seconds, and so is its identity server', async () => {
    await using world = await startMobileWorld()
    for (const whose of ['identity', 'push'] as const) {
      world.relay.troubles[whose] = 'held'
      const answer = send(world)
      await until(() => world.relay.heldCount === 1, 'the request to be there')
      world.clock.advance(15_000)
      const { kind, why } = (await answer) as { kind: string; why: string }
      assert.deepEqual([kind, /no answer after 15000 ms/.test(why)], ['busy', true])
      world.relay.release()
      await until(() => world.relay.heldCount === 0, 'the request to be forgotten')
    }
    assert.equal((await send(world)).kind, 'done')
  })

  test('is left at once by who gives up, and when we close', async () => {
    await using world = await startMobileWorld()
    const { relay, client } = world
    for (const whose of ['identity', 'push'] as const) {
      relay.troubles[whose] = 'held'
      const giveUp = new AbortController()
      const answer = send(world, giveUp.signal)
      await until(() => relay.heldCount === 1, 'the request to be there')
      giveUp.abort(new Error('given up'))
      await within(assert.rejects(answer), 'an end')
      relay.release()
    }
    relay.troubles.push = 'held'
    const answer = send(world)
    await until(() => relay.heldCount === 1, 'the request to be there')
    client.close()
    await within(assert.rejects(answer), 'an end')
    await assert.rejects(send(world))
  })

  test('is not believed without a certificate of an authority that is known', async () => {
    await using folder = await temporaryFolder()
    const authority = await TestAuthority.create(folder)
    const stranger = await TestAuthority.create(folder, 'stranger')
    const { cert, key } = await authority.issue({ dnsNames: ['localhost'] })
    const trusting = async ({ caFile }: TestAuthority) => ({
      tls: await readClientTls({
        certificates: [],
        caFile,
        timeoutMs: 5000,
        cipherSuites: [],
        curvePreferences: [],
        minVersion: 'TLSv1.2',
        pinnedCerts: [],
        handshakeFirst: false,
        isInsecure: false,
      }),
    })
    {
      await using world = await startMobileWorld({ relay: { tls: { cert, key } }, client: await trusting(authority) })
      assert.equal((await send(world)).kind, 'done')
    }
    await using world = await startMobileWorld({ relay: { tls: { cert, key } }, client: await trusting(stranger) })
    const answer = (await send(world)) as { kind: string; why: string }
    assert.equal(answer.kind, 'busy')
    assert.match(answer.why, /certificate/)
    assert.equal(world.relay.requests.all.length, 0)
  })
})

test('requests that follow each other use one connection', async () => {
  await using world = await startMobileWorld()
  for (let i = 0; i < 5; i++) assert.equal((await send(world)).kind, 'done')
  assert.equal(world.relay.connections, 1)
})

test('every request says who asks, and wants nothing packed', async () => {
  const asked: IncomingHttpHeaders[] = []
  await using server = createServer((request, response) => {
    asked.push(request.headers)
    response.end('{"access_token":"a","expires_in":3600,"token_type":"Bearer"}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const settings = { ...INSTALLATION, relayUri: uri, identityUri: uri }
  const client = new RelayClient(settings, { clock: new FakeClock(), logger: silentLogger })
  assert.deepEqual(await client.ask('send', BODY, never()), { kind: 'done' })
  client.close()
  const said = asked.map((headers) => [headers['user-agent'], headers['accept-encoding'], headers.accept])
  assert.deepEqual(said, Array(2).fill(['Belfry', 'identity', 'application/json']))
})
