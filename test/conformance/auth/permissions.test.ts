/** What a client may publish and subscribe to, and what it hears when it may not: `spec/nats.md` §2.7. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Msg, type NatsConnection, usernamePasswordAuthenticator } from '@nats-io/nats-core'
import { until, within } from '../../helpers/wait.ts'
import { carrier, type Joined } from './carriers.ts'
import { plainText, type RunningImplementation, table } from './sites.ts'

const WAYS = [carrier('TCP'), carrier('ws')]

const users = (changing: string) => `authorization {
  default_permissions: { publish: "default.>", subscribe: "default.>" }
  users: [
    { user: all, password: secret, permissions: {} }
    { user: default, password: secret }
    { user: rules, password: secret, permissions: {
      publish: { allow: ["ok", "one.*", "deep.>"], deny: ["one.no", "deep.no.>"] }
      subscribe: { allow: ["ok", "one.*", "deep.>"], deny: ["one.no", "deep.no.>"] }
    } }
    { user: allowing, password: secret, permissions: { pub: "ok", sub: ["ok", "one.*"] } }
    { user: denying, password: secret, permissions: { publish: { deny: "no.>" }, subscribe: { deny: ["no.>"] } } }
    { user: mute, password: secret, permissions: { publish: { deny: ">" } } }
    { user: queues, password: secret, permissions: {
      subscribe: { allow: ["plain", "queue v1", "both", "both *.prod", "any *", "deep >"], deny: ["plain bad", "any no"] }
    } }
    { user: service, password: secret, permissions: { subscribe: "ask.*", allow_responses: true } }
    { user: stream, password: secret, permissions: { subscribe: "ask.*", allow_responses: { max: 3, expires: "1m" } } }
    { user: late, password: secret, permissions: { subscribe: "ask.*", allow_responses: { max: 5, expires: "50ms" } } }
    { user: beside, password: secret, permissions: { publish: "ok", subscribe: "ask.*", allow_responses: true } }
    { user: changing, password: secret, permissions: { ${changing} } }
  ]
}`

const BEFORE = 'publish: ["a", "b"], subscribe: ["a", "b", "b q"]'
const AFTER = 'publish: ["b", "c"], subscribe: ["b", "c"]'

/** What each user may do, and what not. */
const PUBLISHING: Readonly<Record<string, { readonly may: readonly string[]; readonly mayNot: readonly string[] }>> = {
  all: { may: ['anything', 'a.b.c'], mayNot: [] },
  default: { may: ['default.a', 'default.a.b'], mayNot: ['default', 'other.a'] },
  rules: {
    may: ['ok', 'one.a', 'deep.a', 'deep.a.b.c', 'deep.no'],
    mayNot: ['ok.a', 'OK', 'one', 'one.a.b', 'one.no', 'deep', 'deep.no.a', 'other'],
  },
  allowing: { may: ['ok'], mayNot: ['ok.a', 'one.a'] },
  denying: { may: ['a', 'no', 'nothing.a'], mayNot: ['no.a', 'no.a.b'] },
  mute: { may: [], mayNot: ['a', 'a.b'] },
  service: { may: [], mayNot: ['a', 'ask.a'] },
}

const SUBSCRIBING: typeof PUBLISHING = {
  all: { may: ['anything', '>', '*.b'], mayNot: [] },
  default: { may: ['default.a', 'default.*', 'default.>'], mayNot: ['default', '>', '*.a'] },
  rules: {
    // `one.>` counts as a case of `one.*`.
    may: ['ok', 'one.a', 'one.*', 'one.>', 'deep.>', 'deep.*.a', 'deep.no'],
    mayNot: ['one.no', 'deep.no.a', 'deep.no.*', 'deep.no.>', '>', '*', 'ok.*', 'other'],
  },
  allowing: { may: ['ok', 'one.*', 'one.>'], mayNot: ['ok.>', '*'] },
  denying: { may: ['>', 'a', 'no', '*'], mayNot: ['no.a', 'no.>', 'no.*'] },
  mute: { may: ['>'], mayNot: [] },
  queues: {
    may: ['plain', 'plain any', 'queue v1', 'both', 'both v1.prod', 'both v22.prod', 'any x', 'deep a.b'],
    mayNot: ['plain bad', 'queue', 'queue v2', 'both other', 'both v1', 'any', 'any no', 'deep', 'other q'],
  },
}

