/** Definitions that come of JWTs are those of the accounts' owners: what they may cost the others is bounded. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { Broker, type Import, SubjectTree } from '#core'
import { doOverlap } from '../../src/core/subject-patterns.ts'
import { account, importService, importStream, service, stream, World } from './world.ts'

test('a message does not become thousands where each account asks two others', () => {
  const depth = 20
  const definitions = [account('top', { imports: [importService('a0', 'x.>'), importService('b0', 'x.>')] })]
  for (let i = 0; i < depth; i++) {
    const imports = i + 1 < depth ? [importService(`a${i + 1}`, 'x.>'), importService(`b${i + 1}`, 'x.>')] : []
    for (const side of ['a', 'b']) definitions.push(account(side + i, { exports: [service('x.>')], imports }))
  }
  const accounts = new World(definitions)
  const subscribers = definitions.map(({ name }) => accounts.client(name))
  for (const subscriber of subscribers) subscriber.subscribe('x.>')
  accounts.client('top').publish('x.y', 'hello', { reply: 'inbox' })
  const received = subscribers.reduce((sum, { got }) => sum + got.length, 0)
  assert.ok(received > depth && received < 300, `${received} messages`)
})

test('nor where many accounts ask each other', () => {
  const names = Array.from({ length: 30 }, (_, i) => `k${i}`)
  const accounts = new World(
    names.map((name) => {
      const imports = names.filter((other) => other !== name).map((other) => importService(other, 'x'))
      return account(name, { exports: [service('x')], imports })
    }),
  )
  const others = names.slice(1).map((name) => accounts.client(name))
  for (const other of others) other.subscribe('x')
  accounts.client('k0').publish('x')
  // Whom it asks itself, it asks.
  for (const { got } of others) assert.ok(got.length > 0)
  const received = others.reduce((sum, { got }) => sum + got.length, 0)
  assert.ok(received < 300, `${received} messages`)
})

test('what asks no further is asked however many there are', () => {
  const names = Array.from({ length: 1000 }, (_, i) => `e${i}`)
  const accounts = new World([
    account('I', { imports: names.map((name) => importService(name, 'x')) }),
    ...names.map((name) => account(name, { exports: [service('x')] })),
  ])
  for (const name of names) accounts.client(name).subscribe('x')
  assert.equal(accounts.client('I').publish('x'), 1000)
})

for (const [kind, exported, imported] of [
  ['stream', stream, importStream],
  ['service', service, importService],
] as const) {
  test(`thousands of ${kind}s are exported and imported without comparing each with each`, () => {
    const subjects = Array.from({ length: 5000 }, (_, i) => `s.${i}.*`)
    const imports: Import[] = subjects.map((subject) => imported('E', subject))
    const broker = new Broker(() => 0)
    const startMs = performance.now()
    broker.define([
      account('E', { exports: subjects.map((subject) => exported(subject)) }),
      account('I', { imports: [...imports, imported('E', 'other')] }),
    ])
    assert.equal(broker.account('I').subscriptionCount, kind === 'service' ? 5000 : 0)
    // Each with each is twenty-five million comparisons, and takes five seconds and more.
    assert.ok(performance.now() - startMs < 2_000)
  })
}

test('a subscription is not compared with each of thousands of streams', () => {
  const subjects = Array.from({ length: 5000 }, (_, i) => `s.${i}.*`)
  const accounts = new World([
    account('E', { exports: [stream('>')] }),
    account('I', { imports: subjects.map((subject) => importStream('E', subject)) }),
  ])
  const client = accounts.client('I')
  const startMs = performance.now()
  for (const subject of subjects) client.subscribe(subject)
  // Each with each is twenty-five million comparisons, and takes ten seconds and more.
  assert.ok(performance.now() - startMs < 2_000)
  accounts.client('E').publish('s.7.x')
  assert.deepEqual(client.got, ['8:s.7.x:'])
})

test('what is imported has to be a subject', () => {
  const long = Array(300).fill('x').join('.')
  const accounts = new World([
    account('E', { exports: [service('>')] }),
    account('I', { imports: [importService('E', 'a', long), importService('E', long, 'a')] }),
  ])
  assert.equal(accounts.broker.account('I').subscriptionCount, 0)
})

test('a mapping makes no subject of many thousand characters', () => {
  const mapping = (subject: string) => [{ source: '*', destinations: [{ subject, weight: 100 }] }]
  const broker = new Broker(() => 0)
  const mapped = (destination: string, subject: string) => {
    broker.define([account('A', { mappings: mapping(destination) })])
    return broker.account('A').mapped(subject)
  }
  assert.equal(mapped('$1.$1', 'x'.repeat(4000)).length, 8001)
  for (const token of ['$1', '{{sliceFromLeft(1,1)}}']) {
    assert.equal(mapped(Array(200).fill(token).join('.'), 'x'.repeat(4000)), '')
  }
  // As many tokens nobody can be subscribed to.
  assert.equal(mapped(Array(300).fill('$1').join('.'), 'x'), 'x')
})

test('a tree of subjects knows which contain another one', () => {
  const subjects = ['a.b', 'a.*', 'a.>', '>', '*.b', '*.*', 'a', 'a.b.c', 'a.>.c', '*.b.>']
  const tree = new SubjectTree<string>()
  for (const subject of subjects) tree.add(subject, subject)
  for (const [subject, containers] of [
    ['a.b', ['a.b', 'a.*', 'a.>', '>', '*.b', '*.*']],
    ['a', ['a', '>']],
    ['a.*', ['a.*', 'a.>', '>', '*.*']],
    ['a.>', ['a.*', 'a.>', '>', '*.*']],
    ['>', ['>']],
    ['a.b.c', ['a.b.c', 'a.>', '>', '*.b.>']],
    ['', ['>']],
  ] as const) {
    assert.deepEqual(tree.containing(subject).toSorted(), containers.toSorted(), subject)
  }
})

test('a tree of subjects knows which overlap another one', () => {
  const subjects = ['a.b', 'a.*', 'a.>', '>', '*.b', '*.*', 'a', 'b', '*', 'a.b.c', '*.b.>', 'a.*.c']
  const tree = new SubjectTree<string>()
  for (const subject of subjects) tree.add(subject, subject)
  for (const subject of [...subjects, 'x', 'x.y', '*.c', 'a.b.>', '*.*.*', '*.>', 'a.b.c.d', '']) {
    const expected = subjects.filter((other) => doOverlap(subject, other))
    assert.deepEqual(tree.overlapping(subject).toSorted(), expected.toSorted(), subject)
  }
})
