/** What the JWTs of accounts say beside who is let in: what crosses, what is limited, what is allowed (`spec/nats.md` §4.6). */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Account, encodeActivation } from '@nats-io/jwt'
import type { NatsConnection } from '@nats-io/nats-core'
import { until, within } from '../../helpers/wait.ts'
import {
  assertEnding,
  assertRefused,
  type Carrier,
  carrier,
  type ExpectedEnding,
  type Joined,
  refusal,
  TOO_MANY_OF_ACCOUNT,
} from './carriers.ts'
import { nowSeconds, Operator, type OperatorAccount, type UserOptions } from './operator.ts'
import { newerRow, plainText, type RunningImplementation, table } from './sites.ts'

const TCP = carrier('TCP')
const WS = carrier('ws')

const operator = new Operator()
const [owner, friend, stranger, thief, limited] = ['OWNER', 'FRIEND', 'STRANGER', 'THIEF', 'LIMITED'].map((name) =>
  operator.account(name),
) as [OperatorAccount, OperatorAccount, OperatorAccount, OperatorAccount, OperatorAccount]

const exported = (revocations: Record<string, number> = {}): Partial<Account> => ({
  default_permissions: { pub: { deny: ['denied.by.default'] } },
  exports: [
    { name: 'public', subject: 'public.>', type: 'stream' },
    { name: 'private', subject: 'private.>', type: 'stream', token_req: true, revocations },
    { name: 'ask', subject: 'ask.public', type: 'service' },
    { name: 'ask private', subject: 'ask.private', type: 'service', token_req: true, revocations },
    { name: 'own', subject: 'own.*.news', type: 'stream', account_token_position: 2 },
  ],
})

/** What somebody imports who may or may not show tokens; they are made out to `FRIEND`. */
async function imported(account: OperatorAccount, hasTokens: boolean): Promise<Partial<Account>> {
  const token = async (kind: 'stream' | 'service', subject: string) =>
    hasTokens ? { token: await encodeActivation(subject, friend.pair, owner.pair, kind, { subject }) } : {}
  const from = { account: owner.key }
  return {
    imports: [
      { ...from, name: 'public', subject: 'public.>', type: 'stream' },
      { ...from, name: 'private', subject: 'private.>', type: 'stream', ...(await token('stream', 'private.>')) },
      { ...from, name: 'ask', subject: 'ask.public', local_subject: 'question', type: 'service' },
      {
        ...from,
        name: 'ask private',
        subject: 'ask.private',
        type: 'service',
        ...(await token('service', 'ask.private')),
      },
      { ...from, name: 'own', subject: `own.${account.key}.news`, type: 'stream' },
    ],
  }
}

const config = async (ofOwner: Partial<Account>) =>
  plainText({
    main: await operator.memoryConfig({
      [owner.key]: await owner.jwt(ofOwner),
      [friend.key]: await friend.jwt(await imported(friend, true)),
      [stranger.key]: await stranger.jwt(await imported(stranger, false)),
      [thief.key]: await thief.jwt(await imported(thief, true)),
      [limited.key]: await limited.jwt({ limits: { conn: 2, subs: 3, payload: 1000 } }),
    }),
  })

/** Everything that is heard on a subject. */
async function listen(connection: NatsConnection, subject: string): Promise<string[]> {
  const heard: string[] = []
  connection.subscribe(subject, {
    callback: (_error, message) => void heard.push(`${message.subject} ${message.string()}`),
  })
  await connection.flush()
  return heard
}

const NOBODY = /no ?responders|503/i
const TOO_LARGE: ExpectedEnding = {
  error: 'Maximum Payload Violation',
  code: 1009,
  reason: 'Maximum Message Payload Exceeded',
}

