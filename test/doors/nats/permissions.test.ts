/** What clients may do, byte for byte as on nats-server, or the difference is here. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Principal } from '#auth'
import { startDoor } from './door-server.ts'
import { expectationOf, IMPLEMENTATIONS, type RunningImplementation } from './implementations.ts'
import { CARRIERS, type CarrierName, connectTo, type RawClient } from './raw-client.ts'
import { runScript } from './script.ts'
import { connectAs, ScriptedAuthenticator } from './scripted-authenticator.ts'
import { CONFIG, LIMITS, permissionScripts, USERS } from './scripts/permissions.ts'

const [, natsServer] = IMPLEMENTATIONS

async function startBelfrysDoor(): Promise<RunningImplementation> {
  const principals: Record<string, Partial<Principal>> = { small: { account: 'SMALL' }, other: { account: 'SMALL' } }
  for (const [user, permissions] of Object.entries(USERS)) principals[user] = { permissions }
  const server = await startDoor({ authenticator: new ScriptedAuthenticator(principals) })
  server.broker.define([{ name: 'SMALL', exports: [], imports: [], mappings: [], limits: LIMITS }])
  return server
}

for (const { name, skip, start } of [
  { name: 'belfry', skip: false as const, start: startBelfrysDoor },
  { name: 'natsServer', skip: natsServer!.skip, start: () => natsServer!.start(CONFIG) },
]) {
  describe(name, { skip }, () => {
    let server: RunningImplementation
    before(async () => {
      server = await start()
    })
    after(() => server?.[Symbol.asyncDispose]())

    for (const carrier of CARRIERS) {
      describe(`over ${carrier}`, () => {
        for (const script of permissionScripts) {
          const say = `${connectAs(script.user).replace('\r\n', '␍␊')}${script.say}`
          test(script.name, () => runScript({ ...script, say }, server, carrier))
        }

        test('what is denied is kept back from who subscribed to more, and another of its queue group gets it', async () => {
          using reader = await connectAndLogIn(server, carrier, 'reader')
          using colleague = await connectAndLogIn(server, carrier, 'full')
          using sender = await connectAndLogIn(server, carrier, 'full')
          reader.say('SUB bar.> 1\r\nSUB bar.* group 2\r\n')
          colleague.say('SUB bar.* group 3\r\n')
          await Promise.all([reader.untilPong(), colleague.untilPong()])
          for (let i = 0; i < 10; i++) sender.say('PUB bar.secret 1\r\nx\r\n')
          sender.say('PUB bar.x.1 1\r\ny\r\nPUB bar.x.1.2 1\r\nz\r\n')
          await sender.untilPong()
          assert.equal(await colleague.untilPong(), `${'MSG bar.secret 3 1\r\nx\r\n'.repeat(10)}PONG\r\n`)
          assert.equal(await reader.untilPong(), 'MSG bar.x.1.2 1 1\r\nz\r\nPONG\r\n')
        })

        test('a request that reaches only who may not have it is answered with 503', async () => {
          using reader = await connectAndLogIn(server, carrier, 'reader')
          reader.say('SUB bar.> 1\r\n')
          await reader.untilPong()
          using sender = await connectAndLogIn(server, carrier, 'full')
          sender.say('SUB _INBOX.1 1\r\nPUB bar.secret _INBOX.1 0\r\n\r\n')
          assert.match(await sender.untilPong(), /^HMSG _INBOX\.1 1 .*\r\nNATS\/1\.0 503\r\n/)
          assert.equal(await reader.untilPong(), 'PONG\r\n')
        })

        test('who may have `foo.*` gets no more of `foo.>`, which nats-server lets it have', async () => {
          using reader = await connectAndLogIn(server, carrier, 'reader')
          using sender = await connectAndLogIn(server, carrier, 'full')
          reader.say('SUB foo.> 1\r\n')
          await reader.untilPong()
          sender.say('PUB foo.a 1\r\nx\r\nPUB foo.a.b 1\r\ny\r\n')
          await sender.untilPong()
          const rest = { belfry: '', natsServer: 'MSG foo.a.b 1 1\r\ny\r\n' }
          const expected = `MSG foo.a 1 1\r\nx\r\n${expectationOf(rest, server.name)}PONG\r\n`
          assert.equal(await reader.untilPong(), expected)
        })

        for (const [user, answers] of [
          ['once', 1],
          ['twice', 2],
        ] as const) {
          test(`who may answer ${user} may do it so often for each request, and not elsewhere`, async () => {
            using service = await connectAndLogIn(server, carrier, user)
            using asker = await connectAndLogIn(server, carrier, 'full')
            service.say('SUB svc 1\r\n')
            await service.untilPong()
            asker.say('SUB _INBOX.> 1\r\nPUB svc _INBOX.a 1\r\nx\r\nPUB svc _INBOX.b 1\r\nx\r\n')
            await asker.untilPong()
            await service.hearThrough('_INBOX.b 1\r\nx\r\n')
            for (const inbox of ['a', 'b', 'a', 'a', 'c']) service.say(`PUB _INBOX.${inbox} 0\r\n\r\n`)
            const refused = (inbox: string) => `-ERR 'Permissions Violation for Publish to "_INBOX.${inbox}"'\r\n`
            assert.equal(await service.untilPong(), `${refused('a').repeat(3 - answers)}${refused('c')}PONG\r\n`)
            const got = (inbox: string) => `MSG _INBOX.${inbox} 1 0\r\n\r\n`
            assert.equal(await asker.untilPong(), `${got('a')}${got('b')}${got('a').repeat(answers - 1)}PONG\r\n`)
          })
        }

        test('there is a time to answer in', async () => {
          using service = await connectAndLogIn(server, carrier, 'brief')
          using asker = await connectAndLogIn(server, carrier, 'full')
          service.say('SUB svc 1\r\n')
          await service.untilPong()
          asker.say('PUB svc _INBOX.a 1\r\nx\r\n')
          await service.hearThrough('x\r\n')
          service.say('PUB _INBOX.a 0\r\n\r\nPUB _INBOX.a 0\r\n\r\n')
          assert.equal(await service.untilPong(), 'PONG\r\n')
          const heard = performance.now()
          let words = ''
          while (words === '' && performance.now() < heard + 5_000) {
            service.say('PUB _INBOX.a 0\r\n\r\n')
            words = (await service.untilPong()).replace('PONG\r\n', '')
          }
          assert.equal(words, '-ERR \'Permissions Violation for Publish to "_INBOX.a"\'\r\n')
        })

        test('an account has room for so many connections', async () => {
          const clients = await Promise.all(
            ['small', 'other', 'small'].map((user) => connectAndLogIn(server, carrier, user)),
          )
          try {
            using fourth = await connectTo(server, carrier)
            fourth.say(connectAs('other'))
            const ending = await fourth.ended()
            assert.equal(
              await fourth.hear(Number.POSITIVE_INFINITY),
              "-ERR 'maximum account active connections exceeded'\r\n",
            )
            if (carrier === 'WebSocket') {
              assert.deepEqual(ending, { code: 1008, reason: 'Maximum Account Connections Exceeded' })
            }
          } finally {
            for (const client of clients) client.destroy()
          }
          using again = await firstIn(server, carrier, 'small')
          await again.untilPong()
        })
      })
    }
  })
}

async function connectAndLogIn(server: RunningImplementation, carrier: CarrierName, user: string): Promise<RawClient> {
  const client = await connectTo(server, carrier)
  client.say(connectAs(user))
  await client.untilPong()
  return client
}

/** Tries until there is room: those who left may not be gone yet. */
async function firstIn(server: RunningImplementation, carrier: CarrierName, user: string): Promise<RawClient> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await connectAndLogIn(server, carrier, user)
    } catch (error) {
      if (attempts === 100) throw error
    }
  }
}
