import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { ServiceTokens } from '#auth'
import { serviceGrant } from '#relay'
import { FakeClock } from '../helpers/fake-clock.ts'
import { lineOf, recordingLogger } from '../helpers/recording-logger.ts'
import { INSTALLATION, OTHER_INSTALLATION } from './relay-world.ts'

const serviceTokens = new ServiceTokens(
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'https://relay.example.com',
  new FakeClock(),
)
const CLIENTS = { installationKeys: new Map([[INSTALLATION, 'install-key']]), internalKey: 'inner-key' }

const logged: string[] = []
const logger = recordingLogger((line) => logged.push(lineOf(line)))

const PUSH = {
  grant_type: 'client_credentials',
  scope: 'api.push',
  client_id: `installation.${INSTALLATION}`,
  client_secret: 'install-key',
}
const INTERNAL = { ...PUSH, scope: 'internal', client_id: 'internal.Api', client_secret: 'inner-key' }

function ask(form: Record<string, string>, clients = CLIENTS) {
  return serviceGrant(clients, { serviceTokens, logger })(new Map(Object.entries(form)))
}

describe('a token is given', () => {
  test('to an installation with its key, whatever the case of its id', async () => {
    for (const id of [INSTALLATION, INSTALLATION.toUpperCase()]) {
      const answer = await ask({ ...PUSH, client_id: `installation.${id}` })
      const { access_token, ...rest } = answer?.body ?? {}
      assert.equal(answer?.status, 200)
      assert.deepEqual(rest, { expires_in: 86_400, token_type: 'Bearer', scope: 'api.push' })
      assert.deepEqual(await serviceTokens.verify(String(access_token)), { sub: INSTALLATION, scope: 'api.push' })
    }
  })

  test('to the services of an official server with the internal key', async () => {
    const answer = await ask(INTERNAL)
    assert.equal(answer?.body.scope, 'internal')
    const claims = await serviceTokens.verify(String(answer?.body.access_token))
    assert.deepEqual(claims, { sub: 'Api', scope: 'internal' })
  })
})

for (const [who, form, clients] of [
  ['an installation with a wrong key', { ...PUSH, client_secret: 'wrong-key' }, CLIENTS],
  ['an installation with no key', { ...PUSH, client_secret: '' }, CLIENTS],
  ['an installation with the internal key', { ...PUSH, client_secret: 'inner-key' }, CLIENTS],
  ['an unknown installation', { ...PUSH, client_id: `installation.${OTHER_INSTALLATION}` }, CLIENTS],
  ['an installation whose id is none', { ...PUSH, client_id: 'installation.x' }, CLIENTS],
  ['a service with a wrong key', { ...INTERNAL, client_secret: 'install-key' }, CLIENTS],
  ['a service whose name is none', { ...INTERNAL, client_id: 'internal.a b' }, CLIENTS],
  ['a service where none is awaited', { ...INTERNAL, client_secret: '' }, { ...CLIENTS, internalKey: undefined }],
] as const) {
  test(`${who} gets no token, and is not told why`, async () => {
    assert.deepEqual(await ask(form, clients as typeof CLIENTS), { status: 400, body: { error: 'invalid_client' } })
  })
}

for (const form of [
  { ...PUSH, scope: 'internal' },
  { ...PUSH, scope: 'api' },
  { ...PUSH, scope: '' },
  { ...INTERNAL, scope: 'api.push' },
]) {
  test(`${form.client_id} gets no token for the scope "${form.scope}"`, async () => {
    assert.deepEqual(await ask(form), { status: 400, body: { error: 'invalid_scope' } })
  })
}

test('clients of other kinds are those of others', async () => {
  for (const id of [`user.${INSTALLATION}`, 'organization.x', 'web', '', 'installation', 'INSTALLATION.x']) {
    assert.equal(await ask({ ...PUSH, client_id: id }), undefined, id)
  }
})

test('no key and no token is in the log', async () => {
  logged.length = 0
  const { body } = (await ask(PUSH))!
  await ask({ ...PUSH, client_secret: 'wrong-key' })
  assert.equal(logged.length, 2)
  assert.ok(!logged.join().includes(String(body.access_token)))
  assert.doesNotMatch(logged.join(), /-key/)
})