table((implementation) => {
  describe('accounts of an operator', () => {
    let server: RunningImplementation
    before(async () => {
      server = await implementation.start(await config(exported()))
    })
    after(() => server?.[Symbol.asyncDispose]())
    const join = async (way: Carrier, account: OperatorAccount, options: UserOptions = {}): Promise<Joined> =>
      way.join(server, (await account.user('user', options)).credentials)

    for (const [from, to] of [
      [TCP, WS],
      [WS, TCP],
    ] as const) {
      const ways = `from ${from.name} to ${to.name}`

      test(`streams cross, private ones to who has a token, ${ways}`, async () => {
        await using publisher = await join(from, owner)
        await using invited = await join(to, friend)
        await using uninvited = await join(to, stranger)
        const [heard, alsoHeard] = await Promise.all([
          listen(invited.connection, '>'),
          listen(uninvited.connection, '>'),
        ])
        for (const subject of ['private.a', 'public.a', 'other.a', `own.${friend.key}.news`, 'public.end']) {
          publisher.connection.publish(subject, 'x')
        }
        await until(() => heard.includes('public.end x') && alsoHeard.includes('public.end x'), 'the end')
        assert.deepEqual(heard, ['private.a x', 'public.a x', `own.${friend.key}.news x`, 'public.end x'])
        assert.deepEqual(alsoHeard, ['public.a x', 'public.end x'])
      })

      test(`services are asked, private ones by who has a token, ${ways}`, async () => {
        await using service = await join(from, owner)
        await using invited = await join(to, friend)
        await using uninvited = await join(to, stranger)
        for (const subject of ['ask.public', 'ask.private']) {
          service.connection.subscribe(subject, {
            callback: (_error, message) => void message.respond(`answer to ${message.subject}`),
          })
        }
        await service.connection.flush()
        const ask = async ({ connection }: Joined, subject: string) =>
          (await connection.request(subject, '', { timeout: 5000 })).string()
        assert.equal(await ask(invited, 'question'), 'answer to ask.public')
        assert.equal(await ask(invited, 'ask.private'), 'answer to ask.private')
        assert.equal(await ask(uninvited, 'question'), 'answer to ask.public')
        await assert.rejects(ask(uninvited, 'ask.private'), NOBODY)
      })
    }

    test('nobody of an account comes in that shows the tokens of another', async () => {
      const { credentials } = await thief.user('user')
      for (const way of [TCP, WS]) await assertRefused(way, server, credentials)
    })

    test('default permissions are for users without any of their own', async () => {
      for (const way of [TCP, WS]) {
        await using plain = await join(way, owner)
        await using own = await join(way, owner, { claims: { pub: { deny: ['denied.by.user'] } } })
        const heard = await listen(plain.connection, 'denied.>')
        const complaints = complaintsOf(plain.connection)
        for (const { connection } of [plain, own]) {
          connection.publish('denied.by.default', connection === plain.connection ? 'plain' : 'own')
          await connection.flush()
        }
        await until(() => heard.length > 0 && complaints.length > 0, 'both outcomes')
        assert.deepEqual(heard, ['denied.by.default own'])
        assert.deepEqual(complaints, ['Permissions Violation for Publish to "denied.by.default"'])
      }
    })

    test('an account has as many connections and subscriptions, and payloads as large, as its JWT says', async () => {
      const first = await join(TCP, limited)
      const second = await join(WS, limited)
      const { credentials } = await limited.user('third')
      for (const way of [TCP, WS]) assertEnding(way, await refusal(way, server, credentials), TOO_MANY_OF_ACCOUNT)
      await first[Symbol.asyncDispose]()
      const complaints = complaintsOf(second.connection)
      for (let i = 0; i < 4; i++) second.connection.subscribe(`subject.${i}`)
      await until(() => complaints.length > 0, 'a complaint')
      assert.deepEqual(complaints, ['maximum subscriptions exceeded'])
      await assertTooLarge(second, WS)
    })

    test('a user has as many subscriptions, and payloads as large, as its JWT says', async () => {
      for (const way of [TCP, WS]) {
        const joined = await join(way, friend, { claims: { subs: 2, payload: 1000 } })
        const complaints = complaintsOf(joined.connection)
        for (let i = 0; i < 3; i++) joined.connection.subscribe(`subject.${i}`)
        await until(() => complaints.length > 0, 'a complaint')
        assert.deepEqual(complaints, ['maximum subscriptions exceeded'])
        await assertTooLarge(joined, way)
      }
    })

    newerRow(implementation, 'a user is told who it is', 'it has no such subject', async () => {
      const user = await friend.user('Ann', {
        claims: { pub: { allow: ['$SYS.REQ.USER.INFO'] } },
        exp: nowSeconds() + 600,
      })
      for (const way of [TCP, WS]) {
        await using joined = await way.join(server, user.credentials)
        const answer = await joined.connection.request('$SYS.REQ.USER.INFO', '', { timeout: 5000 })
        const { data } = answer.json<{ data: Record<string, unknown> }>()
        assert.equal(data.user, user.key)
        assert.equal(data.account, friend.key)
        assert.equal(data.account_name, 'FRIEND')
        assert.equal(data.user_name, 'Ann')
        assert.deepEqual((data.permissions as { publish: unknown }).publish, { allow: ['$SYS.REQ.USER.INFO'] })
        assert.ok(Number(data.expires) > 500e9 && Number(data.expires) <= 600e9, String(data.expires))
      }
    })

    test('a token that is revoked lets nothing more across', async () => {
      await using publisher = await join(TCP, owner)
      await using invited = await join(WS, friend)
      const heard = await listen(invited.connection, '*.a')
      publisher.connection.publish('private.a', '1')
      await until(() => heard.length > 0, 'what is allowed yet')
      const revoked = await config(exported({ [friend.key]: nowSeconds() + 3600 }))
      assert.equal(await server.reload(revoked), undefined)

      // nats-server lets everybody go at a reload whose key it has no user of.
      await using newPublisher = await join(TCP, owner)
      await using newInvited = await join(WS, friend)
      const heardNow = await listen(newInvited.connection, '*.a')
      newPublisher.connection.publish('private.a', '2')
      newPublisher.connection.publish('public.a', '3')
      await until(() => heardNow.length > 0, 'what is public')
      assert.deepEqual(heardNow, ['public.a 3'])
    })
  })
})

/** What the server complains about from now on. */
function complaintsOf(connection: NatsConnection): readonly string[] {
  const complaints: string[] = []
  void (async () => {
    for await (const status of connection.status()) if (status.type === 'error') complaints.push(status.error.message)
  })()
  return complaints
}

/** That 1000 bytes are taken from it and not one more. It has to go. */
async function assertTooLarge(joined: Joined, way: Carrier): Promise<void> {
  const { connection } = joined
  connection.publish('any', Buffer.alloc(1000))
  await within(connection.flush(), 'what is small enough')
  assert.throws(() => connection.publish('any', Buffer.alloc(1001)), /max_payload/)
  // A library that does not heed what INFO says.
  Object.assign(connection.info ?? {}, { max_payload: 2000 })
  connection.publish('any', Buffer.alloc(1001))
  assertEnding(way, await joined.ended(), TOO_LARGE)
}
