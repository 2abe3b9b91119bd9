import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rightsFromTemplate, type UserRights } from '../../../../src/auth/nats/jwt/index.ts'

const USER = { name: 'bob', subject: 'UABC', issuerAccount: 'AABC', tags: ['dept:hr', 'dept:it', 'site:berlin'] }
const ACCOUNT = { name: 'acme', tags: ['region:eu'] }

function template(publish: Partial<UserRights['permissions']['publish']>): UserRights {
  return {
    permissions: {
      publish: { allow: [], deny: [], ...publish },
      subscribe: { allow: [], deny: [] },
      responses: undefined,
    },
    networks: [],
    times: [],
    timesLocation: '',
    subscriptions: -1,
    data: -1,
    payload: -1,
    isBearer: false,
    requiresProxy: false,
    connectionTypes: [],
  }
}

const publishOf = (allow: readonly string[]) =>
  rightsFromTemplate(template({ allow }), USER, ACCOUNT).permissions.publish

for (const [subject, becomes] of [
  ['{{name()}}.>', ['bob.>']],
  ['{{ Subject() }}.x', ['UABC.x']],
  ['{{account-name()}}.{{account-subject()}}', ['acme.AABC']],
  ['{{tag(dept)}}.>', ['hr.>', 'it.>']],
  ['{{tag(dept)}}.{{tag(site)}}.{{account-tag(region)}}', ['hr.berlin.eu', 'it.berlin.eu']],
  ['{{tag(dept)}}.{{tag(dept)}}', ['hr.hr', 'it.it']],
  ['plain.{{x', ['plain.{{x']],
] as const) {
  test(`the template ${subject} becomes ${becomes.join(' and ')}`, () => {
    assert.deepEqual(publishOf([subject]), { allow: becomes, deny: [] })
  })
}

test('a tag without a value takes its subject out of what is allowed, and all of it forbids everything', () => {
  assert.deepEqual(publishOf(['{{tag(none)}}.x', 'y']), { allow: ['y'], deny: [] })
  assert.deepEqual(publishOf(['{{tag(none)}}.x']), { allow: [], deny: ['>'] })
})

test('what cannot be denied as it was meant refuses the user', () => {
  for (const [subject, reason] of [
    ['{{tag(none)}}', /is not defined/],
    ['{{unknown()}}', /is not defined/],
    ['{{name()}} x', /invalid subject/],
  ] as const) {
    assert.throws(() => rightsFromTemplate(template({ deny: [subject] }), USER, ACCOUNT), reason)
  }
})

test('tags cannot multiply into more subjects than there is room for', () => {
  const many = { ...USER, tags: Array.from({ length: 100 }, (_, index) => `t:${index}`) }
  const start = performance.now()
  assert.throws(
    () => rightsFromTemplate(template({ allow: ['{{tag(t)}}.{{ tag(t)}}.{{tag(t) }}'] }), many, ACCOUNT),
    /template expansion exceeds limit: 4096/,
  )
  assert.ok(performance.now() - start < 1_000)
})
