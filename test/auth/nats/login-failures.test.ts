import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authenticatorFor, LoginFailures, type LoginResult } from '#auth'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { loginRequest } from './login-request.ts'

const REFUSED: LoginResult = { ok: false, reason: 'wrong password' }
const ACCEPTED: LoginResult = { ok: true, principal: { name: 'ann', account: '$G' } }
const ENOUGH_MS = 5_000

function startFailures() {
  const clock = new FakeClock()
  const failures = new LoginFailures({ clock })
  /** How long the answer to one more failure takes. */
  const failMs = async (address: string, withinMs = ENOUGH_MS) => {
    const startMs = clock.now()
    const answer = failures.answer(address, REFUSED, withinMs)
    if (!(answer instanceof Promise)) return 0
    let isAnswered = false
    const answered = answer.then(() => {
      isAnswered = true
    })
    for (; !isAnswered; await new Promise(setImmediate)) if (clock.pending > 0) clock.advance(1)
    await answered
    return clock.now() - startMs
  }
  return { clock, failures, failMs }
}

async function failOften(failMs: (address: string) => Promise<number>, address: string): Promise<number[]> {
  const delays: number[] = []
  for (let i = 0; i < 14; i++) delays.push(await failMs(address))
  return delays
}

test('who fails again and again learns it ever later, up to a second', async () => {
  const { failMs } = startFailures()
  const delays = await failOften(failMs, '192.0.2.1')
  assert.deepEqual(delays.slice(0, 5), [0, 0, 0, 0, 0])
  assert.deepEqual(delays.slice(5, 11), [50, 100, 200, 400, 800, 1_000])
  assert.deepEqual(delays.slice(11), [1_000, 1_000, 1_000])
})

test('others are not slowed down, nor is a good login from the same address', async () => {
  const { failures, failMs } = startFailures()
  await failOften(failMs, '192.0.2.1')
  assert.equal(await failMs('192.0.2.2'), 0)
  assert.equal(failures.answer('192.0.2.1', ACCEPTED, ENOUGH_MS), ACCEPTED)
})

test('an IPv6 network counts as one, and an IPv4 address in IPv6 as itself', async () => {
  const { failMs } = startFailures()
  await failOften(failMs, '2001:db8:0:1::1')
  assert.equal(await failMs('2001:db8:0:1:ffff::2'), 1_000)
  assert.equal(await failMs('2001:db8:0:2::1'), 0)
  await failOften(failMs, '192.0.2.7')
  assert.equal(await failMs('::ffff:192.0.2.7'), 1_000)
})

test('failures are forgotten after a while', async () => {
  const { clock, failMs } = startFailures()
  await failOften(failMs, '192.0.2.1')
  clock.advance(60_000)
  assert.ok((await failMs('192.0.2.1')) <= 50)
  clock.advance(120_000)
  assert.deepEqual(await failOften(failMs, '192.0.2.1'), await failOften(startFailures().failMs, '192.0.2.1'))
})

test('an answer is never held back for longer than the client waits, what it took to find out included', async () => {
  const { clock, failures, failMs } = startFailures()
  await failOften(failMs, '192.0.2.1')
  assert.equal(await failMs('192.0.2.1', 300), 300)
  const found = Promise.withResolvers<LoginResult>()
  const startMs = clock.now()
  const answer = Promise.resolve(failures.answer('192.0.2.1', found.promise, 300))
  clock.advance(250)
  found.resolve(REFUSED)
  await found.promise
  await new Promise(setImmediate)
  assert.equal(failures.held, 1)
  clock.advance(50)
  assert.equal(await answer, REFUSED)
  assert.equal(clock.now() - startMs, 300)
  assert.equal(failures.held, 0)
})

test('an authenticator slows down logins, and not those whom it asks about anew', async () => {
  const { clock, failures, failMs } = startFailures()
  await failOften(failMs, '192.0.2.1')
  const authenticator = authenticatorFor({ main: { user: 'ann', password: 'secret' } }, { failures })
  const wrong = loginRequest({ user: 'ann', password: 'wrong' })
  const principal = { name: 'ann', account: '$G' }
  assert.deepEqual(authenticator.recheck(wrong, principal), REFUSED)
  assert.equal((await authenticator.login({ ...wrong, password: 'secret' })).ok, true)
  const answer = authenticator.login(wrong)
  assert.ok(answer instanceof Promise)
  clock.advance(1_000)
  assert.deepEqual(await answer, REFUSED)
})
