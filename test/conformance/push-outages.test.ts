/**
 * Relays and push services that are slow, refuse, break or are gone, and a server that ends meanwhile: once they are back, a
 * phone and a browser that are not connected know of every change that was acknowledged.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { NotificationType } from '../../src/notify/index.ts'
import { type PushRelay, startPushRelay } from '../helpers/push-relay.ts'
import { type PushService, startPushService } from '../helpers/push-service.ts'
import type { Trouble } from '../helpers/unruly-server.ts'
import { until, within } from '../helpers/wait.ts'
import { Belfry, INSTALLATION } from './push/belfry.ts'
import { assertInOrder, Changes, toldTo, untilAllIsKnown } from './push/changes.ts'
import { type Household, moveIn } from './push/household.ts'

/** A request that waited for a relay would take as long as the relay. */
const PROMPTLY_MS = 5_000

async function open(env: Readonly<Record<string, string>> = {}) {
  await using cleanUp = new AsyncDisposableStack()
  const relay = cleanUp.use(await startPushRelay(INSTALLATION))
  const service = cleanUp.use(await startPushService())
  const belfry = cleanUp.use(await Belfry.start({ relay, service, env }))
  const stack = cleanUp.move()
  return { relay, service, belfry, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('while a relay and a push service are in trouble', () => {
  let relay: PushRelay
  let service: PushService
  let belfry: Belfry
  let world: Awaited<ReturnType<typeof open>>
  before(async () => {
    world = await open()
    ;({ relay, service, belfry } = world)
  })
  after(() => world?.[Symbol.asyncDispose]())

  /** Changes are made and acknowledged while it lasts, and known when it is over. */
  async function endures({ begin, end }: { begin: () => void | Promise<void>; end: () => void | Promise<void> }) {
    const home = await moveIn({ server: belfry.url, relay, service })
    const changes = new Changes(home.webVault)
    const tried = () => relay.requests.all.length + service.requests.all.length
    await begin()
    const before = tried()
    await within(changes.make(12), 'answers to changes', PROMPTLY_MS)
    // Nobody hears of a try where there is nobody.
    await Promise.race([until(() => tried() > before + 1, 'tries'), pause(1_500)])
    await end()
    await untilAllIsKnown(home, changes)
    assertInOrder(toldTo(home.phone.events))
    assertInOrder(toldTo(home.browser.subscription.received))
  }

  const troubles: [string, () => Trouble][] = [
    ['answer 500', () => ({ status: 500 })],
    ['answer 503 and name a time', () => ({ status: 503, headers: { 'Retry-After': new Date().toUTCString() } })],
    ['answer 429 and want to be left alone for a second', () => ({ status: 429, headers: { 'Retry-After': '1' } })],
    ['break the connection', () => 'reset'],
    ['take what they are sent, and break the connection', () => 'unanswered'],
    ['say what is no HTTP', () => 'garbage'],
  ]
  for (const [what, trouble] of troubles) {
    test(`changes are acknowledged, and told afterwards, when both ${what}`, () =>
      endures({
        begin: () => {
          relay.troubles.push = trouble()
          service.trouble = trouble()
        },
        end: () => {
          relay.troubles.push = undefined
          service.trouble = undefined
        },
      }))
  }

  test('changes are acknowledged, and told afterwards, when both do not answer for a while', () =>
    endures({
      begin: () => {
        relay.troubles.push = 'held'
        service.trouble = 'held'
      },
      end: () => {
        relay.release()
        service.release()
      },
    }))

  test('changes are acknowledged, and told afterwards, when nobody is there for a while', () =>
    endures({
      begin: async () => {
        await relay.goAway()
        await service.goAway()
      },
      end: async () => {
        await relay.comeBack()
        await service.comeBack()
      },
    }))

  for (const trouble of ['endless body', { status: 401 }] as const) {
    test(`changes are acknowledged, and told afterwards, when the relay answers by ${JSON.stringify(trouble)}`, () =>
      endures({
        begin: () => {
          relay.troubles.push = trouble
        },
        end: () => {
          relay.troubles.push = undefined
        },
      }))
  }

  for (const trouble of [{ status: 500 }, 'reset', 'garbage', 'endless body', 'held'] as const) {
    test(`changes are acknowledged, and told afterwards, when a token is needed and there is ${JSON.stringify(trouble)}`, () =>
      endures({
        begin: () => {
          relay.troubles.identity = trouble
          relay.revokeTokens()
        },
        end: () => {
          if (trouble === 'held') relay.release()
          relay.troubles.identity = undefined
        },
      }))
  }

  test('tokens that were revoked, and tokens that live for seconds, are renewed and nothing is late', async () => {
    const home = await moveIn({ server: belfry.url, relay, service })
    const tell = async () => {
      const { json } = await home.webVault.post('/api/folders', { name: home.webVault.encrypt('x') })
      assert.equal((await home.phone.next()).payload.id, json.id)
      await home.browser.next()
    }
    const granted = () => relay.requests.all.filter(({ path }) => path === '/connect/token').length
    await tell()
    const before = granted()
    await tell()
    assert.equal(granted(), before)
    relay.tokenLifetimeSeconds = 2
    relay.revokeTokens()
    await tell()
    await pause(2_500)
    await tell()
    assert.ok(granted() >= before + 2)
    relay.tokenLifetimeSeconds = 86_400
  })

  test('a push service that wants less, nothing or something else costs nobody but its browser', async () => {
    for (const status of [400, 403, 404, 413]) {
      const home = await moveIn({ server: belfry.url, relay, service })
      const other = await moveIn({ server: belfry.url, relay, service })
      home.browser.subscription.trouble = { status }
      for (const { webVault } of [home, other]) await webVault.post('/api/folders', { name: webVault.encrypt('x') })
      await home.phone.next()
      await other.phone.next()
      await other.browser.next()
    }
  })

  test('a redirect is not followed', async () => {
    const home = await moveIn({ server: belfry.url, relay, service })
    const elsewhere = service.subscribe((await home.webVault.get('/api/config')).json.push.vapidPublicKey)
    home.browser.subscription.trouble = { status: 307, headers: { Location: elsewhere.endpoint } }
    await home.webVault.post('/api/folders', { name: home.webVault.encrypt('x') })
    await service.requests.matching((endpoint) => endpoint === home.browser.subscription.endpoint)
    home.browser.subscription.trouble = undefined
    await home.webVault.post('/api/folders', { name: home.webVault.encrypt('y') })
    // Behind whatever became of the first.
    await home.browser.next()
    assert.equal(service.requests.untaken.includes(elsewhere.endpoint), false)
  })

  test('a relay that answers slowly is asked by few requests at a time', async () => {
    const homes = [
      await moveIn({ server: belfry.url, relay, service }),
      await moveIn({ server: belfry.url, relay, service }),
    ]
    relay.troubles.push = 'held'
    const changes = homes.map(({ webVault }) => new Changes(webVault))
    await Promise.all(changes.map((one) => one.make(10)))
    await until(() => relay.heldCount >= 2, 'two requests')
    await pause(500)
    // One for each user: what is told of one has an order.
    assert.equal(relay.heldCount, 2)
    relay.release()
    for (const [index, home] of homes.entries()) await untilAllIsKnown(home, changes[index]!)
  })
})

/** As the web vault. Resolves with the name of the request. */
async function askToBeLetIn({ email, webVault }: Household): Promise<string> {
  const ask = { email, deviceIdentifier: webVault.deviceId, publicKey: 'public', accessCode: 'x'.repeat(25), type: 0 }
  const { status, json } = await webVault.request('POST', '/api/auth-requests/', ask, { 'Device-Type': '9' })
  assert.equal(status, 200)
  return json.id
}

describe('a server that ends while pushes wait', () => {
  test('tells what waited when it was ended by SIGTERM, and what no sync makes up for as it is', async () => {
    await using world = await open()
    const { relay, service, belfry } = world
    const home = await moveIn({ server: belfry.url, relay, service })
    await relay.goAway()
    await service.goAway()
    const changes = new Changes(home.webVault)
    const asked: string[] = []
    for (let i = 0; i < 5; i++) {
      await changes.make(4)
      asked.push(await askToBeLetIn(home))
    }
    await belfry.end('SIGTERM')
    await relay.comeBack()
    await service.comeBack()
    await belfry.start()
    await untilAllIsKnown(home, changes)
    for (const arrivals of [home.phone.events, home.browser.subscription.received]) {
      const requests = () => toldTo(arrivals).filter(({ type }) => type === NotificationType.AuthRequest)
      await until(() => requests().length >= asked.length, 'all questions')
      assert.deepEqual(
        requests().map(({ payload }) => payload.id),
        asked,
      )
      assertInOrder(toldTo(arrivals))
    }
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`loses nothing by ${signal}, with more waiting than may wait`, async () => {
      await using world = await open({ BELFRY_PUSH_MAX_QUEUED: '100' })
      const { relay, service, belfry } = world
      const homes = []
      for (let i = 0; i < 3; i++) homes.push(await moveIn({ server: belfry.url, relay, service }))
      await relay.goAway()
      await service.goAway()
      const changes = homes.map(({ webVault }) => new Changes(webVault))
      await Promise.all(changes.map((one) => one.make(60)))
      await belfry.end(signal)
      await relay.comeBack()
      await service.comeBack()
      await belfry.start()
      for (const [index, home] of homes.entries()) await untilAllIsKnown(home, changes[index]!)
    })
  }

  test('loses nothing when it is killed again and again while devices change things', async () => {
    await using world = await open()
    const { relay, service, belfry } = world
    const home = await moveIn({ server: belfry.url, relay, service })
    const changes = new Changes(home.webVault)
    for (let round = 0; round < 5; round++) {
      const writing = changes.make(10_000).catch((error: unknown) => {
        // `fetch` tells a connection that broke by this kind and no other.
        if (!(error instanceof TypeError)) throw error
      })
      // Some moment that is not the same each time; never one that something waits for.
      await pause(200 + round * 170)
      await belfry.end('SIGKILL')
      await writing
      await belfry.start()
      await untilAllIsKnown(home, changes)
    }
    assert.ok(changes.all.length > 20)
  })
})
