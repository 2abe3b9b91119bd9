/** Users by JWTs of an operator's accounts, all of them in the configuration: `spec/nats.md` §4.6. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Account, createAccount, createUser, newScopedSigner } from '@nats-io/jwt'
import { jwtAuthenticator, usernamePasswordAuthenticator } from '@nats-io/nats-core'
import {
  ACCOUNT_EXPIRED,
  assertEchoes,
  assertEnding,
  type Carrier,
  carrier,
  type ExpectedEnding,
  type Joined,
  LET_GO,
  REVOKED,
  TOO_MANY_OF_ACCOUNT,
  USER_EXPIRED,
  VIOLATION,
} from './carriers.ts'
import { certificates, describeForm, type Form } from './forms.ts'
import { nowSeconds, Operator, swift, type UserOfAccount, type UserOptions } from './operator.ts'
import { type Differing, expectationOf, Sites, table } from './sites.ts'

const HOUR_SECONDS = 3600

const operator = new Operator()
const account = operator.account('A')
const signer = swift(createAccount())
const roleSigner = swift(createAccount())
const template = { pub: { allow: ['scoped.{{name()}}.>'] }, sub: { allow: ['scoped.{{name()}}.>', '_INBOX.>'] } }
const role = newScopedSigner(roleSigner, 'role', template)
const firstUser = await account.user('first')
const revokedUser = await account.user('revoked')
const accountClaims = {
  signing_keys: [signer.getPublicKey(), role],
  revocations: { [revokedUser.key]: nowSeconds() + HOUR_SECONDS },
  default_permissions: { pub: { deny: ['denied.by.default'] } },
}

/** Whose users have to sign. */
const strict = operator.account('STRICT')
/** Not in the configuration. */
const unknown = operator.account('UNKNOWN')

const config = async (claims: object = accountClaims) => ({
  main: await operator.memoryConfig({
    [account.key]: await account.jwt(claims),
    [strict.key]: await strict.jwt({ limits: { disallow_bearer: true } }),
  }),
})

const allowing = (...subjects: string[]) => ({ pub: { allow: subjects }, sub: { allow: subjects } })
const timeOfDay = (shiftSeconds: number) => new Date(Date.now() + shiftSeconds * 1000).toTimeString().slice(0, 8)

/** The hours of a day that are not near midnight are enough for one range. */
const RANGE_NOW = { start: '00:00:00', end: '23:59:59' }
const RANGE_LATER = { start: timeOfDay(600), end: timeOfDay(1200) }

const show = async (user: Promise<UserOfAccount>) => (await user).credentials
const user = (claims: object, more: object = {}) => show(account.user('user', { claims, ...more }))

const FORM: Form = {
  name: 'JWTs, with accounts in memory',
  config: await config(),
  accepted: {
    'a user': firstUser.credentials,
    'a user from a file': firstUser.fromFile,
    'a user by a signing key': await show(account.user('signed', { signer })),
    'a user by a signing key with a role': {
      ...(await show(account.user('Ann', { signer: roleSigner, isScoped: true }))),
      subject: 'scoped.Ann.x',
    },
    'a user with permissions': { ...(await user(allowing('mine'))), subject: 'mine' },
    'a bearer': (await account.user('bearer', { claims: { bearer_token: true } })).bearer,
  },
  refused: {
    'one without credentials': {},
    'a JWT without a signature': firstUser.bearer,
    'a user of an unknown account': await show(unknown.user('user')),
    'a user whose time is over': await user({}, { exp: nowSeconds() - 10 }),
    'a user who was revoked': revokedUser.credentials,
    'what is no JWT': { authenticator: jwtAuthenticator('e30.e30.e30', firstUser.seed) },
  },
  tcpOnly: { 'a user for TCP': await user({ allowed_connection_types: ['STANDARD'] }) },
  webSocketOnly: { 'a user for WebSockets': await user({ allowed_connection_types: ['WEBSOCKET'] }) },
}

/** What is the same for every carrier, as far as anybody can see, is asked over two: signatures take their time. */
const RULES: Form = {
  name: 'the rules of JWTs',
  config: await config(),
  carriers: [carrier('TCP'), carrier('wss')],
  accepted: {
    'a bearer who signs': await user({ bearer_token: true }),
    'a user whose time is not over': await user({}, { exp: nowSeconds() + HOUR_SECONDS }),
    'a user whose time has begun': await user({}, { nbf: nowSeconds() - HOUR_SECONDS }),
    'a user from the right network': await user({ src: ['10.0.0.0/8', '127.0.0.0/8', '::1/128'] }),
    'a user at the right time of day': await user({ times: [RANGE_NOW] }),
    'a user for both doors': await user({ allowed_connection_types: ['standard', 'websocket'] }),
    'a user for doors of which one is unknown': await user({
      allowed_connection_types: ['TELEX', 'STANDARD', 'WEBSOCKET'],
    }),
    'a user of an account that wants signatures': await show(strict.user('user')),
  },
  refused: {
    'a user with a password': { authenticator: usernamePasswordAuthenticator('first', 'secret') },
    'a JWT with the signature of another': {
      authenticator: jwtAuthenticator(firstUser.jwt, createUser().getSeed()),
    },
    'a user by a key that is none of the account': await show(account.user('user', { signer: swift(createAccount()) })),
    'a user whose time is to come': await user({}, { nbf: nowSeconds() + HOUR_SECONDS }),
    'a user from another network': await user({ src: ['10.0.0.0/8'] }),
    'a user at another time of day': await user({ times: [RANGE_LATER] }),
    'a user for other doors': await user({ allowed_connection_types: ['LEAFNODE', 'MQTT', 'MQTT_WS'] }),
    'a user for unknown doors': await user({ allowed_connection_types: ['TELEX'] }),
    'a user with a role and permissions of its own': await show(
      account.user('user', { signer: roleSigner, claims: allowing('mine') }),
    ),
    'a bearer of an account that wants signatures': (await strict.user('bearer', { claims: { bearer_token: true } }))
      .bearer,
    'a JWT that was changed': { authenticator: jwtAuthenticator(changed(firstUser.jwt), firstUser.seed) },
    'the JWT of an account': { authenticator: jwtAuthenticator(await account.jwt(), firstUser.seed) },
  },
}

