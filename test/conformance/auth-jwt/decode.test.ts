/** JWTs that the library of nats-io made, read by ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Algorithms,
  encode,
  encodeAccount,
  encodeActivation,
  encodeAuthorizationResponse,
  encodeOperator,
  encodeUser,
  newScopedSigner,
} from '@nats-io/jwt'
import { createAccount, createOperator, createServer, createUser } from '@nats-io/nkeys'
import { type ClaimsType, decodeJwt } from '../../../src/auth/nats/jwt/index.ts'

const operator = createOperator()
const account = createAccount()
const signer = createAccount()
const user = createUser()
const server = createServer()

function decoded<Type extends ClaimsType>(token: string, type: Type) {
  const result = decodeJwt(token, type)
  assert.ok(result.ok, result.ok ? '' : result.reason)
  return result.claims
}

test('an operator with signing keys is read', async () => {
  const token = await encodeOperator('O', operator, {
    signing_keys: [createOperator().getPublicKey()],
    system_account: account.getPublicKey(),
  })
  const claims = decoded(token, 'operator')
  assert.equal(claims.subject, operator.getPublicKey())
  assert.equal(claims.issuer, operator.getPublicKey())
  assert.equal(claims.name, 'O')
  assert.equal(claims.signingKeys.length, 1)
  assert.equal(claims.systemAccount, account.getPublicKey())
  assert.equal(claims.usesSigningKeysOnly, false)
})

test('an account is read with its limits, signing keys, exports, imports and revocations', async () => {
  const scope = newScopedSigner(signer, 'sensor', { pub: { allow: ['sensor.{{name()}}'] }, bearer_token: true })
  const token = await encodeAccount(
    'A',
    account,
    {
      signing_keys: [createAccount().getPublicKey(), scope],
      exports: [{ name: 'all', subject: 'all.>', type: 'stream', token_req: true, revocations: { '*': 7 } }],
      imports: [
        { name: 'i', subject: 'ask', account: signer.getPublicKey(), type: 'service', local_subject: 'my.ask' },
      ],
      revocations: { [user.getPublicKey()]: 1234 },
      limits: { conn: 5, disallow_bearer: true },
      default_permissions: { sub: { allow: ['_INBOX.>'] }, resp: { max: 3, ttl: 5_000_000_000 } },
    },
    { signer: operator },
  )
  const claims = decoded(token, 'account')
  assert.equal(claims.issuer, operator.getPublicKey())
  assert.deepEqual([...claims.revocations], [[user.getPublicKey(), 1234]])
  assert.equal(claims.limits.connections, 5)
  assert.equal(claims.limits.subscriptions, 0, 'what the limits leave out is nothing, not everything')
  assert.equal(claims.limits.disallowsBearer, true)
  assert.deepEqual(
    [...claims.signingKeys.values()].map((value) => value?.role),
    [undefined, 'sensor'],
  )
  assert.deepEqual(claims.signingKeys.get(signer.getPublicKey())?.template.permissions.publish.allow, [
    'sensor.{{name()}}',
  ])
  assert.equal(claims.exports[0]?.requiresToken, true)
  assert.deepEqual([...(claims.exports[0]?.revocations ?? [])], [['*', 7]])
  assert.equal(claims.imports[0]?.localSubject, 'my.ask')
  assert.deepEqual(claims.defaultPermissions.responses, { maxMessages: 3, ttlNs: 5_000_000_000 })
})

test('a user is read with its permissions and limits', async () => {
  const token = await encodeUser('U', user, account, {
    pub: { allow: ['foo'], deny: ['bar'] },
    sub: { allow: ['foo queue'] },
    src: ['127.0.0.0/8'],
    times: [{ start: '08:00:00', end: '17:00:00' }],
    allowed_connection_types: ['WEBSOCKET'],
    bearer_token: true,
    subs: 4,
    tags: ['team:red'],
  })
  const claims = decoded(token, 'user')
  assert.equal(claims.subject, user.getPublicKey())
  assert.deepEqual(claims.rights.permissions.publish, { allow: ['foo'], deny: ['bar'] })
  assert.deepEqual(claims.rights.permissions.subscribe.allow, ['foo queue'])
  assert.deepEqual(claims.rights.networks, ['127.0.0.0/8'])
  assert.deepEqual(claims.rights.times, [{ start: '08:00:00', end: '17:00:00' }])
  assert.deepEqual(claims.rights.connectionTypes, ['WEBSOCKET'])
  assert.equal(claims.rights.isBearer, true)
  assert.equal(claims.rights.subscriptions, 4)
  assert.equal(claims.rights.payload, -1)
  assert.deepEqual(claims.tags, ['team:red'])
})

test('an activation token and the answer of an auth callout are read', async () => {
  const activation = decoded(
    await encodeActivation('act', account, signer, 'stream', { subject: 'all.>' }),
    'activation',
  )
  assert.equal(activation.importSubject, 'all.>')
  assert.equal(activation.importKind, 'stream')
  assert.equal(activation.issuer, signer.getPublicKey())
  const token = await encodeAuthorizationResponse(user, server, account, { error: 'no' }, {})
  const answer = decoded(token, 'authorization_response')
  assert.equal(answer.error, 'no')
  assert.equal(answer.audience, server.getPublicKey())
})

test('a user in the first form of JWTs is read, without limits where it names none', async () => {
  const claims = {
    aud: '',
    jti: '',
    iat: 1,
    iss: '',
    name: 'old',
    sub: user.getPublicKey(),
    type: 'user',
    tags: ['a'],
    issuer_account: account.getPublicKey(),
    nats: { pub: { allow: ['x'] }, src: '10.0.0.0/8, 192.0.2.0/24', bearer_token: true },
  }
  // The library leaves the tags where they were in that form.
  const token = await encode(Algorithms.v1, claims as never, signer)
  const old = decoded(token, 'user')
  assert.equal(old.version, 1)
  assert.equal(old.issuerAccount, account.getPublicKey())
  assert.deepEqual(old.rights.networks, ['10.0.0.0/8', '192.0.2.0/24'])
  assert.equal(old.rights.subscriptions, -1)
  assert.equal(old.rights.isBearer, true)
  assert.deepEqual(old.rights.permissions.publish.allow, ['x'])
})

test('nothing of a JWT can be changed', async () => {
  const token = await encodeUser('U', user, account, {})
  const [header, claims, signature] = token.split('.') as [string, string, string]
  const other = (await encodeUser('V', user, account, {})).split('.') as [string, string, string]
  const forged = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), iss: signer.getPublicKey() }
  for (const [wrong, reason] of [
    [`${header}.${other[1]}.${signature}`, /signature verification/],
    [`${header}.${claims}.${other[2]}`, /signature verification/],
    [`${header}.${Buffer.from(JSON.stringify(forged)).toString('base64url')}.${signature}`, /signature verification/],
    [`${header}.${claims}`, /expected 3 chunks/],
    [`${token}.`, /expected 3 chunks/],
    [`${header}.${claims}=.${signature}`, /illegal base64/],
    [`${header}.${Buffer.from('{').toString('base64url')}.${signature}`, /not JSON/],
    [
      `${Buffer.from('{"typ":"JWT","alg":"none"}').toString('base64url')}.${claims}.${signature}`,
      /unexpected algorithm/,
    ],
    [`${Buffer.from('{"typ":"x","alg":"ed25519-nkey"}').toString('base64url')}.${claims}.`, /not a JWT/],
    ['x'.repeat(1024 * 1024 + 1), /token too large/],
  ] as const) {
    const result = decodeJwt(wrong, 'user')
    assert.equal(result.ok, false)
    assert.match(result.ok ? '' : result.reason, reason)
  }
})

test('a JWT of one kind is none of another', async () => {
  const token = await encodeUser('U', user, account, {})
  assert.deepEqual(decodeJwt(token, 'account'), { ok: false, reason: 'not account claim' })
})

test('a user that an operator or a user signed is none', async () => {
  for (const wrong of [operator, createUser()]) {
    const claims = {
      aud: '',
      jti: '',
      iat: 1,
      iss: '',
      name: 'x',
      sub: user.getPublicKey(),
      nats: { type: 'user', version: 2 },
    }
    const token = await encode(Algorithms.v2, claims, wrong)
    assert.deepEqual(decodeJwt(token, 'user'), { ok: false, reason: 'unable to validate expected prefixes' })
  }
})
