import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { identityAuthenticator } from '../../../src/relay/identity/identity-sessions.ts'

const USER = '11111111-1111-4111-8111-11111111111a'
const ORGS = [1, 2, 3, 4].map((n) => `6666666${n}-6666-4666-8666-66666666666f`)

/** As the official server writes them: a claim that is there once is no list. */
const CLAIMS = {
  sub: USER,
  scope: ['api', 'offline_access'],
  amr: ['Application'],
  device: '44444444-4444-4444-8444-444444444444',
  devicetype: 'ChromeExtension',
  orgowner: ORGS[0]!.toUpperCase(),
  orguser: [ORGS[1], ORGS[2]],
}

const sessionOf = (claims: Record<string, unknown>) => identityAuthenticator({ verify: async () => claims })('token')

test('a device of the official server is on the hub what its token says of it', async () => {
  assert.deepEqual(await sessionOf(CLAIMS), {
    user: { id: USER },
    device: { id: '44444444-4444-4444-8444-444444444444' },
    clientType: 'Browser',
    organizations: ORGS.slice(0, 3),
  })
})

test('every role makes a member, each organization counts once, and what is no id is none', async () => {
  const [owned, administered, used, custom] = ORGS
  const claims = {
    ...CLAIMS,
    orgowner: owned,
    orgadmin: [administered, owned],
    orguser: [used, '>'],
    orgcustom: custom,
  }
  assert.deepEqual((await sessionOf(claims))?.organizations, ORGS.toSpliced(2, 2, used!, custom!))
  assert.deepEqual((await sessionOf({ ...CLAIMS, orgowner: undefined, orguser: 7 }))?.organizations, [])
})

test('an id in upper case is the same user, and scopes may be one text', async () => {
  const session = await sessionOf({ ...CLAIMS, sub: USER.toUpperCase(), scope: 'api offline_access', amr: 'external' })
  assert.equal(session?.user.id, USER)
})

test('a device of an unknown type, or of none, is told what is for all', async () => {
  for (const devicetype of ['Toaster', undefined, 9]) {
    assert.equal((await sessionOf({ ...CLAIMS, devicetype }))?.clientType, undefined)
  }
})

describe('no device of a user is', () => {
  const others: [what: string, claims: Record<string, unknown>][] = [
    ['a service', { sub: 'Api', scope: ['internal'] }],
    ['whoever may do something else', { ...CLAIMS, scope: ['api.push', 'apis'] }],
    ['whoever may do nothing', { ...CLAIMS, scope: undefined }],
    ['whoever came in another way', { ...CLAIMS, amr: ['pwd'] }],
    ['whoever came in no way', { ...CLAIMS, amr: undefined }],
    ['whoever has no id', { ...CLAIMS, sub: '*' }],
    ['whoever has no device', { ...CLAIMS, device: undefined }],
  ]
  for (const [what, claims] of others) {
    test(what, async () => assert.equal(await sessionOf(claims), undefined))
  }

  test('whoever has no token', async () => {
    assert.equal(await identityAuthenticator({ verify: async () => undefined })('token'), undefined)
  })
})
