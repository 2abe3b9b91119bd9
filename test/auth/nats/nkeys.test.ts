import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createAccount,
  createCluster,
  createCurve,
  createOperator,
  createServer,
  createUser,
  fromCurveSeed,
  fromPublic,
  fromSeed,
} from '@nats-io/nkeys'
import {
  isPublicKey,
  KeyPair,
  kindOf,
  type NkeyKind,
  publicKeyOf,
  verifySignature,
} from '../../../src/auth/nats/nkeys.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (data: Uint8Array) => new TextDecoder().decode(data)

const KINDS: readonly [NkeyKind, letter: string, create: () => ReturnType<typeof createUser>][] = [
  ['operator', 'O', createOperator],
  ['server', 'N', createServer],
  ['cluster', 'C', createCluster],
  ['account', 'A', createAccount],
  ['user', 'U', createUser],
  ['curve', 'X', createCurve],
]

for (const [kind, letter, create] of KINDS) {
  test(`a key of the ${kind} kind is the same key to the nkeys library`, () => {
    const ours = KeyPair.create(kind)
    const theirs = kind === 'curve' ? fromCurveSeed(bytes(ours.seed)) : fromSeed(bytes(ours.seed))
    assert.equal(theirs.getPublicKey(), ours.publicKey)
    assert.match(ours.publicKey, new RegExp(`^${letter}[A-Z2-7]{55}$`))
    assert.match(ours.seed, new RegExp(`^S${letter}[A-Z2-7]{56}$`))
    assert.equal(kindOf(ours.publicKey), kind)
    assert.deepEqual(
      KINDS.map(([other]) => isPublicKey(ours.publicKey, other)),
      KINDS.map(([other]) => other === kind),
    )
  })

  test(`a seed of the ${kind} kind that the nkeys library made is read`, () => {
    const theirs = create()
    const ours = KeyPair.fromSeed(text(theirs.getSeed()))
    assert.equal(ours?.publicKey, theirs.getPublicKey())
    assert.equal(ours?.seed, text(theirs.getSeed()))
    assert.equal(ours?.kind, kind)
  })
}

test('signatures are those of the nkeys library, both ways', () => {
  const theirs = createUser()
  const signature = theirs.sign(bytes('K6Y8Uus4K9Ps2Rg'))
  for (const encoding of ['base64url', 'base64'] as const) {
    const encoded = Buffer.from(signature).toString(encoding)
    assert.equal(verifySignature(theirs.getPublicKey(), 'K6Y8Uus4K9Ps2Rg', encoded), true, encoding)
    assert.equal(verifySignature(theirs.getPublicKey(), 'another nonce', encoded), false)
    assert.equal(verifySignature(createUser().getPublicKey(), 'K6Y8Uus4K9Ps2Rg', encoded), false)
  }
  const ours = KeyPair.create('user')
  assert.equal(fromPublic(ours.publicKey).verify(bytes('a nonce'), ours.sign('a nonce')), true)
})

const user = KeyPair.create('user')
const signed = (nonce: string) => user.sign(nonce).toString('base64url')
/** Of which the signature is not the same in base64. */
const nonce = Array.from({ length: 1000 }, (_, i) => `nonce ${i}`).find((one) => /[-_]/.test(signed(one)))!
const good = signed(nonce)

for (const [what, signature] of [
  ['nothing', ''],
  ['a signature cut off', good.slice(0, -1)],
  ['a signature and more', `${good}A`],
  ['base64url with padding', `${good}==`],
  ['something that is not base64', `${good.slice(0, -1)}!`],
  ['a megabyte', 'A'.repeat(1 << 20)],
] as const) {
  test(`${what} is no signature`, () => assert.equal(verifySignature(user.publicKey, nonce, signature), false))
}

test('a wrong letter anywhere in a key is found', () => {
  for (let at = 0; at < user.publicKey.length; at++) {
    const letter = user.publicKey[at] === 'A' ? 'B' : 'A'
    const wrong = user.publicKey.slice(0, at) + letter + user.publicKey.slice(at + 1)
    assert.equal(isPublicKey(wrong, 'user'), false, `position ${at}`)
    assert.equal(verifySignature(wrong, nonce, good), false)
  }
  for (const wrong of ['', 'U', user.publicKey.toLowerCase(), ` ${user.publicKey}`, user.seed, '🔑'.repeat(28)]) {
    assert.equal(kindOf(wrong), undefined)
  }
})

test('what is no seed makes no key', () => {
  for (const wrong of ['', user.publicKey, user.seed.slice(1), `${user.seed}A`, user.seed.replace('S', 'P')]) {
    assert.equal(KeyPair.fromSeed(wrong), undefined)
  }
})

test('the bytes of a key are its 32 last before the checksum', () => {
  assert.equal(publicKeyOf(user.publicKey, 'user')?.length, 32)
  assert.equal(publicKeyOf(user.publicKey, 'account'), undefined)
})

test('a curve key signs nothing', () => {
  const curve = KeyPair.create('curve')
  assert.throws(() => curve.sign('a nonce'))
  assert.equal(verifySignature(curve.publicKey, 'a nonce', good), false)
})
