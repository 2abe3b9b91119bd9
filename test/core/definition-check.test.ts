import assert from 'node:assert/strict'
import test from 'node:test'
import { type AccountDefinition, checkDefinitions, type Export, type Import, type SubjectMapping } from '#core'
import { account, importService, importStream, service, stream } from './world.ts'

const E = (...exports: Export[]) => account('E', { exports })
const A = (...imports: Import[]) => account('A', { imports })

/** As a nats-server of today says it of the same accounts. */
const refused: [what: string, definitions: AccountDefinition[], text: string][] = [
  [
    'an export to a missing account',
    [E(stream('x', { access: { kind: 'accounts', accounts: ['E', 'Z'] } }))],
    '"Z" account not defined for stream export',
  ],
  [
    'a service for a missing account',
    [E(service('x', { access: { kind: 'accounts', accounts: ['Z'] } }))],
    '"Z" account not defined for service export',
  ],
  [
    'a token position that is no wildcard',
    [E(stream('a.*', { accountTokenPosition: 1 }))],
    'Error adding stream export "a.*": sublist: invalid subject',
  ],
  [
    'a token position beyond the subject',
    [E(service('a.*', { accountTokenPosition: 3 }))],
    'Error adding service export "a.*": sublist: invalid subject',
  ],
  [
    'latencies on a wildcard',
    [E(service('a', { latency: { subject: 'b.*', sampling: 100 } }))],
    'Error adding service latency sampling for "a" on subject "b.*": invalid publish subject',
  ],
  [
    'latencies on a service of its own',
    [E(service('a', { latency: { subject: 'a', sampling: 100 } }))],
    'Error adding service latency sampling for "a" on subject "a": invalid publish subject',
  ],
  [
    'latencies of streams of answers',
    [E(service('a', { responseType: 'stream', latency: { subject: 'b', sampling: 'headers' } }))],
    'Error adding service latency sampling for "a" on subject "b": bad service response type',
  ],
  ['a stream of nobody', [A(importStream('E', 'a'))], '"E" account not defined for stream import'],
  ['a service of nobody', [A(importService('E', 'a'))], '"E" account not defined for service import'],
  [
    'a stream that is not exported',
    [E(), A(importStream('E', 'a'))],
    'Error adding stream import "a": stream import not authorized',
  ],
  [
    'a service that is not exported',
    [E(), A(importService('E', 'a'))],
    'Error adding service import "a": service import not authorized',
  ],
  [
    'a stream exported as a service',
    [E(service('a')), A(importStream('E', 'a'))],
    'Error adding stream import "a": stream import not authorized',
  ],
  [
    'more than is exported',
    [E(stream('a.*')), A(importStream('E', 'a.>'))],
    'Error adding stream import "a.>": stream import not authorized',
  ],
  [
    'what is for others',
    [E(stream('a', { access: { kind: 'accounts', accounts: ['E'] } })), A(importStream('E', 'a'))],
    'Error adding stream import "a": stream import not authorized',
  ],
  [
    'what needs a token',
    [E(service('a', { access: { kind: 'token' } })), A(importService('E', 'a'))],
    'Error adding service import "a": service import not authorized',
  ],
  [
    'a wildcard where the own name belongs',
    [E(stream('a.*', { accountTokenPosition: 2 })), A(importStream('E', 'a.*'))],
    'Error adding stream import "a.*": stream import not authorized',
  ],
  [
    'a stream twice',
    [E(stream('>')), A(importStream('E', 'a'), importStream('E', 'a', 'b'))],
    'Error adding stream import "a": stream import already exists',
  ],
  [
    'two services by one name',
    [E(service('>')), A(importService('E', 'a', 'c'), importService('E', 'b', 'c'))],
    'Duplicate service import subject "c", previously used in import for account "E", subject "a"',
  ],
  [
    'a wildcard left out',
    [E(stream('>')), A(importStream('E', 'a.*.*', 'b.$1'))],
    'Error adding stream import "a.*.*": failed to create mapping transform for stream import subject from "a.*.*" to ' +
      '"b.$1": invalid mapping destination: not using all of the token wildcard(s) in b.$1',
  ],
  [
    'a wildcard that is not there',
    [E(stream('>')), A(importStream('E', 'a.*.*', 'b.$1.$3'))],
    'Error adding stream import "a.*.*": failed to create mapping transform for stream import subject from "a.*.*" to ' +
      '"b.$1.$3": invalid mapping destination: wildcard index out of range in $3: [3]',
  ],
  [
    'a function in an import',
    [E(stream('>')), A(importStream('E', 'a.*', 'b.{{partition(3,1)}}'))],
    'Error adding stream import "a.*": failed to create mapping transform for stream import subject from "a.*" to ' +
      '"b.{{partition(3,1)}}": invalid mapping destination: the only mapping function allowed for import transforms is ' +
      '{{Wildcard()}} in {{partition(3,1)}}',
  ],
  [
    'a rest that nobody exports',
    [E(stream('>')), A(importStream('E', 'a.*', 'b.>'))],
    'Error adding stream import "a.*": failed to create mapping transform for stream import subject from "a.*" to "b.>": ' +
      'invalid subject',
  ],
  [
    'a service whose wildcards are lost',
    [E(service('>')), A(importService('E', 'a.*.*', 'b.$2'))],
    'Error adding service import "a.*.*": failed to create mapping transform for service import subject from "b.$2" to ' +
      '"a.*.*": invalid mapping destination: not using all of the token wildcard(s) in b.$2',
  ],
  [
    'a service by no subject',
    [E(service('>')), A(importService('E', 'a', 'b..c'))],
    'Error adding service import "a": sublist: invalid subject',
  ],
  [
    'services in a circle',
    [
      account('A', { exports: [service('a')], imports: [importService('E', 'a')] }),
      account('E', { exports: [service('a')], imports: [importService('A', 'a')] }),
    ],
    'Error adding service import "a": import forms a cycle',
  ],
  [
    'streams in a circle of three',
    [
      account('A', { exports: [stream('a.*')], imports: [importStream('B', 'a.*')] }),
      account('B', { exports: [stream('a.*')], imports: [importStream('E', 'a.*')] }),
      account('E', { exports: [stream('a.*')], imports: [importStream('A', 'a.*')] }),
    ],
    'Error adding stream import "a.*": import forms a cycle',
  ],
]

