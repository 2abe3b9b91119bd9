import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServerUrls } from '../../../../../src/doors/nats/leaf/solicited/server-urls.ts'
import { urlOf } from './solicitor.ts'

function serverUrls(urls: readonly string[], options: Partial<ConstructorParameters<typeof ServerUrls>[0]> = {}) {
  return new ServerUrls({ urls: urls.map(urlOf), randomizes: false, tls: undefined, random: () => 0, ...options })
}

/** `scheme host:port` of the next ones. */
function next(urls: ServerUrls, count: number): string[] {
  return Array.from({ length: count }, () => {
    const { scheme, host, port, path } = urls.next()
    return `${scheme} ${host}:${port}${path}`
  })
}

test('URLs are tried in their order, again and again', () => {
  const urls = serverUrls(['nats://a:1', 'tls://b:2', 'nats://[::1]:3'])
  assert.deepEqual(next(urls, 4), ['nats a:1', 'tls b:2', 'nats ::1:3', 'nats a:1'])
})

test('unless they are to be shuffled', () => {
  const urls = serverUrls(['nats://a:1', 'nats://b:2', 'nats://c:3'], {
    randomizes: true,
    random: (below) => below - 1,
  })
  assert.deepEqual(next(urls, 4), ['nats c:3', 'nats b:2', 'nats a:1', 'nats c:3'])
})

test('servers that were discovered come before those that are configured, each once', () => {
  const urls = serverUrls(['nats://a:1', 'nats://10.0.0.1:2'])
  assert.deepEqual(next(urls, 1), ['nats a:1'])
  urls.discovered(['a:1', '10.0.0.1:2', '10.0.0.2:2', '[fe80::1]:2'])
  assert.deepEqual(next(urls, 5), [
    'nats 10.0.0.2:2',
    'nats fe80::1:2',
    'nats a:1',
    'nats 10.0.0.1:2',
    'nats 10.0.0.2:2',
  ])
  urls.discovered([])
  assert.deepEqual(next(urls, 3), ['nats a:1', 'nats 10.0.0.1:2', 'nats a:1'])
})

test('servers that tell of each other each time that they are tried are all tried', () => {
  const urls = serverUrls(['nats://a:1', 'nats://b:2'])
  const tried = Array.from({ length: 8 }, () => {
    const [one] = next(urls, 1)
    urls.discovered(['x:1', 'y:1'])
    return one
  })
  const [first, ...others] = tried
  assert.equal(first, 'nats a:1')
  assert.deepEqual(others.slice(0, 4), ['nats x:1', 'nats y:1', 'nats a:1', 'nats b:2'])
  assert.deepEqual(others.slice(4), ['nats x:1', 'nats y:1', 'nats a:1'])
  urls.discovered(['x:1', 'y:1', 'z:1'])
  assert.deepEqual(next(urls, 1), ['nats x:1'])
  // That there are others now is no reason to try that one again.
  urls.discovered(['x:1', 'z:1'])
  assert.deepEqual(next(urls, 1), ['nats z:1'])
})

test('what is no address is left out, and of more than there can be a part', () => {
  const urls = serverUrls(['nats://a:1'])
  urls.discovered([
    '',
    'x',
    'x:',
    'x:0',
    'x:65536',
    'x:1/path',
    'user:pass@x:1',
    '[::zz]:1',
    `${'x'.repeat(300)}:1`,
    'x:1\n',
  ])
  assert.equal(urls.count, 1)
  urls.discovered(Array.from({ length: 5_000 }, (_, i) => `x${i}:1`))
  assert.equal(urls.count, 65)
})

test('discovered servers are spoken to as those that are configured', () => {
  const cases: [string, object, string][] = [
    ['ws://a:1/path', {}, 'ws b:2'],
    ['wss://a:1/path', {}, 'wss b:2'],
    ['ws://a:1', { tls: {} }, 'wss b:2'],
    ['nats://a:1', {}, 'nats b:2'],
    ['tls://a:1', {}, 'tls b:2'],
    ['nats://a:1', { tls: {} }, 'tls b:2'],
  ]
  for (const [configured, options, discovered] of cases) {
    const urls = serverUrls([configured], options)
    urls.discovered(['b:2'])
    assert.deepEqual(next(urls, 1), [discovered])
  }
})

test('a name is remembered for the certificates of servers that are known by their address', () => {
  const urls = serverUrls(['tls://10.0.0.1:1', 'tls://hub.example:1', 'tls://other.example:1'])
  assert.equal(urls.rememberedName, 'hub.example')
  urls.forgetName()
  assert.equal(urls.rememberedName, undefined)
  urls.discovered(['10.0.0.2:1', 'third.example:1'])
  assert.equal(urls.rememberedName, 'third.example')
})