/** Another name, under the same signature. */
function changed(jwt: string): string {
  const [header, claims = '', signature] = jwt.split('.')
  const renamed = Buffer.from(claims, 'base64url').toString().replace('"first"', '"other"')
  return [header, Buffer.from(renamed).toString('base64url'), signature].join('.')
}

/** What becomes of who is in when the accounts are read anew. */
interface Change {
  readonly what: string
  readonly before?: Partial<Account>
  /** `undefined`: the account is not there any more. */
  readonly after: Partial<Account> | undefined
  readonly user?: UserOptions
  /** `undefined`: nothing. nats-server lets everybody go by whose key it has no user. */
  readonly ending: Differing<ExpectedEnding | undefined>
}

const STAYS = { belfry: undefined, natsServer: LET_GO, newest: LET_GO } as const
const withoutWord = { ...VIOLATION, error: '' }
const revokedPair = swift(createUser())
const inAnHour = nowSeconds() + HOUR_SECONDS

const CHANGES: readonly Change[] = [
  { what: 'one of whom nothing is said', after: {}, ending: STAYS },
  { what: 'one whose JWT is newer than a revocation', after: { revocations: { '*': 1 } }, ending: STAYS },
  {
    what: 'one whose key is revoked',
    after: { revocations: { [revokedPair.getPublicKey()]: inAnHour } },
    user: { pair: revokedPair },
    ending: REVOKED,
  },
  { what: 'one of all who are revoked', after: { revocations: { '*': inAnHour } }, ending: REVOKED },
  {
    what: 'one by a signing key that is gone',
    before: { signing_keys: [signer.getPublicKey()] },
    after: {},
    user: { signer },
    ending: { belfry: VIOLATION, natsServer: withoutWord, newest: withoutWord },
  },
  {
    what: 'a bearer where there may be no more',
    after: { limits: { disallow_bearer: true } },
    user: { claims: { bearer_token: true } },
    ending: VIOLATION,
  },
  { what: 'one too many', after: { limits: { conn: 0 } }, ending: TOO_MANY_OF_ACCOUNT },
  {
    what: 'one of an account that is gone',
    after: undefined,
    ending: { belfry: ACCOUNT_EXPIRED, natsServer: LET_GO, newest: LET_GO },
  },
]

table((implementation) => {
  describeForm(implementation, FORM)
  describeForm(implementation, RULES)

  test('users and accounts are told when their time is over, over every carrier', async () => {
    const shortLived = operator.account('SHORT')
    const accounts = {
      [account.key]: await account.jwt(),
      [shortLived.key]: await shortLived.jwt({}, { exp: nowSeconds() + 4 }),
    }
    const main = await operator.memoryConfig(accounts)
    await using sites = await Sites.start(implementation, { main }, certificates)
    const exp = nowSeconds() + 3
    const times = [{ start: '00:00:00', end: timeOfDay(3) }]
    const groups = [
      { user: await account.user('short', { exp }), ending: USER_EXPIRED },
      { user: await account.user('short of the day', { claims: { times } }), ending: USER_EXPIRED },
      { user: await shortLived.user('long'), ending: ACCOUNT_EXPIRED },
    ]
    const inside = groups.map(({ user, ending }) => ({ ending, joined: sites.joinAll(user.credentials) }))
    for (const { ending, joined } of inside) {
      for (const each of await joined) assertEnding(each.carrier, await each.joined.ended(), ending)
    }
  })

  test('what a reload says of accounts is so for those who are in, over every carrier', async () => {
    const accounts = CHANGES.map(({ what }) => operator.account(what))
    const config = async (claimsOf: (change: Change) => Partial<Account> | undefined) => {
      const jwts = CHANGES.map(async (change, i) => {
        const claims = claimsOf(change)
        return claims && ([accounts[i]!.key, await accounts[i]!.jwt(claims)] as const)
      })
      const there = (await Promise.all(jwts)).filter((jwt) => jwt !== undefined)
      return { main: await operator.memoryConfig(Object.fromEntries(there)) }
    }
    await using sites = await Sites.start(implementation, await config(({ before = {} }) => before), certificates)
    const inside: { change: Change; all: readonly { carrier: Carrier; joined: Joined }[] }[] = []
    for (const [i, change] of CHANGES.entries()) {
      const user = await accounts[i]!.user('user', change.user)
      inside.push({ change, all: await sites.joinAll(user.credentials) })
    }
    assert.equal(await sites.reload(await config(({ after }) => after)), undefined)
    for (const { change, all } of inside) {
      const ending = expectationOf(change.ending, implementation.name)
      for (const { carrier, joined } of all) {
        if (ending === undefined) await assertEchoes(joined.connection)
        else assertEnding(carrier, await joined.ended(), ending)
        await joined[Symbol.asyncDispose]()
      }
    }
  })
})
