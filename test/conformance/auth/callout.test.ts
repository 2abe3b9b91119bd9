/** Auth callout: a service of one's own says who may come in (`spec/nats.md` §4.8). 2.9.10 has none. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createAccount, createCurve, createServer, createUser } from '@nats-io/jwt'
import { tokenAuthenticator, usernamePasswordAuthenticator } from '@nats-io/nats-core'
import { type Admission, CalloutService, type Decision, type Request } from './callout.ts'
import {
  assertEchoes,
  assertEnding,
  assertRefused,
  CARRIERS,
  type Credentials,
  carrier,
  type Joined,
  USER_EXPIRED,
} from './carriers.ts'
import { certificates } from './forms.ts'
import { nowSeconds, Operator, swift } from './operator.ts'
import { type Implementation, overEach, type RunningImplementation, Sites, table } from './sites.ts'

const WAYS = [carrier('TCP'), carrier('ws by nats.ws'), carrier('wss')]

const issuer = swift(createAccount())
const xkey = createCurve()
const who = (user: string, password = 'secret') => ({ authenticator: usernamePasswordAuthenticator(user, password) })
const own = (name: string) => ({ pub: { allow: [`${name}.>`] }, sub: { allow: [`${name}.>`] } })

const config = (callout: string, more = '') => ({
  main: `
    accounts {
      AUTH { users: [{ user: auth, password: auth }, { user: exempt, password: secret }] }
      APP { users: [{ user: app, password: secret }] }
      OTHER {}
    }
    authorization {
      ${more}
      auth_callout { issuer: ${issuer.getPublicKey()}, account: AUTH, auth_users: [auth, exempt], ${callout} }
    }`,
})

const ADMITTED: Admission = { account: 'APP', claims: own('app') }

/** By the name that comes with the password. */
function decisions(): Readonly<Record<string, () => Decision>> {
  let admissions = 0
  return {
    ann: () => ({ ...ADMITTED, name: 'Ann' }),
    /** Is in the configuration too, which does not matter. */
    app: () => ADMITTED,
    expiring: () => ({ ...ADMITTED, exp: nowSeconds() + 2 }),
    /** As often as there are ways to come. */
    once: () => (admissions++ < WAYS.length ? { ...ADMITTED, exp: nowSeconds() + 2 } : 'not again'),
    tcp: () => ({ ...ADMITTED, claims: { ...own('app'), allowed_connection_types: ['STANDARD'] } }),
    refused: () => 'this one not',
    silent: () => undefined,
    'of another user': () => ({ ...ADMITTED, userKey: createUser().getPublicKey() }),
    'for another server': () => ({ ...ADMITTED, serverKey: createServer().getPublicKey() }),
    'by another issuer': () => ({ ...ADMITTED, issuer: swift(createAccount()) }),
    'in an unknown account': () => ({ ...ADMITTED, account: 'NOWHERE' }),
    'out of date': () => ({ ...ADMITTED, exp: nowSeconds() - 10 }),
  }
}

/** A service at each of the servers. */
class Services implements AsyncDisposable {
  readonly joined: Joined[] = []
  readonly #services = new Map<RunningImplementation, CalloutService>()

  static async start(sites: Sites, credentials: Credentials, options: Parameters<typeof CalloutService.start>[1]) {
    const services = new Services()
    for (const server of sites.both) {
      const joined = await sites.join(carrier(server === sites.plain ? 'TCP' : 'TLS'), credentials)
      services.joined.push(joined)
      services.#services.set(server, await CalloutService.start(joined.connection, options))
    }
    return services
  }

