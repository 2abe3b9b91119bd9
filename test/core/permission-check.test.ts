import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PermissionCheck, type Permissions, ReplyPermits } from '#core'

/** As nats-server decides, which was asked; `foo.>` where `foo.*` is allowed included. */
const SUBSCRIBE: Permissions['subscribe'] = {
  allow: ['foo.*', 'bar.>', 'q.* grp', 'both', 'both v1', 'named team.*'],
  deny: ['bar.secret', 'bar.x.*', 'bar.q g1'],
}

describe('subscribing', () => {
  const check = new PermissionCheck({ subscribe: SUBSCRIBE })
  for (const [subject, queue, isAllowed] of [
    ['foo.a', '', true],
    ['foo.a', 'any', true],
    ['foo.*', '', true],
    ['foo.>', '', true],
    ['foo', '', false],
    ['>', '', false],
    ['*', '', false],
    ['*.a', '', false],
    ['bar.>', '', true],
    ['bar.secret', '', false],
    ['bar.secret', 'g', false],
    ['bar.x.>', '', false],
    ['bar.x.*', '', false],
    ['q.a', '', false],
    ['q.a', 'grp', true],
    ['q.a', 'other', false],
    ['q.*', 'grp', true],
    ['both', '', true],
    ['both', 'v1', true],
    ['both', 'v2', false],
    ['named', 'team.a', true],
    ['named', 'team.a.b', false],
    ['named', 'team.*', true],
    ['named', 'team', false],
    ['bar.q', '', true],
    ['bar.q', 'g1', false],
    ['bar.q', 'g2', true],
    ['bar.>', 'g1', true],
    ['foo..a', '', false],
    ['', '', false],
  ] as const) {
    test(`to ${subject || 'nothing'} ${queue} is ${isAllowed ? 'allowed' : 'refused'}`, () => {
      assert.equal(check.canSubscribe(subject, queue), isAllowed)
    })
  }

  test('nothing is denied where nothing is said', () => {
    const all = new PermissionCheck({})
    assert.ok(all.canSubscribe('>', '') && all.canSubscribe('a', 'q') && all.canPublish('a.b'))
    assert.equal(all.filterFor('>', ''), undefined)
  })

  test('an empty list allows nothing', () => {
    const none = new PermissionCheck({ publish: { allow: [] }, subscribe: { allow: [] } })
    assert.ok(!none.canSubscribe('a', '') && !none.canPublish('a'))
  })

  test('rules that are not valid count for nothing', () => {
    const odd = new PermissionCheck({ subscribe: { allow: ['a..b', 'a q too.many', ' ', 'good  q'] } })
    assert.ok(!odd.canSubscribe('a..b', '') && !odd.canSubscribe('a', 'q') && odd.canSubscribe('good', 'q'))
  })
})

describe('what a subscription is kept from', () => {
  const check = new PermissionCheck({ subscribe: SUBSCRIBE })
  test('is nothing where no denied subject lies in it', () => {
    for (const subject of ['bar.a', 'bar.*.y.>', 'foo.*', 'bar.q'])
      assert.equal(check.filterFor(subject, ''), undefined)
  })

  test('is what is denied', () => {
    const filter = check.filterFor('bar.>', '')!
    const admitted = ['bar.a', 'bar.secret', 'bar.x.1', 'bar.x.1.2', 'bar.q'].filter((one) => filter.admits(one))
    assert.deepEqual(admitted, ['bar.a', 'bar.x.1.2', 'bar.q'])
    assert.deepEqual(
      admitted,
      admitted.filter((one) => filter.admits(one)),
      'when asked again',
    )
  })

  test('is what is denied to its queue group', () => {
    assert.equal(check.filterFor('bar.*', 'g1')!.admits('bar.q'), false)
    assert.equal(check.filterFor('bar.*', 'g2')!.admits('bar.q'), true)
    assert.equal(check.filterFor('bar.*', 'g2')!.admits('bar.secret'), false)
  })

  test('is what is not allowed, where it is wider than that', () => {
    const filter = check.filterFor('foo.>', '')!
    assert.deepEqual(
      ['foo.a', 'foo.a.b'].map((one) => filter.admits(one)),
      [true, false],
    )
  })
})