for (const [what, definitions, text] of refused) {
  test(`${what}: refused`, () => {
    assert.deepEqual(
      checkDefinitions(definitions).map((problem) => problem.text),
      [text],
    )
  })
}

const accepted: [what: string, definitions: AccountDefinition[]][] = [
  ['nothing at all', []],
  ['the own name in its place', [E(stream('a.*', { accountTokenPosition: 2 })), A(importStream('E', 'a.A'))]],
  [
    'a good token',
    [E(stream('a', { access: { kind: 'token' } })), A({ ...importStream('E', 'a'), isActivated: true })],
  ],
  [
    'one name for services of two accounts',
    [E(service('a')), account('F', { exports: [service('a')] }), A(importService('E', 'a'), importService('F', 'a'))],
  ],
  [
    'a service of the account itself by another name',
    [account('A', { exports: [service('a')], imports: [importService('A', 'a', 'b')] })],
  ],
  [
    'streams that go both ways by different names',
    [
      account('A', { exports: [stream('a')], imports: [importStream('E', 'a', 'b')] }),
      account('E', { exports: [stream('a')], imports: [importStream('A', 'a')] }),
    ],
  ],
]

for (const [what, definitions] of accepted) {
  test(`${what}: allowed`, () => assert.deepEqual(checkDefinitions(definitions), []))
}

test('each problem says where it is', () => {
  const problems = checkDefinitions([
    account('A', { imports: [importStream('E', 'good'), importStream('E', 'bad')] }),
    account('E', { exports: [stream('good'), stream('x', { access: { kind: 'accounts', accounts: ['Z'] } })] }),
  ])
  assert.deepEqual(
    problems.map(({ account, part, index }) => [account, part, index]),
    [
      ['E', 'exports', 1],
      ['A', 'imports', 1],
    ],
  )
})

const to = (subject: string, weight = 100, cluster?: string) => ({ subject, weight, cluster })

const mappings: [mapping: SubjectMapping, text: string | undefined][] = [
  [{ source: 'a', destinations: [to('b')] }, undefined],
  [{ source: 'a..b', destinations: [to('b')] }, 'Subject "a..b" is not a valid subject'],
  [
    { source: 'a', destinations: [to('b', 60), to('c', 50)] },
    'Error adding mapping for "a" : total weight needs to be <= 100',
  ],
  [{ source: 'a', destinations: [to('b', 60), to('c', 50, 'east')] }, undefined],
  [{ source: 'a', destinations: [to('b', 60), to('b', 30)] }, 'Error adding mapping for "a" : duplicate entry for "b"'],
  [
    { source: 'a', destinations: [to('b', 101)] },
    'Error adding mapping for "a" : individual weights need to be <= 100',
  ],
  [
    { source: 'a', destinations: [to('b.$1')] },
    'Error adding mapping for "a" to "b.$1" : invalid mapping destination: wildcard index out of range in $1',
  ],
  [
    { source: 'a', destinations: [to('b.$1', 60)] },
    'Error adding mapping for "a" : invalid mapping destination: wildcard index out of range in $1',
  ],
]

for (const [mapping, text] of mappings) {
  const { source, destinations } = mapping
  test(`mapping ${source} to ${destinations.map(({ subject, weight }) => `${subject} (${weight} %)`)} ${text === undefined ? 'is allowed' : 'is refused'}`, () => {
    const found = checkDefinitions([account('A', { mappings: [mapping] })])
    assert.deepEqual(found, text === undefined ? [] : [{ account: 'A', part: 'mappings', index: 0, text }])
  })
}
