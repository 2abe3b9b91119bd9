import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestTarget } from '#net'

for (const [url, path, query, host] of [
  ['/', '/', '', 'h:1'],
  ['/a/b?c=d?e', '/a/b', 'c=d?e', 'h:1'],
  ['//x/y', '//x/y', '', 'h:1'],
  ['/?http://x/y', '/', 'http://x/y', 'h:1'],
  ['http://x/y', '/y', '', 'x'],
  ['WSS://X.example:8443/y?z=/', '/y', 'z=/', 'X.example:8443'],
  ['http://x', '/', '', 'x'],
  ['http://x?y', '/', 'y', 'x'],
  ['http://[::1]:80/y', '/y', '', '[::1]:80'],
  ['http://user:p%40ss@x:81/y@z', '/y@z', '', 'x:81'],
  ['http:///y', '/y', '', 'h:1'],
  ['*', '*', '', 'h:1'],
  ['x:443', 'x:443', '', 'h:1'],
] as const) {
  test(`${url} asks ${host} for ${path}`, () => {
    assert.deepEqual(requestTarget({ url, headers: { host: 'h:1' } }), { path, query, host })
  })
}

test('a request without host, or without anything, has no host', () => {
  assert.deepEqual(requestTarget({ url: '/a', headers: {} }), { path: '/a', query: '', host: '' })
  assert.deepEqual(requestTarget({ headers: {} }), { path: '', query: '', host: '' })
})
