import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Session } from '#auth'
import type { Store } from '#store'
import { hubSessions } from '../../../src/services/vault/hub-sessions.ts'

/** A database that is asked for one session at a time by each token, and answers when the test says so. */
class SlowSessions {
  readonly asked: string[] = []
  readonly #answers = new Map<string, PromiseWithResolvers<Session | undefined>>()

  authenticate(token: string): Promise<Session | undefined> {
    this.asked.push(token)
    const answer = Promise.withResolvers<Session | undefined>()
    this.#answers.set(token, answer)
    return answer.promise
  }

  answer(token: string): PromiseWithResolvers<Session | undefined> {
    return this.#answers.get(token)!
  }
}

const STORE = { memberships: { confirmedOf: async () => [] } } as unknown as Store

test('of devices that all come back at once a few are looked into at a time, in the order in which they came', async () => {
  const sessions = new SlowSessions()
  const authenticate = hubSessions(sessions, STORE)
  const tokens = Array.from({ length: 40 }, (_, i) => `token ${i}`)
  const answers = tokens.map((token) => authenticate(token))
  await nextTurn()
  assert.deepEqual(sessions.asked, tokens.slice(0, 16))

  sessions.answer('token 3').resolve(undefined)
  assert.equal(await answers[3], undefined)
  await nextTurn()
  assert.deepEqual(sessions.asked, tokens.slice(0, 17))

  sessions.answer('token 16').reject(new Error('the database is gone'))
  await assert.rejects(answers[16]!, /^Error: the database is gone$/)
  await nextTurn()
  assert.deepEqual(sessions.asked, tokens.slice(0, 18))
})
