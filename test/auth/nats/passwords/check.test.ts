import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { authenticatorFor, bcryptPassword, checkPassword, PasswordChecker, secretProblem } from '#auth'
import { FakeClock } from '../../../helpers/fake-clock.ts'
import { runProgram } from '../../../helpers/processes.ts'
import { loginRequest } from '../login-request.ts'

/** Of "secret", by the Go libraries that nats-server uses. */
const BCRYPT = '$04$vvG1TtWyzY0CHIE8WYJ1ru5a9FgGw2ZeFJRp1tqPPoLNthxAgkfwW'
const ARGON2ID = '$argon2id$v=19$m=64,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$vGWrn6I/PGlluEBRcxBfMjJk/9ti0CC0ig+MNGAsI8Q'
const ARGON2I = '$argon2i$v=19$m=64,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$siDC/JBaCM0SIxT8fQ8pHP07Qna5OQK599s20xzWh/A'

describe('a configured secret is', () => {
  for (const [what, secret, given, isRight] of [
    ['the text itself', 'secret', 'secret', true],
    ['nothing else', 'secret', 'Secret', false],
    ['empty', '', '', true],
    ['a text that looks like a hash from afar', '$2a', '$2a', true],
    ['a bcrypt hash ($2a$)', `$2a${BCRYPT}`, 'secret', true],
    ['a bcrypt hash ($2b$)', `$2b${BCRYPT}`, 'secret', true],
    ['a bcrypt hash ($2x$)', `$2x${BCRYPT}`, 'secret', true],
    ['a bcrypt hash ($2y$)', `$2y${BCRYPT}`, 'secret', true],
    ['not that of another password', `$2b${BCRYPT}`, 'secreu', false],
    ['not the hash as a text', `$2a${BCRYPT}`, `$2a${BCRYPT}`, false],
    ['a bcrypt hash whose salt has spare bits', `$2a${BCRYPT.replace('ru5a', 'rv5a')}`, 'secret', true],
    [
      'a bcrypt hash of more than ASCII',
      '$2a$04$2CjKBKoaoN.5V4uKdZEc/eSlpm3QY7Bha48idBOziq1Q0MM0GNO92',
      'pässwörd €',
      true,
    ],
    ['an argon2id hash', ARGON2ID, 'secret', true],
    ['not that of another password', ARGON2ID, 'secreu', false],
    ['an argon2i hash', ARGON2I, 'secret', true],
  ] as const) {
    test(`${what}: ${secret}`, async () => assert.equal(await checkPassword(secret, given), isRight))
  }

  for (const [what, secret] of [
    ['an incomplete bcrypt hash', '$2a$11$abc'],
    ['a bcrypt hash of a cost that there is not', `$2b$03${BCRYPT.slice(3)}`],
    ['an incomplete argon2 hash', '$argon2id$v=19$m=64'],
    ['an argon2 hash of another version', ARGON2ID.replace('v=19', 'v=16')],
    ['an argon2 hash with too little memory', ARGON2ID.replace('m=64', 'm=15')],
  ] as const) {
    test(`nobody's: ${what}`, async () => {
      assert.equal(await checkPassword(secret, secret), false)
      assert.equal(await checkPassword(secret, 'secret'), false)
      const problem = secretProblem(secret)
      assert.ok(problem)
      const login = await authenticatorFor({ main: { token: secret } }).login(loginRequest({ token: 'secret' }))
      assert.deepEqual(login, { ok: false, reason: `the configured hash cannot be checked: ${problem}` })
    })
  }
})

/** A thread that answers when it is told to: that every password but "right" is wrong. */
function startChecker() {
  const asked: { readonly given: string; readonly answer: () => Promise<void> }[] = []
  const clock = new FakeClock()
  const thread = {
    verify(_hashed: string, given: string) {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const answer = async () => {
        resolve(given === 'right')
        await new Promise(setImmediate)
      }
      asked.push({ given, answer })
      return promise
    },
  }
  const checker = new PasswordChecker({ clock, thread })
  const hash = `$2b${BCRYPT}`
  const ask = (given: string, address = '192.0.2.1', name = 'ann', withinMs = 2_000) => {
    return Promise.resolve(checker.check(hash, given, { address, name, withinMs }))
  }
  const order = () => asked.map(({ given }) => given)
  const answerAll = async () => {
    for (let i = 0; i < asked.length; i++) await asked[i]!.answer()
  }
  return { checker, hash, clock, asked, ask, order, answerAll }
}

test('one hash is checked at a time; addresses take turns, and names behind each', async () => {
  const { ask, asked, order, answerAll } = startChecker()
  for (const given of ['a1', 'a2', 'a3']) void ask(given)
  void ask('b1', '192.0.2.2')
  void ask('a of bob', '192.0.2.1', 'bob')
  void ask('b2', '192.0.2.2')
  assert.deepEqual(order(), ['a1'])
  assert.equal(asked.length, 1)
  await answerAll()
  assert.deepEqual(order(), ['a1', 'a2', 'b1', 'a of bob', 'b2', 'a3'])
})

