import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import { makeSshKey, readSshKey, SshKeyError, type SshKeyProblem } from '../../../web/src/crypto/ssh/ssh-key.ts'
import { SshReader, SshWireError, writeMpint } from '../../../web/src/crypto/ssh/wire.ts'
import * as keys from './ssh-keys.ts'

const bodyOf = (pem: string) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')

test('a new key is one that is read again, another one each time', async () => {
  const [key, other] = await Promise.all([makeSshKey(), makeSshKey()])
  assert.deepEqual(await readSshKey(key.privateKey), key)
  assert.notEqual(key.privateKey, other.privateKey)
  assert.match(key.publicKey, /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA[A-Za-z0-9+/]+$/)
  assert.match(key.keyFingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/)
  assert.ok(key.privateKey.endsWith('\n-----END OPENSSH PRIVATE KEY-----\n'))
  assert.ok(key.privateKey.split('\n').every((line) => line.length <= 70))
})

test('the halves of a new key belong together', async () => {
  const { privateKey, publicKey } = await makeSshKey()
  // The seed stands before the public key: 64 bytes, then an empty comment and the padding of the block.
  const file = bodyOf(privateKey)
  const pair = file.indexOf(Buffer.from([0, 0, 0, 64]))
  const seed = file.subarray(pair + 4, pair + 36)
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const secret = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const x = Buffer.from(publicKey.split(' ')[1]!, 'base64').subarray(-32).toString('base64url')
  const open = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  assert.ok(verify(null, Buffer.from('text'), open, sign(null, Buffer.from('text'), secret)))
  assert.equal((file.length - file.indexOf(Buffer.from([0, 0, 0, 136])) - 4) % 8, 0)
})

test('what ssh-keygen has made keeps its text, and says what ssh-keygen says of it', async () => {
  for (const [file, expected] of [
    [keys.ED25519, keys.ED25519_PUBLIC],
    [keys.RSA_OPENSSH, keys.RSA_PUBLIC],
  ] as const) {
    assert.deepEqual(await readSshKey(`\n  ${file.replaceAll('\n', '\r\n')}\r\n`), { privateKey: file, ...expected })
  }
})

test('RSA keys of other forms become those of OpenSSH', async () => {
  for (const form of [keys.RSA_PKCS8, keys.RSA_PKCS1]) {
    const { privateKey, ...open } = await readSshKey(form)
    assert.deepEqual(open, keys.RSA_PUBLIC)
    assert.deepEqual(await readSshKey(privateKey), { privateKey, ...open })
    // But for the check bytes, the comment and what pads it, the file is the one that ssh-keygen writes.
    const [ours, theirs] = [bodyOf(privateKey), bodyOf(keys.RSA_OPENSSH)]
    const from = theirs.lastIndexOf('ssh-rsa')
    const to = theirs.lastIndexOf('rsa comment') - 4
    assert.deepEqual(ours.subarray(from, to), theirs.subarray(from, to))
  }
})

test('Ed25519 in PKCS#8 is read', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const read = await readSshKey(privateKey.export({ format: 'pem', type: 'pkcs8' }) as string)
  const blob = Buffer.from(read.publicKey.split(' ')[1]!, 'base64')
  assert.equal(blob.subarray(-32).toString('base64url'), publicKey.export({ format: 'jwk' }).x)
})

/** The public key at the file's end of it is another one than that at its beginning. */
function ofTwoKeys(): string {
  const file = bodyOf(keys.ED25519)
  file[file.lastIndexOf('ssh-ed25519') + 20]! ^= 1
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${file.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----`
}

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const refused: [what: string, text: string, problem: SshKeyProblem][] = [
  ['nothing', '', 'unreadable'],
  ['a public key', `${keys.ED25519_PUBLIC.publicKey} me`, 'unreadable'],
  ['what is cut off', keys.ED25519.replace(/A{2}[^-]+/, ''), 'unreadable'],
  ['what is no base64', keys.ED25519.replace('b3Bl', '####'), 'unreadable'],
  ['two halves of two keys', ofTwoKeys(), 'unreadable'],
  ['an OpenSSH file with a passphrase', keys.ED25519_ENCRYPTED, 'encrypted'],
  ['PKCS#1 with a passphrase', keys.RSA_PKCS1_ENCRYPTED, 'encrypted'],
  [
    'PKCS#8 with a passphrase',
    '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----',
    'encrypted',
  ],
  ['ECDSA of OpenSSH', keys.ECDSA, 'unsupported'],
  ['ECDSA in PKCS#8', ec.export({ format: 'pem', type: 'pkcs8' }) as string, 'unsupported'],
  ['ECDSA in SEC1', ec.export({ format: 'pem', type: 'sec1' }) as string, 'unsupported'],
]
for (const [what, text, problem] of refused) {
  test(`${what} is ${problem}`, async () => {
    await assert.rejects(readSshKey(text), (error) => error instanceof SshKeyError && error.problem === problem)
  })
}

test('numbers are as short as they can be, and never negative', () => {
  const written = (...bytes: number[]) => [...writeMpint(Uint8Array.from(bytes))]
  assert.deepEqual(written(0, 0), [0, 0, 0, 0])
  assert.deepEqual(written(0, 0x7f), [0, 0, 0, 1, 0x7f])
  assert.deepEqual(written(0x80), [0, 0, 0, 2, 0, 0x80])
})

test('a length that is longer than the bytes are is refused', () => {
  assert.throws(() => new SshReader(Uint8Array.of(0, 0, 0, 2, 1)).string(), SshWireError)
  assert.throws(() => new SshReader(Uint8Array.of(0, 0)).uint32(), SshWireError)
})
