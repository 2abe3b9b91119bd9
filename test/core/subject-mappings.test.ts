import assert from 'node:assert/strict'
import test from 'node:test'
import { Broker, checkDefinitions, type SubjectMapping } from '#core'
import { account, World } from './world.ts'

/** An account with these mappings; `draw` is what chance says, from 0 up to its argument. */
function mapped(mappings: readonly SubjectMapping[], draw: (below: number) => number = () => 0) {
  const broker = new Broker(draw)
  broker.define([account('A', { mappings })])
  return broker.account('A')
}

function plain(source: string, destination: string): SubjectMapping {
  return { source, destinations: [{ subject: destination, weight: 100 }] }
}

/** Subjects are strings of bytes. */
const bytes = (text: string) => Buffer.from(text).toString('latin1')

/** What a nats-server made of them. */
const observed: [source: string, destination: string, published: string, arrived: string][] = [
  ['w.*.*', 'x.$2.{{wildcard(1)}}', 'w.a.b', 'x.b.a'],
  ['w.*.*', 'x.$2.{{ Wildcard( 1 ) }}', 'w.a.b', 'x.b.a'],
  ['w.*.*', 'x.$2.{{wildcard(1)}}', 'w.a', 'w.a'],
  ['w.*', 'x.y$1.$z.x{{wildcard(1)}}', 'w.a', 'x.y$1.$z.x{{wildcard(1)}}'],
  ...(
    [
      ['p1.abc.def', '1.5.0.0.440920331'],
      ['p1.x.y', '5.1.0.0.4245442695'],
      [bytes('p1.müll.é'), '9.3.0.0.3347901319'],
      ['p1.order.12345', '1.3.4.0.1932267671'],
    ] as const
  ).map(([published, arrived]): [string, string, string, string] => [
    'p1.*.*',
    '{{partition(10,1)}}.{{partition(7,2,1)}}.{{partition(5)}}.{{partition(0,1)}}.{{Partition(-3, 1)}}',
    published,
    arrived,
  ]),
  ['lit.a', 'LIT.{{partition(12)}}', 'lit.a', 'LIT.3'],
  ['lit.b', 'LIT.{{partition(12, 1)}}', 'lit.b', 'LIT.2'],
  ['s.*', 'S.{{split(1,-)}}.e', 's.a-b-c', 'S.a.b.c.e'],
  ['s.*', 'S.{{Split(1,-)}}.e', 's.-a--b-', 'S.a.b.e'],
  ['s.*', 'S.{{split(1,-)}}.e', 's.abc', 'S.abc.e'],
  ['s.*', '{{splitfromleft(1,3)}}.e', 's.abcdef', 'abc.def.e'],
  ['s.*', '{{SplitFromLeft(1,3)}}.e', 's.abc', 'abc.e'],
  ['s.*', '{{splitfromleft(1,3)}}.e', 's.ab', 'ab.e'],
  ['s.*', '{{SplitFromRight(1,3)}}.e', 's.abcdef', 'abc.def.e'],
  ['s.*', '{{splitfromright(1,3)}}.e', 's.abcd', 'a.bcd.e'],
  ['s.*', '{{splitfromright(1,3)}}.e', 's.abc', 'abc.e'],
  ['s.*', '{{slicefromleft(1,3)}}.e', 's.abcdefgh', 'abc.def.gh.e'],
  ['s.*', '{{slicefromleft(1,3)}}.e', 's.abcdef', 'abc.def.e'],
  ['s.*', '{{sliceFromLeft(1,3)}}.e', 's.ab', 'ab.e'],
  ['s.*', '{{slicefromright(1,3)}}.e', 's.abcdefgh', 'ab.cde.fgh.e'],
  ['s.*', '{{slicefromright(1,3)}}.e', 's.abcdef', 'abc.def.e'],
  ['s.*', '{{sliceFromRight(1,3)}}.e', 's.abcd', 'a.bcd.e'],
  ['s.*', '{{slicefromright(1,3)}}.e', 's.ab', 'ab.e'],
  ['s.*', '{{left(1,3)}}.{{Right(1,2)}}', 's.abcdef', 'abc.ef'],
  ['s.*', '{{left(1,3)}}.{{right(1,0)}}', 's.ab', 'ab.ab'],
  ['r.*', '{{random(0)}}.{{random(1)}}.{{Random(9)}}', 'r.x', '0.0.0'],
  ['a', '{{random(9)}}', 'a', '0'],
  ['rest.*.>', 'R.$1.t.>', 'rest.1.2.3', 'R.1.t.2.3'],
  ['rest.*.>', 'R.$1.t.>', 'rest.1', 'rest.1'],
  ['>', 'all.>', 'a.b', 'all.a.b'],
  ['zero.*.b', '$0.$1', 'zero.q.b', 'zero.q'],
]

for (const [source, destination, published, arrived] of observed) {
  test(`mapped from ${source} to ${destination}, ${published} arrives as ${arrived}`, () => {
    assert.equal(mapped([plain(source, destination)]).mapped(published), arrived)
  })
}

