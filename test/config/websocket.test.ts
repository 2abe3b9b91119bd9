import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Overrides } from '#config'
import { NO_AUTHORIZATION, PLAIN_WEBSOCKET } from './defaults.ts'
import { errorsOf, load } from './loading.ts'

describe('the WebSocket listener', () => {
  test('is off without a port', () => assert.equal(load('websocket { no_tls: true }').options.websockets[0], undefined))

  test('takes the block that Docker images come with', () => {
    assert.deepEqual(load('websocket\n{\nport: 8080\nno_tls: true\n}').options.websockets, [
      { ...PLAIN_WEBSOCKET, port: 8080 },
    ])
  })

  test('takes every option by every name', () => {
    for (const origins of ['allowed_origins', 'allowed_origin', 'allow_origins', 'allow_origin', 'origins', 'origin']) {
      const { options } = load(`ws { net: h, port: -1, tls { cert_file: /c, key_file: /k }, handshake_timeout: 3
        same_origin: true, ${origins}: ["https://a.org", "http://b.org:81/x"], advertise: "ws.example.com:443"
        compress: true, path: "/nats/", ping_interval: "20s", headers { X-A: "1", X-B: "a b" }
        user_cookie: u, pass_cookie: p, token_cookie: t, authentication { token: secret, timeout: "1.5s" }
        probe: false, proxy_protocol: true, trusted_proxies: ["10.0.0.0/8", "::1"], max_connections_per_address: 5 }`)
      const { tls, ...websocket } = options.websockets[0]!
      assert.deepEqual(tls!.certificates, [{ certFile: '/c', keyFile: '/k' }])
      assert.deepEqual(websocket, {
        host: 'h',
        port: 0,
        advertise: 'ws.example.com:443',
        handshakeTimeoutMs: 3000,
        sameOrigin: true,
        allowedOrigins: ['https://a.org', 'http://b.org:81/x'],
        compression: true,
        cookies: { jwt: undefined, user: 'u', password: 'p', token: 't' },
        headers: [
          ['X-A', '1'],
          ['X-B', 'a b'],
        ],
        pingIntervalMs: 20_000,
        authorization: { ...NO_AUTHORIZATION, token: 'secret', timeoutMs: 1500 },
        path: '/nats',
        answersProbes: false,
        proxyProtocol: true,
        trustedProxies: ['10.0.0.0/8', '::1'],
        maxConnectionsPerAddress: 5,
      })
    }
  })

  test('may be there several times, each with options of its own', () => {
    const { options } = load(`
      websocket: [ { port: 1, no_tls: true, path: /a, authorization { user: a } }
                   { no_tls: true }
                   { listen: "[::1]:3", no_tls: true, same_origin: true } ]`)
    assert.deepEqual(options.websockets, [
      { ...PLAIN_WEBSOCKET, port: 1, path: '/a', authorization: { ...NO_AUTHORIZATION, user: 'a' } },
      { ...PLAIN_WEBSOCKET, host: '::1', port: 3, sameOrigin: true },
    ])
  })

  test('is the last one where the block itself is there twice', () => {
    const { options } = load(
      'websocket { port: 1, no_tls: true, compression: true }\nwebsocket { port: 2, no_tls: true }',
    )
    assert.deepEqual(options.websockets, [{ ...PLAIN_WEBSOCKET, port: 2 }])
  })

  test('is set by a program as the first, or each in its turn', () => {
    const conf = 'websocket: [ { port: 1, no_tls: true }, { port: 2, no_tls: true } ]'
    const ports = (overrides: Overrides) => load(conf, {}, overrides).options.websockets.map(({ port }) => port)
    assert.deepEqual(ports({ websocket: { port: 7 } }), [7, 2])
    assert.deepEqual(ports({ websocket: [{}, { port: 8 }, { port: 9, noTls: true }] }), [1, 8, 9])
  })

  test('needs TLS, or the word that it needs none', () => {
    assert.deepEqual(errorsOf('websocket { port: 1 }'), ['websocket requires TLS configuration'])
  })
})
