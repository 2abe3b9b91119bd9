/** Accounts of an operator that a server finds elsewhere: at a URL, in a directory that it keeps (`spec/nats.md` §4.6). */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { createOperator, encodeGeneric, type KeyPair } from '@nats-io/jwt'
import type { NatsConnection } from '@nats-io/nats-core'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import {
  ACCOUNT_EXPIRED,
  assertEchoes,
  assertEnding,
  assertRefused,
  carrier,
  type Joined,
  REVOKED,
} from './carriers.ts'
import { certificates } from './forms.ts'
import { nowSeconds, Operator, type OperatorAccount, preload, swift } from './operator.ts'
import { type RunningImplementation, Sites, table } from './sites.ts'

/** The three ways to a server; every form of JWT is shown over all carriers elsewhere. */
const WAYS = [carrier('TCP'), carrier('ws'), carrier('wss')]

/** JWTs by the public keys of accounts, as an account server hands them out. */
class AccountServer implements AsyncDisposable {
  readonly jwts = new Map<string, string>()
  readonly asked: string[] = []
  readonly #http = createServer((request, response) => {
    const key = request.url?.slice('/accounts/'.length) ?? ''
    this.asked.push(key)
    const jwt = key === '' ? 'here' : this.jwts.get(key)
    response.writeHead(jwt === undefined ? 404 : 200, { 'Content-Type': 'application/jwt' }).end(jwt)
  })

  static async start(): Promise<AccountServer> {
    const server = new AccountServer()
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/accounts/`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }
}

const inAnHour = () => nowSeconds() + 3600

/** What a resolver answers on the subjects of the system account. */
interface ClaimsAnswer {
  readonly server?: { readonly id: string }
  readonly data?: { readonly account?: string; readonly code?: number; readonly message?: string } | readonly string[]
  readonly error?: { readonly account?: string; readonly code?: number; readonly description?: string }
}

async function ask(system: NatsConnection, subject: string, payload = ''): Promise<ClaimsAnswer> {
  const answer = await system.request(subject, payload, { timeout: 10_000 })
  return answer.json<ClaimsAnswer>()
}

table((implementation) => {
  describe('a URL resolver', () => {
    const operator = new Operator()
    const account = operator.account('A')
    const foreign = operator.account('FOREIGN')
    const unknown = operator.account('UNKNOWN')
    let resolver: AccountServer
    let sites: Sites
    before(async () => {
      resolver = await AccountServer.start()
      resolver.jwts.set(operator.systemAccount.key, await operator.systemAccount.jwt())
      resolver.jwts.set(account.key, await account.jwt())
      resolver.jwts.set(foreign.key, await foreign.jwt({}, { signer: swift(createOperator()) }))
      const main = await operator.config(`URL("${resolver.url}")`)
      sites = await Sites.start(implementation, { main }, certificates)
    })
    after(async () => {
      await sites?.[Symbol.asyncDispose]()
      await resolver?.[Symbol.asyncDispose]()
    })

    test('a user of an account that it has gets in, over every carrier', async () => {
      const { credentials } = await account.user('user')
      for (const { joined } of await sites.joinAll(credentials, WAYS)) {
        await assertEchoes(joined.connection)
        await joined[Symbol.asyncDispose]()
      }
      assert.ok(resolver.asked.includes(account.key))
    })

    test('a user of one that it has not is refused, over every carrier', async () => {
      const { credentials } = await unknown.user('user')
      for (const carrier of WAYS) await assertRefused(...sites.over(carrier, credentials))
      assert.ok(resolver.asked.includes(unknown.key))
    })

    test('a user of one that another operator signed is refused, over every carrier', async () => {
      const { credentials } = await foreign.user('user')
      for (const carrier of WAYS) await assertRefused(...sites.over(carrier, credentials))
      assert.ok(resolver.asked.includes(foreign.key))
    })

    test('a user whom a newer JWT revokes has to go, over every carrier', async () => {
      const user = await account.user('user')
      const inside = await sites.joinAll(user.credentials, WAYS)
      const jwt = await account.jwt({ revocations: { [user.key]: inAnHour() } })
      resolver.jwts.set(account.key, jwt)
      for (const server of sites.both) {
        await using system = await systemUser(operator, sites, server)
        system.connection.publish(`$SYS.REQ.ACCOUNT.${account.key}.CLAIMS.UPDATE`, jwt)
        await system.connection.flush()
      }
      for (const { carrier, joined } of inside) assertEnding(carrier, await joined.ended(), REVOKED)
      for (const carrier of WAYS) await assertRefused(...sites.over(carrier, user.credentials))
    })
  })

  describe('a directory resolver', () => {
    const operator = new Operator()
    const account = operator.account('A')
    const foreign = operator.account('FOREIGN')
    let folder: TemporaryFolder
    let sites: Sites
    const folderOf = (server: RunningImplementation) => folder.join(server === sites.plain ? 'plain' : 'secure')
    before(async () => {
      folder = await temporaryFolder()
      const systemJwt = await operator.systemAccount.jwt()
      const main = (kind: string) =>
        operator.config(
          `{ type: full, dir: "${folder.join(kind)}", allow_delete: true, interval: "2m", timeout: "50ms" }`,
          preload({ [operator.systemAccount.key]: systemJwt }),
        )
      sites = await Sites.startEach(
        implementation,
        { plain: { main: await main('plain') }, secure: { main: await main('secure') } },
        certificates,
      )
    })
    after(async () => {
      await sites?.[Symbol.asyncDispose]()
      await folder?.[Symbol.asyncDispose]()
    })

    /** The same question at both servers. */
    const askBoth = async (subject: string, payload = '') => {
      const answers: [ClaimsAnswer, RunningImplementation][] = []
      for (const server of sites.both) {
        await using system = await systemUser(operator, sites, server)
        answers.push([await ask(system.connection, subject, payload), server])
      }
      return answers
    }
    const store = async (which: OperatorAccount, claims = {}, options: { signer?: KeyPair } = {}) =>
      askBoth('$SYS.REQ.CLAIMS.UPDATE', await which.jwt(claims, options))

    test('knows no account before it is told', async () => {
      const { credentials } = await account.user('user')
      for (const carrier of WAYS) await assertRefused(...sites.over(carrier, credentials))
    })

    test('takes an account of its operator, whose users get in from then on, over every carrier', async () => {
      for (const [answer, server] of await store(account)) {
        assert.deepEqual(answer.data, { account: account.key, code: 200, message: 'jwt updated' })
        assert.match(answer.server?.id ?? '', /^N[A-Z2-7]{55}$/)
        assert.ok((await readdir(folderOf(server))).includes(`${account.key}.jwt`))
      }
      const { credentials } = await account.user('user')
      for (const { joined } of await sites.joinAll(credentials, WAYS)) {
        await assertEchoes(joined.connection)
        await joined[Symbol.asyncDispose]()
      }
    })

    test('lists the accounts, and hands out their JWTs', async () => {
      for (const [answer] of await askBoth('$SYS.REQ.CLAIMS.LIST')) {
        assert.deepEqual([...(answer.data as string[])].sort(), [account.key, operator.systemAccount.key].sort())
      }
      for (const server of sites.both) {
        await using system = await systemUser(operator, sites, server)
        const answer = await system.connection.request(`$SYS.REQ.ACCOUNT.${account.key}.CLAIMS.LOOKUP`)
        assert.equal(JSON.parse(Buffer.from(answer.string().split('.')[1]!, 'base64url').toString()).sub, account.key)
      }
    })

    test('lets in nobody of an account of another operator, and takes nothing that is no JWT', async () => {
      // nats-server keeps it nevertheless.
      await store(foreign, {}, { signer: swift(createOperator()) })
      const { credentials } = await foreign.user('user')
      await assertRefused(...sites.over(carrier('TCP'), credentials))
      for (const [{ error }] of await askBoth('$SYS.REQ.CLAIMS.UPDATE', 'rubbish')) {
        assert.equal(error?.code, 500)
        assert.match(error?.description ?? '', /^jwt update resulted in error/)
      }
    })

    test('whom a newer JWT revokes has to go, over every carrier', async () => {
      const user = await account.user('revoked')
      const inside = await sites.joinAll(user.credentials, WAYS)
      await store(account, { revocations: { [user.key]: inAnHour() } })
      for (const { carrier, joined } of inside) assertEnding(carrier, await joined.ended(), REVOKED)
      for (const carrier of WAYS) await assertRefused(...sites.over(carrier, user.credentials))
      const { credentials } = await account.user('user')
      for (const { joined } of await sites.joinAll(credentials, WAYS)) await joined[Symbol.asyncDispose]()
    })

    test('deletes an account when its operator says so, and its users have to go, over every carrier', async () => {
      const { credentials } = await account.user('user')
      const inside = await sites.joinAll(credentials, WAYS)
      const request = await encodeGeneric('delete', operator.pair, 'generic', { accounts: [account.key] })
      for (const [answer, server] of await askBoth('$SYS.REQ.CLAIMS.DELETE', request)) {
        assert.deepEqual(answer.data, { code: 200, message: 'deleted 1 accounts' })
        assert.ok(!(await readdir(folderOf(server))).includes(`${account.key}.jwt`))
      }
      for (const { carrier, joined } of inside) assertEnding(carrier, await joined.ended(), ACCOUNT_EXPIRED)
      for (const carrier of WAYS) await assertRefused(...sites.over(carrier, credentials))
    })

    test('deletes nothing for somebody else', async () => {
      const stranger = swift(createOperator())
      const request = await encodeGeneric('delete', stranger, 'generic', { accounts: [operator.systemAccount.key] })
      for (const [{ error }] of await askBoth('$SYS.REQ.CLAIMS.DELETE', request)) assert.equal(error?.code, 500)
    })
  })
})

/** One that may administer `server`. */
async function systemUser(operator: Operator, sites: Sites, server: RunningImplementation): Promise<Joined> {
  const { credentials } = await operator.administrator
  return sites.join(carrier(server === sites.plain ? 'ws' : 'TLS'), credentials)
}
