import assert from 'node:assert/strict'
import test from 'node:test'
import { type Peer, Sublist, Subscription, subjectMatches } from '#core'
import { MATCHES } from '../vectors/subject-matches.ts'

const NOBODY: Peer = { send() {} }

const subscribe = (sublist: Sublist, subject: string, queue = '') => {
  const subscription = new Subscription(NOBODY, subject, '1', queue)
  sublist.insert(subscription)
  return subscription
}

for (const [subscribed, published, delivered] of MATCHES) {
  test(`in the tree, ${subscribed} ${delivered ? 'receives' : 'does not receive'} ${published}`, () => {
    const sublist = new Sublist()
    const subscription = subscribe(sublist, subscribed)
    assert.deepEqual(sublist.match(published).plain, delivered ? [subscription] : [])
  })
}

test('a cached match follows what is added and removed, by literals and by wildcards', () => {
  const sublist = new Sublist()
  assert.equal(sublist.match('a.b').plain.length, 0)
  const literal = subscribe(sublist, 'a.b')
  assert.equal(sublist.match('a.b').plain.length, 1)
  const wildcard = subscribe(sublist, 'a.*')
  assert.equal(sublist.match('a.b').plain.length, 2)
  sublist.remove(literal)
  assert.deepEqual(sublist.match('a.b').plain, [wildcard])
  sublist.remove(wildcard)
  assert.equal(sublist.match('a.b').plain.length, 0)
  assert.equal(sublist.size, 0)
})

test('a match in hand does not change under the fan-out', () => {
  const sublist = new Sublist()
  const first = subscribe(sublist, 'a')
  const match = sublist.match('a')
  subscribe(sublist, 'a')
  sublist.remove(first)
  assert.deepEqual(match.plain, [first])
})

test('members of one queue group share it, whatever wildcard they came by', () => {
  const sublist = new Sublist()
  subscribe(sublist, 'a.b', 'workers')
  subscribe(sublist, 'a.*', 'workers')
  subscribe(sublist, 'a.>', 'others')
  const { plain, queues } = sublist.match('a.b')
  assert.equal(plain.length, 0)
  assert.deepEqual(queues.map((group) => group.length).sort(), [1, 2])
})

test('subjects with empty tokens match nothing', () => {
  const sublist = new Sublist()
  subscribe(sublist, '>')
  subscribe(sublist, '*.*')
  for (const subject of ['', '.', 'a.', '.a', 'a..b']) assert.equal(sublist.match(subject).plain.length, 0, subject)
})

test('removing what is not there says so', () => {
  const sublist = new Sublist()
  subscribe(sublist, 'a.b')
  assert.equal(sublist.remove(new Subscription(NOBODY, 'a.b', '1')), false)
  assert.equal(sublist.remove(new Subscription(NOBODY, 'x.y', '1')), false)
  assert.equal(sublist.size, 1)
})

test('the tree agrees with the plain definition on thousands of random subjects', () => {
  const random = seeded(7)
  const tokens = ['a', 'b', 'c', '*', '>']
  const subject = (alphabet: number) => {
    const length = 1 + random(4)
    const parts = Array.from({ length }, () => tokens[random(alphabet)]!)
    return parts.map((part, i) => (part === '>' && i < parts.length - 1 ? 'a' : part)).join('.')
  }
  const sublist = new Sublist()
  let held: Subscription[] = []
  for (let i = 0; i < 4000; i++) {
    if (held.length < 40 || random(2) === 0) held.push(subscribe(sublist, subject(5)))
    else {
      const [gone] = held.splice(random(held.length), 1)
      assert.equal(sublist.remove(gone!), true)
    }
    const published = subject(3)
    const expected = held.filter((subscription) => subjectMatches(subscription.subject, published))
    assert.deepEqual(new Set(sublist.match(published).plain), new Set(expected), published)
  }
  for (const subscription of held) sublist.remove(subscription)
  held = []
  assert.equal(sublist.size, 0)
})

/** Numerical Recipes' linear congruential generator: the same numbers in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test('monitoring is told how many there are, came, went, matched and were remembered', () => {
  const sublist = new Sublist()
  const peer = { send() {} }
  const all = ['a', 'a', 'a.*', 'b'].map((subject, i) => new Subscription(peer, subject, String(i), i === 1 ? 'q' : ''))
  for (const subscription of all) sublist.insert(subscription)
  sublist.remove(all[3]!)
  for (const subject of ['a', 'a', 'a.b', 'c']) sublist.match(subject)
  assert.deepEqual(sublist.stats(), {
    subscriptions: 3,
    cached: 3,
    inserts: 4,
    removes: 1,
    matches: 4,
    cacheHits: 1,
    maxFanout: 2,
    totalFanout: 3,
  })
})
