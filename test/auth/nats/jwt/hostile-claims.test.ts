/** Account JWTs may have a million characters, and are in part what the owners of accounts want them to be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AccountClaims,
  allowedUntilMs,
  decodeJwt,
  isAddressIn,
  problemsOf,
  rightsFromTemplate,
} from '../../../../src/auth/nats/jwt/index.ts'
import { KeyPair } from '../../../../src/auth/nats/nkeys.ts'
import { Realm } from '../operator/realm.ts'

const realm = new Realm()
const account = KeyPair.create('account')
const other = KeyPair.create('account').publicKey

function accountWith(nats: Readonly<Record<string, unknown>>): AccountClaims {
  const decoded = decodeJwt(realm.accountJwt(account, nats), 'account')
  assert.ok(decoded.ok)
  return decoded.claims
}

const textsOf = (claims: AccountClaims) => problemsOf(claims, realm.clock.now()).map(({ text }) => text)

/** Far above what it takes, far below what it would take to compare each with each. */
function assertQuick(work: () => void): void {
  const startMs = performance.now()
  work()
  assert.ok(performance.now() - startMs < 1_000)
}

const many = <T>(make: (i: number) => T): T[] => Array.from({ length: 6_000 }, (_, i) => make(i))
const importOf = (subject: string, local = '') => ({ type: 'service', account: other, subject, local_subject: local })

test('thousands of exports and imports are checked without comparing each with each', () => {
  const exports = accountWith({ exports: many((i) => ({ type: 'service', subject: `s.${i}.*` })) })
  const imports = accountWith({ imports: many((i) => importOf(`s.${i}`)) })
  const same = accountWith({ imports: many(() => importOf('s')) })
  assertQuick(() => {
    assert.deepEqual(textsOf(exports), [])
    assert.deepEqual(textsOf(imports), [])
    assert.equal(textsOf(same).length, 50)
  })
})

test('exports that contain others are told of', () => {
  const subjects = ['a.*', 'a.b', 'a.c', 'x', 'x', 'b.>', '>']
  const exports = subjects.map((subject) => ({ type: 'service', subject }))
  assert.deepEqual(textsOf(accountWith({ exports })).toSorted(), [
    'service export subject ">" already exports "a.*"',
    'service export subject "a.*" already exports "a.b"',
    'service export subject "x" already exports "x"',
  ])
  const kinds = ['service', 'stream'].map((type) => ({ type, subject: 'a.*' }))
  assert.deepEqual(textsOf(accountWith({ exports: kinds })), [])
})

test('services of one exporter that are imported under overlapping subjects are told of, the later before the earlier', () => {
  const imports = [importOf('a', 'l.b'), importOf('b.*', 'l.*'), importOf('c', 'm'), importOf('d', 'm')]
  const text = (later: string, earlier: string) =>
    `overlapping subject namespace for "${later}" and "${earlier}" in same account "${other}"`
  assert.deepEqual(textsOf(accountWith({ imports })), [text('l.*', 'l.b'), text('m', 'm')])
  const elsewhere = { ...importOf('a', 'l.b'), account: KeyPair.create('account').publicKey }
  assert.deepEqual(textsOf(accountWith({ imports: [importOf('a', 'l.b'), elsewhere] })), [])
})

const USER = { name: 'bob', subject: 'UABC', issuerAccount: 'AABC', tags: many((i) => `t:${i}`).slice(0, 60) }

function expand(allow: readonly string[]): readonly string[] {
  const template = decodeJwt(realm.userJwt(KeyPair.create('user'), account, { pub: { allow } }), 'user')
  assert.ok(template.ok)
  return rightsFromTemplate(template.claims.rights, USER, { name: 'A', tags: [] }).permissions.publish.allow
}

test('the placeholders of a template are found in a subject of a hundred thousand braces', () => {
  const braces = '{'.repeat(100_000)
  assertQuick(() => assert.deepEqual(expand([`${braces}} }`]), [`${braces}} }`]))
  assert.deepEqual(expand(['{{a} {{name()}}.{{}}']), [])
  assert.deepEqual(expand(['{{a}{{name()}}']), ['{{a}bob'])
})

test('a template does not become hundreds of megabytes', () => {
  assert.equal(expand(['{{tag(t)}}.{{Tag(t)}}']).length, 3_600)
  assertQuick(() => {
    const limit = /template expansion exceeds limit/
    assert.throws(() => expand([`{{tag(t)}}.{{Tag(t)}}.${'x'.repeat(100_000)}`]), limit)
    assert.throws(() => expand(Array(60).fill(`{{tag(t)}}.${'x'.repeat(10_000)}`)), limit)
  })
})

test('who has thousands of time ranges or networks does not come in', () => {
  const range = { start: '00:00:00', end: '23:59:59' }
  const noon = Date.UTC(2026, 10, 21, 12)
  assert.notEqual(allowedUntilMs(Array(100).fill(range), 'UTC', noon), undefined)
  assert.equal(allowedUntilMs(Array(101).fill(range), 'UTC', noon), undefined)
  assert.equal(isAddressIn(Array(1_000).fill('192.0.2.0/24'), '192.0.2.1'), true)
  assert.equal(isAddressIn(Array(1_001).fill('192.0.2.0/24'), '192.0.2.1'), false)
})