describe('publishing', () => {
  const check = new PermissionCheck({ publish: { allow: ['a.>', 'x'], deny: ['a.b', '*.z queue'] } })
  for (const [subject, isAllowed] of [
    ['a.a', true],
    ['a.b', false],
    ['a.b.c', true],
    ['a.z', false],
    ['x', true],
    ['y', false],
    ['a', false],
    ['a.*', true],
    ['a..c', false],
  ] as const) {
    test(`to ${subject} is ${isAllowed ? 'allowed' : 'refused'}, however often it is asked`, () => {
      for (let i = 0; i < 3; i++) assert.equal(check.canPublish(subject), isAllowed)
    })
  }

  test('is answered right for more subjects than are remembered', () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 3000; i++) {
        assert.ok(check.canPublish(`a.${i}`))
        assert.ok(!check.canPublish(`b.${i}`))
      }
    }
    assert.ok(check.canPublish(`a.${'long'.repeat(100)}`))
  })
})

/** What is worth asking another server for: `false` only where nothing of it may come. */
describe('some of a pattern', () => {
  const check = new PermissionCheck({ publish: SUBSCRIBE, subscribe: SUBSCRIBE })
  const all = new PermissionCheck({ publish: { deny: ['a.>', 'b.c'] }, subscribe: { deny: ['a.>', 'b.c'] } })
  for (const [subject, ofAllowed, ofAll] of [
    ['foo.a', true, true],
    ['foo.>', true, true],
    ['>', true, true],
    ['*.secret', true, true],
    ['bar.secret', false, true],
    ['bar.x.*', false, true],
    ['elsewhere.>', false, true],
    ['a.b', false, false],
    ['a.*', false, false],
    ['a.b.>', false, false],
    ['b.*', false, true],
    ['b.c', false, false],
  ] as const) {
    test(`of ${subject}`, () => {
      assert.deepEqual([check.canSubscribeSome(subject), check.canPublishSome(subject)], [ofAllowed, ofAllowed])
      assert.deepEqual([all.canSubscribeSome(subject), all.canPublishSome(subject)], [ofAll, ofAll])
    })
  }
})

test('connections with the same permissions share what was found out', () => {
  const permissions: Permissions = { publish: { deny: ['a'] } }
  assert.equal(PermissionCheck.of(permissions), PermissionCheck.of(permissions))
  assert.notEqual(PermissionCheck.of(permissions), PermissionCheck.of({ ...permissions }))
})

describe('answering', () => {
  test('is possible as often as is allowed, for each request', () => {
    const permits = new ReplyPermits({ maxMessages: 2, ttlMs: -1 })
    permits.permit('r.1', 0)
    assert.deepEqual(
      [permits.take('r.1', 1e9), permits.take('r.1', 2e9), permits.take('r.1', 2e9)],
      [true, true, false],
    )
    assert.equal(permits.take('r.2', 0), false)
    permits.permit('r.1', 5)
    permits.permit('r.1', 6)
    assert.deepEqual([permits.take('r.1', 7), permits.take('r.1', 7), permits.take('r.1', 7)], [true, true, false])
  })

  test('is possible for as long as is allowed', () => {
    const permits = new ReplyPermits({ maxMessages: -1, ttlMs: 1000 })
    permits.permit('r.1', 5000)
    for (let i = 0; i < 10; i++) assert.ok(permits.take('r.1', 6000))
    assert.equal(permits.take('r.1', 6001), false)
    permits.permit('r.2', 7000)
    permits.permit('r.3', 8500)
    assert.deepEqual([permits.take('r.2', 7500), permits.take('r.3', 9000)], [true, true])
  })

  test('is forgotten of the oldest when too many wait', () => {
    const permits = new ReplyPermits({ maxMessages: 1, ttlMs: -1 })
    for (let i = 0; i < 40_000; i++) permits.permit(`r.${i}`, 0)
    assert.deepEqual(
      [permits.take('r.0', 0), permits.take('r.39999', 0), permits.take('r.25000', 0)],
      [false, true, true],
    )
    const long = 'x'.repeat(4000)
    for (let i = 0; i < 600; i++) permits.permit(`${long}.${i}`, 0)
    assert.deepEqual([permits.take(`${long}.0`, 0), permits.take(`${long}.599`, 0)], [false, true])
  })
})