  /** What was last asked about somebody of this name. */
  lastAt(server: RunningImplementation, user: string): Request {
    const request = this.#services.get(server)?.requests.findLast(({ connect_opts }) => connect_opts?.user === user)
    return request ?? assert.fail(`nobody asked about ${user}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.joined.map((joined) => joined[Symbol.asyncDispose]()))
  }
}

table((implementation) => {
  if (implementation.name === 'natsServer') return
  calloutOf(implementation, 'auth callout', '')
  calloutOf(implementation, 'auth callout, sealed', `xkey: ${xkey.getPublicKey()}`)
  operatorCallout(implementation)
})

function calloutOf(implementation: Implementation, name: string, more: string): void {
  describe(name, () => {
    let sites: Sites
    let services: Services
    const decide = decisions()
    before(async () => {
      sites = await Sites.start(implementation, config(more, 'timeout: 1'), certificates)
      services = await Services.start(sites, who('auth', 'auth'), {
        issuer,
        decide: ({ connect_opts }) => (decide[connect_opts?.user ?? ''] ?? (() => 'nobody'))(),
        ...(more !== '' && { xkey }),
      })
    })
    after(async () => {
      await services?.[Symbol.asyncDispose]()
      await sites?.[Symbol.asyncDispose]()
    })

    overEach('whom the service admits gets in, with what it says', async (carrier) => {
      await using joined = await sites.join(carrier, { ...who('ann'), name: 'client of Ann' })
      await assertEchoes(joined.connection, 'app.1')
      const { connect_opts, client_info, server_id, user_nkey } = services.lastAt(sites.at(carrier), 'ann')
      assert.equal(connect_opts?.pass, 'secret')
      assert.equal(connect_opts?.name, 'client of Ann')
      assert.equal(client_info?.name, 'client of Ann')
      assert.equal(client_info?.kind, 'Client')
      assert.equal(client_info?.type, carrier.isWebSocket ? 'websocket' : 'nats')
      assert.equal(client_info?.user, 'ann')
      assert.match(client_info?.host ?? '', /^(127\.0\.0\.1|::1)$/)
      assert.match(user_nkey, /^U[A-Z2-7]{55}$/)
      assert.match(server_id.id, /^N[A-Z2-7]{55}$/)
      assert.equal(server_id.xkey !== undefined, more !== '')
    })

    overEach('whom the service refuses is refused', (carrier) => assertRefused(...sites.over(carrier, who('refused'))))

    if (more !== '') return

    test('TLS is told to the service, and certificates are', async () => {
      const certificate = await certificates.authority.issue({ subject: 'CN=client' })
      for (const each of CARRIERS) {
        await using _joined = await sites.join(each, { ...who('ann'), certificate })
        const { client_tls } = services.lastAt(sites.at(each), 'ann')
        assert.equal(client_tls !== undefined, each.isTls)
        if (each.isTls) assert.match(client_tls?.version ?? '', /^1\.3$/)
      }
    })

    for (const user of [
      'of another user',
      'for another server',
      'by another issuer',
      'in an unknown account',
      'out of date',
    ]) {
      overEach(`an answer ${user} lets nobody in`, (carrier) => assertRefused(...sites.over(carrier, who(user))), WAYS)
    }

    test('nor does it without credentials, or with some that the service does not know', async () => {
      for (const each of WAYS) {
        await assertRefused(...sites.over(each))
        await assertRefused(...sites.over(each, { authenticator: tokenAuthenticator('token') }))
      }
    })

    test('users of the configuration are asked about like everybody', async () => {
      for (const each of WAYS) {
        await using joined = await sites.join(each, who('app', 'any'))
        await assertEchoes(joined.connection, 'app.1')
      }
    })

    test('auth_users are not asked about', async () => {
      for (const each of WAYS) {
        await using joined = await sites.join(each, who('exempt'))
        await assertEchoes(joined.connection, 'anything')
        await assertRefused(...sites.over(each, who('exempt', 'wrong')))
      }
    })

    test('a user for TCP is refused over WebSockets, except by nats-server', async () => {
      for (const each of WAYS) {
        if (each.isWebSocket && implementation.name === 'belfry') await assertRefused(...sites.over(each, who('tcp')))
        else await (await sites.join(each, who('tcp')))[Symbol.asyncDispose]()
      }
    })

    test('who is not answered for is refused when the time is over', async () => {
      const startedMs = performance.now()
      await assertRefused(...sites.over(carrier('ws'), who('silent')))
      assert.ok(performance.now() - startedMs > 900)
    })

    test('who was admitted for a time has to go after it, unless Belfry hears that it may stay', async () => {
      const again = await sites.joinAll(who('expiring'), WAYS)
      const once = await sites.joinAll(who('once'), WAYS)
      for (const { carrier, joined } of once) assertEnding(carrier, await joined.ended(), USER_EXPIRED)
      for (const { carrier, joined } of again) {
        if (implementation.name === 'belfry') await assertEchoes(joined.connection, 'app.1')
        else assertEnding(carrier, await joined.ended(), USER_EXPIRED)
        await joined[Symbol.asyncDispose]()
      }
    })
  })
}

function operatorCallout(implementation: Implementation): void {
  describe('auth callout of an account of an operator', () => {
    const operator = new Operator()
    const [auth, app, closed] = [operator.account('AUTH'), operator.account('APP'), operator.account('CLOSED')]
    let sites: Sites
    let services: Services
    let guest: Credentials
    before(async () => {
      const service = await auth.user('service')
      guest = (await auth.user('guest', { claims: { bearer_token: true } })).bearer
      const authorization = { auth_users: [service.key], allowed_accounts: [app.key] }
      const main = await operator.memoryConfig({
        [auth.key]: await auth.jwt({ authorization }),
        [app.key]: await app.jwt(),
        [closed.key]: await closed.jwt(),
      })
      sites = await Sites.start(implementation, { main }, certificates)
      services = await Services.start(sites, service.credentials, {
        issuer: auth.pair,
        decide: ({ connect_opts }) => {
          if (connect_opts?.name === 'closed') return { account: '', accountKey: closed.pair }
          return connect_opts?.name === 'app' ? { account: '', accountKey: app.pair, claims: own('app') } : 'nobody'
        },
      })
    })
    after(async () => {
      await services?.[Symbol.asyncDispose]()
      await sites?.[Symbol.asyncDispose]()
    })

    test('who is admitted gets into an account that it may place people in', async () => {
      for (const each of WAYS) {
        await using joined = await sites.join(each, { ...guest, name: 'app' })
        await assertEchoes(joined.connection, 'app.1')
      }
    })

    test('who is not admitted, or in another account, is refused', async () => {
      for (const each of WAYS) {
        await assertRefused(...sites.over(each, { ...guest, name: 'nobody' }))
        await assertRefused(...sites.over(each, { ...guest, name: 'closed' }))
      }
    })
  })
}
