import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { KeyPair, verifySignature } from '#auth'
import { loginFields, readLogin } from '../../../../../src/doors/nats/leaf/solicited/credentials.ts'
import { LeafFailure } from '../../../../../src/doors/nats/leaf/solicited/leaf-failure.ts'
import { temporaryFolder } from '../../../../helpers/temp.ts'
import { urlOf } from './solicitor.ts'

const JWT = 'eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiJVQSJ9.c2ln'
const keys = KeyPair.create('user')
const url = urlOf('nats://a:1')

function credentialsText(jwt = JWT, seed = keys.seed, newline = '\n'): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    '************************* IMPORTANT *************************',
    'NKEY Seed printed below can be used to sign and prove identity.',
    '',
    '-----BEGIN USER NKEY SEED-----',
    seed,
    '------END USER NKEY SEED------',
    '',
  ].join(newline)
}

const NONE = { urls: [url], credentialsFile: undefined, nkeySeed: undefined }

test('a credentials file has the JWT, and the seed that signs the nonce', async () => {
  await using folder = await temporaryFolder()
  const credentialsFile = folder.join('user.creds')
  for (const newline of ['\n', '\r\n']) {
    await writeFile(credentialsFile, credentialsText(JWT, keys.seed, newline))
    const fields = loginFields(await readLogin({ ...NONE, credentialsFile }, url), 'n0nce')
    assert.equal(fields.jwt, JWT)
    assert.equal(fields.nkey, undefined)
    assert.ok(verifySignature(keys.publicKey, 'n0nce', fields.sig!))
  }
})

test('it is read anew each time', async () => {
  await using folder = await temporaryFolder()
  const credentialsFile = folder.join('user.creds')
  await writeFile(credentialsFile, credentialsText())
  assert.equal((await readLogin({ ...NONE, credentialsFile }, url)).jwt, JWT)
  await writeFile(credentialsFile, credentialsText('aa.bb.cc'))
  assert.equal((await readLogin({ ...NONE, credentialsFile }, url)).jwt, 'aa.bb.cc')
})

test('a seed by itself names its key', async () => {
  const fields = loginFields(await readLogin({ ...NONE, nkeySeed: keys.seed }, url), 'n0nce')
  assert.equal(fields.nkey, keys.publicKey)
  assert.equal(fields.jwt, undefined)
  assert.ok(verifySignature(keys.publicKey, 'n0nce', fields.sig!))
})

test('user and password of a configured URL go for servers without any', async () => {
  const urls = [url, urlOf('nats://bob:hush@b:1'), urlOf('nats://alice:secret@c:1')]
  const fieldsFor = async (one: typeof url) => loginFields(await readLogin({ ...NONE, urls }, one), '')
  const bobs = { user: 'bob', pass: 'hush', auth_token: undefined, jwt: undefined, nkey: undefined, sig: undefined }
  assert.deepEqual(await fieldsFor(url), bobs)
  assert.deepEqual(await fieldsFor(urlOf('nats://discovered:1')), bobs)
  assert.equal((await fieldsFor(urls[2]!)).user, 'alice')
})

const BAD: readonly [name: string, text: string, message: RegExp][] = [
  ['empty', '', /Credentials file malformed/],
  ['without a seed', credentialsText().split('\n').slice(0, 5).join('\n'), /Credentials file malformed/],
  ['with a seed that is none', credentialsText(JWT, 'SUAXXX'), /malformed seed/],
  ['with the seed of an account', credentialsText(JWT, KeyPair.create('account').seed), /malformed seed/],
  ['far too long', ' '.repeat(2 * 1024 * 1024), /too long/],
]
for (const [name, text, message] of BAD) {
  test(`a file ${name} is refused, and nothing of it is said`, async () => {
    await using folder = await temporaryFolder()
    const credentialsFile = folder.join('user.creds')
    await writeFile(credentialsFile, text)
    await assert.rejects(readLogin({ ...NONE, credentialsFile }, url), (error) => {
      assert.ok(error instanceof LeafFailure)
      assert.equal(error.code, 'CREDENTIALS')
      assert.match(error.message, message)
      assert.match(error.message, /user\.creds/)
      assert.doesNotMatch(error.message, /SUA|SAA|eyJ/)
      return true
    })
  })
}

test('a file that is missing, or is none, is named', async () => {
  await using folder = await temporaryFolder()
  for (const credentialsFile of [folder.join('missing.creds'), folder.path]) {
    await assert.rejects(readLogin({ ...NONE, credentialsFile }, url), {
      code: 'CREDENTIALS',
      message: /ENOENT|no file/,
    })
  }
})
