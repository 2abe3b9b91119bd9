import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadNatsOptions, loadOptions, type Overrides } from '#config'
import { ConfigError } from '#kit'
import { changeLine, changesBetween } from '../../src/services/reload/changes.ts'
import { Folder } from './folder.ts'

const KEY = 'k'.repeat(32)
const OTHER_KEY = 'o'.repeat(32)

function load(conf: string, overrides: Overrides = {}, env: Record<string, string> = {}) {
  using folder = new Folder({ 'x.conf': conf })
  return loadOptions({ configFile: 'x.conf', env, cwd: folder.path, overrides }).options.hubs
}

function complaints(conf: string, overrides?: Overrides): string[] {
  try {
    load(conf, overrides)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.split('\n')
  }
}

const DEFAULTS = {
  keys: [KEY],
  account: '$G',
  subject: 'hub.chat',
  allowedOrigins: [],
  sameOrigin: false,
  anonymous: false,
  closeOnExpiration: false,
  maxConnectionsPerUser: 64,
  maxConnectionsPerAddress: 0,
  maxPendingBytes: 4 * 1024 * 1024,
}

describe('hubs {}', () => {
  test('needs no more than a key for each hub', () => {
    assert.deepEqual(load(`hubs { chat { keys: "${KEY}" } }`), { chat: DEFAULTS })
    assert.deepEqual(load('port: 0'), {})
  })

  test('takes what is said of a hub, and the rest from hub {}', () => {
    const conf = `
      accounts { APP { users: [ { user: ada, password: a } ] } }
      hub { allowed_origins: "https://a.example", same_origin: true, max_connections_per_user: 3, max_connections_per_address: 7 }
      hubs {
        chat {
          keys: ["${KEY}", "${OTHER_KEY}"], account: APP, subject: "live.chat"
          allowed_origins: ["https://*.b.example:*"], same_origin: false, close_on_expiration: true
          max_connections_per_user: 5, max_connections_per_address: 6, max_pending: 1mb
        }
        open_1 { anonymous: true }
      }`
    assert.deepEqual(load(conf), {
      chat: {
        ...DEFAULTS,
        keys: [KEY, OTHER_KEY],
        account: 'APP',
        subject: 'live.chat',
        allowedOrigins: ['https://*.b.example:*'],
        closeOnExpiration: true,
        maxConnectionsPerUser: 5,
        maxConnectionsPerAddress: 6,
        maxPendingBytes: 1024 * 1024,
      },
      open_1: {
        ...DEFAULTS,
        keys: [],
        subject: 'hub.open_1',
        allowedOrigins: ['https://a.example'],
        sameOrigin: true,
        anonymous: true,
        maxConnectionsPerUser: 3,
        // That of the hub for strangers.
        maxConnectionsPerAddress: 25,
      },
    })
  })

  test('a key may come from the environment', () => {
    assert.deepEqual(load('hubs { chat { keys: [$CHAT_KEY] } }', {}, { CHAT_KEY: KEY }).chat?.keys, [KEY])
    assert.deepEqual(load(`hubs { K: "${KEY}", chat { keys: $K } }`), { chat: DEFAULTS })
  })

  test('may be given by a program', () => {
    assert.deepEqual(load('port: 0', { apps: { hubs: { chat: { keys: [KEY] } } } }), {
      chat: DEFAULTS,
    })
    const wrong = (hubs: unknown) => complaints('port: 0', { apps: { hubs } } as Overrides)
    assert.deepEqual(wrong({ chat: { keyz: [KEY] } }), ['unknown option "apps.hubs.chat.keyz" (did you mean "keys"?)'])
    assert.deepEqual(wrong({ chat: { keys: ['secret'] } }), [
      'apps.hubs.chat.keys: a key must have 32 to 1024 characters of ASCII without spaces',
    ])
    assert.deepEqual(wrong({ chat: { keys: [KEY], account: 'APP' } }), [
      'apps.hubs.chat: hub chat: there is no account "APP" in accounts {}',
    ])
    assert.deepEqual(wrong({ 'a b': { keys: [KEY] } }), [
      'apps.hubs.a b: a hub must be called by up to 64 letters, digits, "-" and "_", the first of them a letter',
    ])
    assert.deepEqual(wrong([]), ['apps.hubs must be a map of names and hubs'])
    assert.deepEqual(wrong({ chat: 1 }), ['apps.hubs.chat must be a map of options'])
  })

  test('what is wrong with a hub is told with its place, and without a key', () => {
    const conf = `hubs {
  chat { keys: ["too-short", "${KEY}", "with a space in the middle of these 32"] }
  mail { key: "${KEY}", keys: "${KEY}" }
  news { keys: "${KEY}", subject: "news.*" }
  wiki { keys: "${KEY}", same_origin: "yes", max_pending: 1kb }
  7up { keys: "${KEY}" }
  text: "${KEY}"
  tick: { keys: 12345678 }
  tock: { keys: ["${KEY}", 12345678] }
}`
    assert.deepEqual(complaints(conf), [
      'x.conf:2:18: a key must have 32 to 1024 characters of ASCII without spaces',
      'x.conf:2:67: a key must have 32 to 1024 characters of ASCII without spaces',
      'x.conf:3:10: unknown field "key" (did you mean "keys"?)',
      'x.conf:4:52: subject must be a subject without wildcards, not "news.*"',
      'x.conf:5:52: interface conversion: interface {} is string, not bool (write true or false, without quotes)',
      'x.conf:5:72: max_pending must be a whole number from 65536 to 2147483647, not 1024',
      'x.conf:6:3: a hub must be called by up to 64 letters, digits, "-" and "_", the first of them a letter',
      'x.conf:7:3: Expected hub text to be a map, got string',
      'x.conf:8:11: interface conversion: interface {} is int64, not string (write a text, in quotes)',
      'x.conf:9:54: interface conversion: interface {} is int64, not string (write a text, in quotes)',
    ])
  })

  test('what does not go together is told with its place', () => {
    const conf = `accounts { APP { users: [ { user: ada, password: a } ] } }
hubs {
  chat { subject: "x" }
  mail { keys: "${KEY}", account: NONE }
  news { keys: "${KEY}", account: "$SYS" }
  wiki { keys: "${KEY}", account: VAULT }
  blog { keys: "${KEY}", account: APP, allowed_origins: "example.com" }
}`
    assert.deepEqual(complaints(conf), [
      'x.conf:3:3: hub chat needs keys, or anonymous: true',
      'x.conf:4:52: hub mail: there is no account "NONE" in accounts {}',
      'x.conf:5:52: hub news: its account cannot be the system account',
      'x.conf:6:52: hub wiki: there is no account "VAULT" in accounts {}',
      'x.conf:7:66: unable to parse allowed origin: parse "example.com": invalid URI for request',
    ])
  })

  test('a hub that is there twice is an error, since only the last would be left', () => {
    const conf = `hubs {\n  chat { keys: "${KEY}" }\n  chat { keys: "${OTHER_KEY}" }\n}`
    assert.deepEqual(complaints(conf), ['x.conf:3:3: there is a hub chat already, at x.conf:2:3'])
  })

  test('of two blocks the last one counts, and the log says so', () => {
    const conf = `hubs { a { keys: "${KEY}" } }\nhub { max_pending: 5kb }\nhubs { b { keys: "${KEY}" } }\nhub { same_origin: true }`
    using folder = new Folder({ 'x.conf': conf })
    const { options, warnings } = loadOptions({ configFile: 'x.conf', env: {}, cwd: folder.path })
    assert.deepEqual(
      [Object.keys(options.hubs), options.hub.sameOrigin, options.hub.maxPendingBytes],
      [['b'], true, 262_144],
    )
    assert.deepEqual(warnings, [
      'x.conf:3:1: hubs takes the place of the one at x.conf:1:0',
      'x.conf:4:1: hub takes the place of the one at x.conf:2:1',
    ])
  })

  test('two hubs cannot have subjects in common', () => {
    const two = (a: string, b: string) => `hubs { a { keys: "${KEY}", ${a} }, b { keys: "${KEY}", ${b} } }`
    const accounts = 'accounts { APP { users: [ { user: ada, password: a } ] } }'
    assert.deepEqual(complaints(two('subject: "x"', 'subject: "x"')), ['hubs a and b have subjects in common: x'])
    assert.deepEqual(complaints(two('subject: "x"', 'subject: "x.user"')), [
      'hubs a and b have subjects in common: x.user',
    ])
    assert.deepEqual(complaints(two('subject: "x.user"', 'subject: "x"')), ['hubs a and b have subjects in common: x'])
    assert.deepEqual(complaints(two('subject: "x"', 'subject: "xy"')), [])
    assert.deepEqual(complaints(`${accounts}\n${two('subject: "x"', 'subject: "x", account: APP')}`), [])
  })

  test('a plain NATS server says that it has no use for them', () => {
    using folder = new Folder({ 'x.conf': `port: 0\nhubs { chat { keys: "${KEY}" } }` })
    const { warnings } = loadNatsOptions({ configFile: 'x.conf', env: {}, cwd: folder.path })
    assert.deepEqual(warnings, ['x.conf:2:1: hubs has no effect here'])
  })

  test('keys are not shown when they change', () => {
    const of = (keys: readonly string[]) => ({ hubs: { chat: { ...DEFAULTS, keys } } })
    assert.deepEqual(changesBetween(of([KEY]), of([KEY, OTHER_KEY])).map(changeLine), [
      'hubs.chat.keys: [redacted] -> [redacted]',
    ])
    assert.doesNotMatch(
      changesBetween({ hubs: {} }, of([KEY]))
        .map(changeLine)
        .join(),
      /kkk/,
    )
  })
})