test('empty parts of a split leave no empty tokens', () => {
  // nats-server makes `S..a` of it, which nobody can be subscribed to.
  assert.equal(mapped([plain('s.*', 'S.{{split(1,-)}}')]).mapped('s.--a'), 'S.a')
})

const ARGUMENT = 'function argument is invalid or in the wrong format'
const FEW = 'not enough arguments passed to the function'
const MANY = 'too many arguments passed to the function'
const RANGE = 'wildcard index out of range'

/** Destinations of `a.*.*` that a nats-server refuses, and what it says. */
const refused: [destination: string, reason: string][] = [
  ['b.{{wildcard(3)}}', `${RANGE} in {{wildcard(3)}}: [3]`],
  ['$3', `${RANGE} in $3: [3]`],
  ['{{partition(3,7)}}', `${RANGE} in {{partition(3,7)}}: [7]`],
  ['{{foo(1)}}', 'unknown function in {{foo(1)}}'],
  ['{{WILDCARD(1)}}', 'unknown function in {{WILDCARD(1)}}'],
  ['{{wildcard}}', 'unknown function in {{wildcard}}'],
  ['{{wildcard()}}', `${FEW} in {{wildcard()}}`],
  ['{{wildcard(1,2)}}', `${MANY} in {{wildcard(1,2)}}`],
  ['{{wildcard(x)}}', `${ARGUMENT} in {{wildcard(x)}}`],
  ['{{partition()}}', `${ARGUMENT} in {{partition()}}`],
  ['{{partition(2147483648)}}', `${ARGUMENT} in {{partition(2147483648)}}`],
  ['{{split(1)}}', `${FEW} in {{split(1)}}`],
  ['{{split(1,-,3)}}', `${MANY} in {{split(1,-,3)}}`],
  ['{{splitfromleft(1)}}', `${FEW} in {{splitfromleft(1)}}`],
  ['{{splitfromleft(1,a)}}', `${ARGUMENT} in {{splitfromleft(1,a)}}`],
  ['{{random()}}', `${ARGUMENT} in {{random()}}`],
  ['{{random(1,2)}}', `${FEW} in {{random(1,2)}}`],
  ['b..c', 'invalid transform'],
  ['b.>.c', 'invalid transform in c'],
  ['b c', 'invalid transform'],
]

for (const [destination, reason] of [
  ...refused.map(([destination, text]) => [destination, `invalid mapping destination: ${text}`] as const),
  ['a.*', 'invalid subject'],
  ['a.>', 'invalid subject'],
] as const) {
  test(`${destination} is no destination: ${reason}`, () => {
    const mapping = plain('a.*.*', destination)
    assert.deepEqual(
      checkDefinitions([account('A', { mappings: [mapping] })]).map(({ text }) => text),
      [`Error adding mapping for "a.*.*" to "${destination}" : ${reason}`],
    )
    assert.equal(mapped([mapping]).mapped('a.b.c'), 'a.b.c')
  })
}

test('destinations are drawn by their weights, and what is missing to 100 stays', () => {
  let draw = 0
  const weighted = mapped(
    [
      {
        source: 'a.*',
        destinations: [
          { subject: 'one.$1', weight: 20 },
          { subject: 'two.$1', weight: 50 },
        ],
      },
    ],
    () => draw,
  )
  const counts = new Map<string, number>()
  for (draw = 0; draw < 100; draw++) {
    const subject = weighted.mapped('a.x')
    counts.set(subject, (counts.get(subject) ?? 0) + 1)
  }
  assert.deepEqual(Object.fromEntries(counts), { 'one.x': 20, 'two.x': 50, 'a.x': 30 })
})

test('who names the source itself loses what is missing to 100', () => {
  let draw = 0
  const lossy = mapped([{ source: 'a', destinations: [{ subject: 'a', weight: 50 }] }], () => draw)
  assert.equal(lossy.mapped('a'), 'a')
  draw = 50
  assert.equal(lossy.mapped('a'), '')
})

test('a message that is lost reaches nobody', () => {
  const world = new World([account('A', { mappings: [{ source: 'a', destinations: [{ subject: 'a', weight: 0 }] }] })])
  const client = world.client('A')
  client.subscribe('>')
  assert.equal(client.publish('a'), 0)
})

test('destinations of clusters are not for us', () => {
  const mapping = { source: 'a', destinations: [{ subject: 'b', weight: 100, cluster: 'east' }] }
  assert.equal(mapped([mapping]).mapped('a'), 'a')
})

test('the mapping of exactly the subject comes first, then the first with wildcards', () => {
  const several = mapped([plain('a.>', 'first.>'), plain('a.*', 'second.$1'), plain('a.b', 'exact')])
  assert.deepEqual(
    ['a.b', 'a.c', 'b'].map((subject) => several.mapped(subject)),
    ['exact', 'first.c', 'b'],
  )
})

test('mappings come and go with the definition', () => {
  const world = new World([account('A', { mappings: [plain('a', 'b')] })])
  const client = world.client('A')
  client.subscribe('>')
  client.publish('a')
  world.broker.define([account('A', { mappings: [plain('a', 'c')] })])
  client.publish('a')
  world.broker.define([account('A')])
  client.publish('a')
  assert.deepEqual(client.take(), ['1:b:', '1:c:', '1:a:'])
})