/** Connected, with what the server complains about. */
class Member implements AsyncDisposable {
  readonly connection: NatsConnection
  readonly complaints: string[] = []
  readonly #joined: Joined

  constructor(joined: Joined) {
    this.#joined = joined
    this.connection = joined.connection
    void this.#listen()
  }

  async #listen(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'error') this.complaints.push(status.error.message)
    }
  }

  /** What was complained about until the server has done all that it was told. */
  async heard(): Promise<readonly string[]> {
    await this.connection.flush()
    // The library tells of errors a turn after it has read them.
    await new Promise((resolve) => setImmediate(resolve))
    return this.complaints.splice(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#joined[Symbol.asyncDispose]()
  }
}

/** The first `count` messages. */
async function take(subscription: AsyncIterable<Msg>, count: number): Promise<string[]> {
  const texts: string[] = []
  const all = (async () => {
    for await (const message of subscription) if (texts.push(message.string()) === count) break
  })()
  await within(all, `${count} messages; there are ${texts}`)
  return texts
}

table((implementation) => {
  describe('permissions', () => {
    let server: RunningImplementation
    before(async () => {
      server = await implementation.start(plainText({ main: users(BEFORE) }))
    })
    after(() => server?.[Symbol.asyncDispose]())
    const join = async (way: (typeof WAYS)[number], user: string) =>
      new Member(await way.join(server, { authenticator: usernamePasswordAuthenticator(user, 'secret') }))

    for (const way of WAYS) {
      for (const [user, { may, mayNot }] of Object.entries(PUBLISHING)) {
        test(`${user} publishes over ${way.name} what it may`, async () => {
          await using member = await join(way, user)
          await using witness = await join(carrier('TCP'), 'all')
          const arrived: string[] = []
          witness.connection.subscribe('>', { callback: (_error, { subject }) => void arrived.push(subject) })
          await witness.connection.flush()
          for (const subject of [...may, ...mayNot]) member.connection.publish(subject)
          assert.deepEqual(
            await member.heard(),
            mayNot.map((subject) => `Permissions Violation for Publish to "${subject}"`),
          )
          await witness.connection.flush()
          assert.deepEqual(arrived, may)
        })
      }

      for (const [user, { may, mayNot }] of Object.entries(SUBSCRIBING)) {
        test(`${user} subscribes over ${way.name} to what it may`, async () => {
          await using member = await join(way, user)
          const refused: (string | undefined)[] = []
          for (const entry of [...may, ...mayNot]) {
            const [subject = '', queue] = entry.split(' ')
            const callback = (error: Error | null) => void (error && refused.push(entry))
            member.connection.subscribe(subject, { callback, ...(queue && { queue }) })
          }
          const complaints = mayNot.map((entry) => {
            const [subject, queue] = entry.split(' ')
            return `Permissions Violation for Subscription to "${subject}"${queue ? ` using queue "${queue}"` : ''}`
          })
          assert.deepEqual(await member.heard(), complaints)
          assert.deepEqual(refused, mayNot)
        })
      }

      test(`what is denied is not delivered to a wider subscription over ${way.name}`, async () => {
        await using member = await join(way, 'rules')
        await using publisher = await join(carrier('TCP'), 'all')
        const arrived: string[] = []
        for (const subject of ['one.>', 'deep.>']) {
          member.connection.subscribe(subject, { callback: (_error, { subject }) => void arrived.push(subject) })
        }
        assert.deepEqual(await member.heard(), [])
        const published = ['one.no', 'one.a', 'one.a.b', 'deep.no.a', 'deep.a']
        for (const subject of published) publisher.connection.publish(subject)
        await publisher.connection.flush()
        await member.connection.flush()
        // What is beyond `one.*` nats-server delivers.
        const beyond = implementation.name === 'belfry' ? [] : ['one.a.b']
        assert.deepEqual(arrived, ['one.a', ...beyond, 'deep.a'])
      })

      test(`what is denied to one member of a queue group goes to another over ${way.name}`, async () => {
        await using denied = await join(way, 'rules')
        await using other = await join(way, 'all')
        const arrived: string[] = []
        for (const { connection } of [denied, other]) {
          connection.subscribe('deep.>', {
            queue: 'group',
            callback: (_error, { subject }) =>
              void arrived.push(`${connection === denied.connection ? 'denied' : 'other'} ${subject}`),
          })
          await connection.flush()
        }
        for (let i = 0; i < 20; i++) other.connection.publish('deep.no.a')
        await until(() => arrived.length === 20, 'all messages')
        assert.deepEqual(new Set(arrived), new Set(['other deep.no.a']))
      })

      test(`a service may answer what it is asked once, over ${way.name}`, async () => {
        await using service = await join(way, 'service')
        await using client = await join(carrier('TCP'), 'all')
        service.connection.subscribe('ask.*', {
          callback: (_error, message) => {
            message.respond('first')
            message.respond('second')
          },
        })
        assert.deepEqual(await service.heard(), [])
        const answer = await client.connection.request('ask.me', '', { timeout: 5000 })
        assert.equal(answer.string(), 'first')
        const [complaint, ...more] = await until(async () => {
          const heard = await service.heard()
          return heard.length > 0 && heard
        }, 'a complaint')
        assert.match(complaint ?? '', /^Permissions Violation for Publish to "_INBOX\./)
        assert.deepEqual(more, [])
      })

      test(`a service may answer as often as it is said, over ${way.name}`, async () => {
        await using service = await join(way, 'stream')
        await using client = await join(carrier('TCP'), 'all')
        service.connection.subscribe('ask.*', {
          callback: (_error, message) => {
            for (const text of ['1', '2', '3', '4']) message.respond(text)
          },
        })
        assert.deepEqual(await service.heard(), [])
        const answers = client.connection.subscribe('answers', { max: 3 })
        client.connection.publish('ask.me', '', { reply: 'answers' })
        assert.deepEqual(await take(answers, 3), ['1', '2', '3'])
        assert.deepEqual(await service.heard(), ['Permissions Violation for Publish to "answers"'])
      })

      test(`an answer may come too late, over ${way.name}`, async () => {
        await using service = await join(way, 'late')
        await using client = await join(carrier('TCP'), 'all')
        const { promise: asked, resolve } = Promise.withResolvers<Msg>()
        service.connection.subscribe('ask.*', { callback: (_error, message) => resolve(message) })
        assert.deepEqual(await service.heard(), [])
        client.connection.publish('ask.me', '', { reply: 'answers' })
        const message = await within(asked, 'the question')
        // Longer than the 50 ms that there are, whatever the clocks do.
        await new Promise((resolve) => setTimeout(resolve, 80))
        message.respond('late')
        assert.deepEqual(await service.heard(), ['Permissions Violation for Publish to "answers"'])
      })

      test(`answers are allowed beside what may be published, over ${way.name}`, async () => {
        await using service = await join(way, 'beside')
        await using client = await join(carrier('TCP'), 'all')
        service.connection.subscribe('ask.*', { callback: (_error, message) => void message.respond('yes') })
        service.connection.publish('ok')
        service.connection.publish('answers')
        assert.deepEqual(await service.heard(), ['Permissions Violation for Publish to "answers"'])
        assert.equal((await client.connection.request('ask.me', '', { timeout: 5000 })).string(), 'yes')
      })
    }

    test('a reload changes what those may do who are in, over every way', async () => {
      const inside = await Promise.all(
        WAYS.map(async (way) => {
          const member = await join(way, 'changing')
          const ended: string[] = []
          for (const [subject, queue] of [['a'], ['b'], ['b', 'q']] as const) {
            const callback = (error: Error | null) => void (error && ended.push(`${subject} ${queue ?? ''}`))
            member.connection.subscribe(subject, { callback, ...(queue && { queue }) })
          }
          assert.deepEqual(await member.heard(), [])
          return { member, ended }
        }),
      )
      assert.equal(await server.reload(plainText({ main: users(AFTER) })), undefined)
      for (const { member, ended } of inside) {
        await until(() => ended.length > 0, 'a subscription to end')
        assert.deepEqual(ended, ['a '])
        assert.match((await member.heard()).join(), /^Permissions Violation for Subscription to "a"( \(sid "\d+"\))?$/)
        for (const subject of ['a', 'b', 'c']) member.connection.publish(subject)
        assert.deepEqual(await member.heard(), ['Permissions Violation for Publish to "a"'])
        member.connection.subscribe('c', { callback: () => undefined })
        assert.deepEqual(await member.heard(), [])
        await member[Symbol.asyncDispose]()
      }
    })
  })
})
