/** `websocket {}` as it is written: what cannot be read, what cannot be meant, and what cannot be had. */
import assert from 'node:assert/strict'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { once } from '../../../helpers/wait.ts'
import { type Implementation, newerRow, table } from './servers.ts'
import { WireClient } from './wire-client.ts'

/** What the whole file is, and what is said about it. */
const UNREADABLE: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  ['bad type', 'websocket: 123', /Expected websocket to be a map, got int64/],
  // Belfry takes a list, of several listeners.
  ['bad type in a list', 'websocket: ["x"]', /Expected websocket to be a map, got (\[\]interface \{\}|string)/],
  ['bad listen', 'websocket: { listen: [] }', /expected port or host:port/],
  ['bad port', 'websocket: { port: "abc" }', /string, not int64/],
  ['bad host', 'websocket: { host: 123 }', /int64, not string/],
  ['bad advertise type', 'websocket: { advertise: 123 }', /int64, not string/],
  ['bad tls', 'websocket: { tls: 123 }', /int64, not map\[string\]interface \{\}/],
  ['bad same origin', 'websocket: { same_origin: "abc" }', /string, not bool/],
  ['bad allowed origins type', 'websocket: { allowed_origins: {} }', /unsupported type/],
  ['bad allowed origins values', 'websocket: { allowed_origins: [ {} ] }', /unsupported type in array/],
  ['bad handshake timeout type', 'websocket: { handshake_timeout: [] }', /unsupported type/],
  ['bad handshake timeout duration', 'websocket: { handshake_timeout: "abc" }', /invalid duration/],
  ['unknown field', 'websocket: { this_does_not_exist: 123 }', /:1:13: unknown field "this_does_not_exist"/],
]

const NEWER_UNREADABLE: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  ['bad headers type', 'websocket: { headers: 123 }', /unsupported type/],
  ['bad headers list', 'websocket: { headers: [] }', /unsupported type/],
  [
    'bad header value',
    'websocket: { headers: { "key": 123 } }',
    /error parsing header key key: unsupported type int64/,
  ],
]

/** What `no_tls: true` is added to, since Belfry's check asks for TLS where nats-server's only reads. */
const READABLE: readonly (readonly [what: string, options: string])[] = [
  ['listen port only', 'listen: 1234'],
  ['listen host and port', 'listen: "localhost:1234"'],
  ['host', 'host: "localhost"'],
  ['net', 'net: "localhost"'],
  ['port', 'port: 1234'],
  ['advertise', 'port: 1234, advertise: "host:1234"'],
  ['same origin', 'port: 1234, same_origin: true'],
  ['allowed origins one only', 'port: 1234, allowed_origins: "https://host.com/"'],
  ['allowed origins array', 'port: 1234\nallowed_origins: [\n"https://host1.com/"\n"https://host2.com/"\n]'],
  ['handshake timeout in whole seconds', 'port: 1234, handshake_timeout: 3'],
  ['handshake timeout in duration', 'port: 1234, handshake_timeout: "4s"'],
  ['compression', 'port: 1234, compression: true'],
  ['auth block', 'port: 1234\nauthorization {\nuser: "webuser"\npassword: "pwd"\ntimeout: 2.0\n}'],
  ['auth timeout as int', 'port: 1234\nauthorization {\ntimeout: 2\n}'],
]
for (const alias of ['allow_origins', 'allowed_origin', 'allow_origin', 'origins', 'origin']) {
  ;(READABLE as (readonly [string, string])[]).push([
    `${alias}, which is allowed_origins`,
    `port: 1, ${alias}: "http://a.b"`,
  ])
}

const NEWER_READABLE: typeof READABLE = [
  ['cookies for user, password and token', 'user_cookie: "u", pass_cookie: "p", token_cookie: "t"'],
  ['headers', 'headers { "X-Header": "some-value", "X-Another-Header": "another-value" }'],
  ['ping interval', 'ping_interval: "1m"'],
]

const plain = (options: string) => `websocket { listen: "127.0.0.1:-1", no_tls: true\n${options} }`

/** Configurations that can be read and still do not start. */
const IMPOSSIBLE: readonly (readonly [row: string, what: string, text: string, says: RegExp])[] = [
  ['WSValidateOptions', 'no tls', 'websocket { listen: "127.0.0.1:-1" }', /websocket requires TLS configuration/],
  [
    'WSValidateOptions',
    'a cookie for JWTs without keys to trust',
    plain('jwt_cookie: jwt'),
    /trusted operators or trusted keys configuration is required for JWT authentication via cookie "jwt"/,
  ],
  [
    'WSNoAuthUserValidation',
    'a default user where there are none',
    plain('no_auth_user: notfound'),
    /no_auth_user: "notfound" present, but users(\/nkeys)? are not defined/,
  ],
  [
    'WSAdvertise',
    'an address that is none',
    plain('advertise: "xxx:host:yyy"'),
    /Unable to get websocket connect URLs: /,
  ],
]