test('a flood from one address costs others one hash, and is bounded itself', async () => {
  const { ask, asked, order, answerAll } = startChecker()
  const flood = Array.from({ length: 1_000 }, (_, i) => ask(`wrong ${i}`, '192.0.2.66', `user ${i}`))
  const other = ask('right', '192.0.2.1')
  await asked[0]!.answer()
  await asked[1]!.answer()
  await asked[2]!.answer()
  assert.equal(await other, 'right')
  assert.ok(order().slice(0, 3).includes('right'))
  await answerAll()
  const verdicts = await Promise.all(flood)
  assert.equal(verdicts.filter((verdict) => verdict === 'busy').length, 1_000 - 257)
  assert.equal(asked.length, 258)
})

test('the addresses of an IPv6 network have one turn together', async () => {
  const { ask, order, answerAll } = startChecker()
  for (let i = 0; i < 5; i++) void ask(`flood ${i}`, `2001:db8::${i}`)
  void ask('other', '2001:db8:1::1')
  await answerAll()
  assert.deepEqual(order().slice(0, 3), ['flood 0', 'flood 1', 'other'])
})

test('whoever has gone by now is not hashed for any more', async () => {
  const { ask, asked, clock, order } = startChecker()
  void ask('first')
  const late = ask('late', '192.0.2.2', 'ann', 2_000)
  const patient = ask('right', '192.0.2.3', 'ann', 10_000)
  clock.advance(2_001)
  await asked[0]!.answer()
  assert.equal(await late, 'busy')
  await asked[1]!.answer()
  assert.equal(await patient, 'right')
  assert.deepEqual(order(), ['first', 'right'])
})

test('a password that was right is right at once from then on, from everywhere; a wrong one is hashed again', async () => {
  const { checker, hash, ask, asked, order, answerAll } = startChecker()
  const waiting = [ask('right'), ask('right', '192.0.2.2'), ask('wrong')]
  await answerAll()
  assert.deepEqual(await Promise.all(waiting), ['right', 'right', 'wrong'])
  assert.deepEqual(order(), ['right', 'wrong'])
  assert.equal(checker.check(hash, 'right', { address: '192.0.2.9', name: 'ann', withinMs: 1 }), 'right')
  void ask('wrong')
  assert.equal(asked.length, 3)
  // Another hash of it is another secret.
  assert.notEqual(checker.check(`$2a${BCRYPT}`, 'right'), 'right')
})

test('one address that asks the same again and again is hashed for once', async () => {
  const { ask, order, answerAll } = startChecker()
  const flood = Array.from({ length: 1_000 }, () => ask('wrong'))
  await answerAll()
  assert.deepEqual(new Set(await Promise.all(flood)), new Set(['wrong']))
  assert.deepEqual(order(), ['wrong'])
})

test('who pretends is wrong with the right password too, as slowly as with any, and after it was right', async () => {
  const { checker, hash, ask, asked, answerAll } = startChecker()
  const known = ask('right')
  await answerAll()
  assert.equal(await known, 'right')
  const verdict = checker.check(hash, 'right', { address: '192.0.2.1', name: 'eve', withinMs: 1_000, pretends: true })
  assert.equal(asked.length, 2)
  await answerAll()
  assert.equal(await verdict, 'wrong')
})

test('however many are asked about anew, none is turned away, nor late', async () => {
  const { checker, hash, clock, answerAll } = startChecker()
  const verdicts = Array.from({ length: 6_000 }, (_, i) => checker.check(hash, `wrong ${i}`))
  const right = checker.check(hash, 'right')
  clock.advance(3_600_000)
  await answerAll()
  assert.deepEqual(new Set(await Promise.all(verdicts)), new Set(['wrong']))
  assert.equal(await right, 'right')
})

test('a hash that the thread dies of is nobody’s, and costs others nothing', async () => {
  let isFirst = true
  const verify = async () => {
    if (!isFirst) return true
    isFirst = false
    throw new Error('out of memory')
  }
  const checker = new PasswordChecker({ thread: { verify } })
  assert.deepEqual(await Promise.all([checker.check(ARGON2ID, 'secret'), checker.check(ARGON2I, 'secret')]), [
    { problem: 'out of memory' },
    'right',
  ])
  // With the thread itself: 4 TiB.
  assert.equal(await checkPassword(ARGON2ID.replace('m=64', 'm=4294967295'), 'secret'), false)
  assert.equal(await checkPassword(ARGON2ID, 'secret'), true)
})

test('an unknown user is refused as late as a known one', async () => {
  const { checker, hash, asked, answerAll } = startChecker()
  const users = [{ user: 'ann', password: hash, account: '$G' }]
  const tools = { passwords: checker }
  for (const main of [{ users }, { user: 'ann', password: hash }]) {
    const { login, recheck } = authenticatorFor({ main }, tools)
    const before = asked.length
    const eve = loginRequest({ user: 'eve', password: 'right' })
    const result = login(eve)
    assert.equal(asked.length, before + 1)
    await answerAll()
    assert.deepEqual(await result, { ok: false, reason: 'unknown user' })
    // Who has been let in before learns nothing by the time.
    assert.deepEqual(recheck(eve, { name: 'eve', account: '$G' }), { ok: false, reason: 'unknown user' })
  }
})

test('hashing keeps a process alive until it is done, and not any longer', async () => {
  const auth = pathToFileURL(`${import.meta.dirname}/../../../../src/auth/index.ts`).href
  const hash = await bcryptPassword('secret', 8)
  const script = `import { checkPassword } from ${JSON.stringify(auth)}
    console.log(await checkPassword(${JSON.stringify(hash)}, 'secret'))`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script]
  const { code, stdout, stderr } = await runProgram({ command: process.execPath, args })
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'true\n', stderr: '' })
})
