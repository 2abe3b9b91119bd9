/** Answers with a whole vault in them are in memory until they are read. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { FastifyReply } from 'fastify'
import { turnForAll } from '../../src/vault/whole-answers.ts'
import { until } from '../helpers/wait.ts'

/** An answer that has had its turn, or waits for it. */
function ask(userId: string) {
  const raw = Object.assign(new EventEmitter(), { closed: false })
  const asked = { raw, hasTurn: false, done: Promise.resolve() }
  asked.done = turnForAll(userId, { raw } as unknown as FastifyReply).then(() => {
    asked.hasTurn = true
  })
  asked.done.catch(() => {})
  return asked
}

test('of one user six are made or sent at a time, and whoever goes makes place for the next', async () => {
  const all = Array.from({ length: 60 }, () => ask('alice'))
  const withTurn = () => all.filter(({ hasTurn }) => hasTurn)
  await until(() => withTurn().length === 6, 'the first six')
  await assert.rejects(all[58]!.done, { code: 'TOO_MANY_REQUESTS' })
  assert.equal(all.indexOf(withTurn().at(-1)!), 5)
  await ask('bob').done

  // Sent, and closed after that; or closed alone. Each counts once.
  all[0]!.raw.emit('finish')
  all[0]!.raw.emit('close')
  all[1]!.raw.emit('close')
  await until(() => withTurn().length === 8, 'the next two')

  // Whoever is gone when its turn comes gives it to the next.
  all[8]!.raw.closed = true
  all[2]!.raw.emit('close')
  await until(() => withTurn().length === 10, 'the two after that')
  await until(() => {
    for (const { raw } of all) raw.emit('close')
    return withTurn().length === 56
  }, 'all that wait')
  for (const { raw } of all) raw.emit('close')
  await Promise.all(Array.from({ length: 6 }, () => ask('alice').done))
})