type BadOrigin = readonly [row: string, what: string, origin: string, says: RegExp]
const BAD_ORIGINS: readonly BadOrigin[] = [
  ['WSValidateOptions', 'bad url in allowed list', 'http://this:is:bad:url', /unable to parse allowed origin/],
  ['WSSetOriginOptions', 'what is no URI', '@@@://host.com/', /unable to parse allowed origin/],
  ['WSSetOriginOptions', 'what has no port', 'http://this:is:bad:url/', /unable to parse allowed origin/],
]

/** 2.9.10 only mentions them, and then lets everybody in. */
const NEWER_BAD_ORIGINS: readonly BadOrigin[] = [
  ['WSValidateOptions', 'allowed origin must be absolute URL', 'foo', /unable to parse allowed origin/],
  [
    'WSValidateOptions',
    'allowed origin scheme must be http or https',
    'ftp://host.com',
    /allowed origins must be absolute URLs with http or https scheme/,
  ],
  ['WSValidateOptions', 'allowed origin must have a host', 'http://', /host is required/],
]

const BAD_HEADERS: readonly (readonly [name: string, says: string])[] = [
  ['Sec-WebSocket-Key', 'websocket: invalid header "Sec-WebSocket-Key", "Sec-WebSocket-" prefix not allowed'],
  ...['Host', 'Content-Length', 'Connection', 'Upgrade', 'Nats-No-Masking', 'hOST'].map(
    (name) => [name, `websocket: invalid header "${name}" not allowed`] as const,
  ),
]

function readingRows(implementation: Implementation): void {
  const { check } = implementation
  const isUnreadable = (text: string, says: RegExp) => async () => assert.match((await check(text)) ?? '', says)
  const isReadable = (options: string) => async () => {
    assert.equal(await check(`websocket {\nno_tls: true\n${options}\n}`), undefined)
    assert.equal(await check(`ws: {\n${options}, no_tls: true\n}`), undefined)
  }
  for (const [what, text, says] of UNREADABLE) test(`WSParseOptions: ${what}`, isUnreadable(text, says))
  for (const [what, text, says] of NEWER_UNREADABLE) {
    newerRow(implementation, `WSParseOptions: ${what}`, 'headers are unknown', isUnreadable(text, says))
  }
  for (const [what, options] of READABLE) test(`WSParseOptions: ${what}`, isReadable(options))
  for (const [what, options] of NEWER_READABLE) {
    newerRow(implementation, `WSParseOptions: ${what}`, 'such options are unknown', isReadable(options))
  }
}

function startingRows(implementation: Implementation): void {
  const { name, start, startFailure } = implementation

  for (const [row, what, text, says] of IMPOSSIBLE) {
    test(`${row}: ${what}`, async () => assert.match(await startFailure(text), says))
  }

  const isRefused = (origin: string, says: RegExp) => async () =>
    assert.match(await startFailure(plain(`allowed_origins: ["${origin}"]`)), says)
  for (const [row, what, origin, says] of BAD_ORIGINS) test(`${row}: ${what}`, isRefused(origin, says))
  for (const [row, what, origin, says] of NEWER_BAD_ORIGINS) {
    newerRow(implementation, `${row}: ${what}`, 'it is only logged', isRefused(origin, says))
  }

  if (name === 'natsServer') {
    test('WSSetOriginOptions: 2.9.10 mentions what it cannot use', async () => {
      await using server = await start(plain('allowed_origins: ["foo"]'))
      await server.logged(/invalid URI/)
    })
  }

  for (const [header, says] of BAD_HEADERS) {
    newerRow(implementation, `WSValidateOptions: a header named ${header}`, 'headers are unknown', async () => {
      const said = await startFailure(plain(`headers { "${header}": "x" }`))
      assert.ok(said.includes(says), said)
    })
  }

  for (const [what, options] of [
    ['websocket disabled', ''],
    ['disabled websocket listener', 'websocket { port: 0, jwt_cookie: x, no_auth_user: y, allowed_origins: ["foo"] }'],
    ['a block without port', 'websocket { compression: true }'],
  ] as const) {
    test(`WSValidateOptions: ${what}`, async () => {
      await using server = await start(options)
      assert.equal(server.webSocket.port, 0)
    })
  }

  test('WSFailureToStartServer: the port is taken', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const said = await startFailure(`websocket { listen: "127.0.0.1:${port}", no_tls: true }`)
    taken.close()
    if (name === 'belfry') assert.match(said, new RegExp(`Cannot bind "127\\.0\\.0\\.1:${port}": address in use`))
    else assert.match(said, /Unable to listen for websocket connections: .*address already in use/)
  })

  test('WSAdvertise: an address to tell others is taken', async () => {
    await using server = await start(plain('advertise: "host1:1234"'))
    using client = await WireClient.ready(server.webSocket)
    // Without a cluster there is nobody who would have told.
    assert.equal(client.info.connect_urls, undefined)
  })
}

table((implementation) => {
  readingRows(implementation)
  startingRows(implementation)
})
