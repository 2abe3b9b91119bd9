import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  errorOf,
  NewDeviceCodeRequired,
  Refused,
  type SendRefused,
  type TooManyRequests,
  TwoFactorRequired,
  Unreachable,
} from '../../../web/src/api/errors.ts'

const envelope = { message: 'Invalid password', validationErrors: { password: ['Invalid password'] }, object: 'error' }

test('a factor that is missing is told with what it needs', () => {
  const body = {
    error: 'invalid_grant',
    TwoFactorProviders: ['0', '1'],
    TwoFactorProviders2: { 0: null, 1: { Email: 'a' } },
  }
  const error = errorOf(400, body, null)
  assert.ok(error instanceof TwoFactorRequired)
  assert.deepEqual(
    [...error.providers],
    [
      [0, null],
      [1, { Email: 'a' }],
    ],
  )
})

const messages: readonly [name: string, body: unknown, message: string][] = [
  ['the envelope', envelope, 'Invalid password'],
  [
    'the first fault before what is said of all',
    { ...envelope, message: 'The model state is invalid.', validationErrors: { 'Ciphers[1].Notes': ['Too long'] } },
    'Too long',
  ],
  [
    'the token endpoint',
    { error: 'invalid_grant', error_description: 'x', ErrorModel: { Message: 'Username or password is incorrect' } },
    'Username or password is incorrect',
  ],
  [
    'a framework',
    { error: { code: 404, reason: 'Not Found', description: 'The requested resource could not be found.' } },
    'The requested resource could not be found.',
  ],
  ['OAuth alone', { error: 'invalid_grant' }, 'invalid_grant'],
  ['nobody we know', ['?'], 'The server answers 400'],
  ['nothing', undefined, 'The server answers 400'],
]
for (const [name, body, message] of messages) {
  test(`the text of ${name} is found`, () => {
    const error = errorOf(400, body, null)
    assert.ok(error instanceof Refused)
    assert.deepEqual([error.status, error.message], [400, message])
  })
}

test('fields are named with what is wrong with them', () => {
  assert.deepEqual((errorOf(400, envelope, null) as Refused).fields, { password: ['Invalid password'] })
})

test('a new device is told apart by the text that all clients compare', () => {
  const body = { error: 'device_error', ErrorModel: { Message: 'new device verification required' } }
  assert.ok(errorOf(400, body, null) instanceof NewDeviceCodeRequired)
})

test('a server that says why it cannot do it now is no network that fails', () => {
  assert.ok(errorOf(503, { message: 'The validation server cannot be asked' }, null) instanceof Refused)
  assert.ok(errorOf(503, undefined, null) instanceof Unreachable)
})

test('Sends are refused for three reasons', () => {
  const why = (type: string) =>
    (errorOf(400, { error: 'invalid_grant', send_access_error_type: type }, null) as SendRefused).why
  assert.deepEqual(['send_id_invalid', 'password_hash_b64_required', 'password_hash_b64_invalid'].map(why), [
    'gone',
    'password-required',
    'password-wrong',
  ])
})

test('a time to wait is read as seconds and as a date, and is a minute where none is said', () => {
  const waits = (retryAfter: string | null) => (errorOf(429, {}, retryAfter) as TooManyRequests).retryAfterMs
  assert.deepEqual([waits('5'), waits(null), waits('soon')], [5000, 60_000, 60_000])
  const untilDate = waits(new Date(Date.now() + 10_000).toUTCString())
  assert.ok(untilDate > 8000 && untilDate <= 10_000)
  assert.equal(waits(new Date(0).toUTCString()), 0)
})
