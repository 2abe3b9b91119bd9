import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadOptions, type Overrides, type PushOptions } from '#config'
import { ConfigError } from '#kit'
import { changeLine, changesBetween } from '../../src/services/reload/changes.ts'
import { Folder } from './folder.ts'

type Environment = Readonly<Record<string, string>>

const ID = '8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63'
const RELAY = { PUSH_ENABLED: 'true', PUSH_INSTALLATION_ID: ID, PUSH_INSTALLATION_KEY: 'wq2Hn6zY' }
const US = { relayUri: 'https://push.bitwarden.com', identityUri: 'https://identity.bitwarden.com' }
const EU = { PUSH_RELAY_URI: 'https://api.bitwarden.eu', PUSH_IDENTITY_URI: 'https://identity.bitwarden.eu' }

/** The options of `push`, in which the path of the folder is cut off, and what is warned of. */
function load(env: Environment, conf = '', overrides: Overrides = {}): { push: PushOptions; warnings: string[] } {
  using folder = new Folder({ 'x.conf': conf })
  const { options, warnings } = loadOptions({
    configFile: conf === '' ? undefined : 'x.conf',
    env,
    cwd: folder.path,
    overrides,
  })
  const push = JSON.parse(JSON.stringify(options.push).replaceAll(join(folder.path, '/'), ''))
  return { push, warnings: [...warnings] }
}

function complaints(env: Environment, conf?: string): string[] {
  try {
    load(env, conf)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.split('\n')
  }
}

describe('without any setting', () => {
  test('browsers are pushed to, and phones are not', () => {
    assert.deepEqual(load({}), {
      push: { web: { contact: 'mailto:belfry@example.com', keyFile: 'data/vapid_key.pem' }, maxQueued: 10_000 },
      warnings: [],
    })
  })
})

describe('the relay', () => {
  test("is switched on by Vaultwarden's variables, and is that of Bitwarden in the US", () => {
    const { push, warnings } = load(RELAY)
    assert.deepEqual(push.relay, { installationId: ID, installationKey: 'wq2Hn6zY', ...US })
    assert.deepEqual(warnings, [])
  })

  test('may be set in a block of the config file', () => {
    const conf = `push {
      enabled: true, installation_id: "${ID.toUpperCase()}", installation_key: "wq2Hn6zY"
      relay_uri: "https://relay.example.com/belfry/", identity_uri: "https://relay.example.com/identity//"
      web: false, max_queued: 100
    }`
    assert.deepEqual(load({}, conf), {
      push: {
        relay: {
          installationId: ID,
          installationKey: 'wq2Hn6zY',
          relayUri: 'https://relay.example.com/belfry',
          identityUri: 'https://relay.example.com/identity',
        },
        maxQueued: 100,
      },
      warnings: [],
    })
  })

  test('may be set by a program', () => {
    const given = { enabled: true, installationId: ID, installationKey: 'k', relayUri: 'http://localhost:8000' }
    const relay = load({}, '', { push: given }).push.relay
    assert.deepEqual(relay, { ...US, installationId: ID, installationKey: 'k', relayUri: 'http://localhost:8000' })
  })

  test('is taken with white space around its values, as files and copied texts have it', () => {
    const env = { ...RELAY, PUSH_INSTALLATION_ID: ` ${ID} `, PUSH_INSTALLATION_KEY: 'wq2Hn6zY\n' }
    assert.deepEqual(load({ ...env, PUSH_RELAY_URI: ' https://push.bitwarden.com/ ' }), load(RELAY))
  })

  for (const missing of [
    { PUSH_INSTALLATION_ID: '' },
    { PUSH_INSTALLATION_KEY: '' },
    { PUSH_INSTALLATION_KEY: '  ' },
  ]) {
    test(`does not start with ${JSON.stringify(missing)}`, () => {
      assert.deepEqual(complaints({ ...RELAY, ...missing }), [
        'PUSH_ENABLED is true: PUSH_INSTALLATION_ID and PUSH_INSTALLATION_KEY must be set, see https://bitwarden.com/host',
      ])
    })
  }

  test('that is off may have anything in its settings', () => {
    const env = { PUSH_ENABLED: 'false', PUSH_INSTALLATION_ID: 'x', PUSH_RELAY_URI: 'http://push.example.com' }
    assert.deepEqual(load(env), load({}))
  })

  for (const url of [
    'http://push.example.com',
    'push.example.com',
    'https://',
    'ftp://push.example.com',
    'https://me:wq2Hn6zY@push.example.com',
    'https://push.example.com/?key=wq2Hn6zY',
    'https://push.example.com/#wq2Hn6zY',
    'http://127.0.0.1.example.com',
    'http://10.0.0.1',
  ]) {
    test(`is not told anything at ${url}, which is not repeated`, () => {
      for (const name of ['PUSH_RELAY_URI', 'PUSH_IDENTITY_URI']) {
        const rule =
          'must be a URL that begins with https:// (http:// only to this machine), without user, query and fragment'
        assert.deepEqual(complaints({ ...RELAY, [name]: url }), [`${name} ${rule}`])
      }
    })
  }

  for (const url of ['HTTPS://Relay.example.com', 'http://127.0.0.1:8000', 'http://[::1]:8000/x', 'http://localhost']) {
    test(`may be at ${url}`, () => {
      const env = { ...RELAY, PUSH_RELAY_URI: url, PUSH_IDENTITY_URI: url }
      const { push, warnings } = load(env)
      assert.deepEqual([push.relay?.relayUri, push.relay?.identityUri, warnings], [url, url, []])
    })
  }

  test('is asked with the id as it is written when that is no UUID, which is told without it', () => {
    const { push, warnings } = load({ ...RELAY, PUSH_INSTALLATION_ID: `"${ID}"` })
    assert.equal(push.relay?.installationId, `"${ID}"`)
    assert.deepEqual(warnings, ['PUSH_INSTALLATION_ID is no UUID: no relay of Bitwarden knows it'])
  })

  test('and the identity server must be of one region', () => {
    const warning =
      'PUSH_RELAY_URI and PUSH_IDENTITY_URI are not of the same region: neither takes installations of the other'
    assert.deepEqual(load({ ...RELAY, ...EU }).warnings, [])
    assert.deepEqual(load({ ...RELAY, PUSH_RELAY_URI: EU.PUSH_RELAY_URI }).warnings, [warning])
    assert.deepEqual(load({ ...RELAY, PUSH_IDENTITY_URI: EU.PUSH_IDENTITY_URI }).warnings, [warning])
  })

  test('keeps its key out of what is told of changes', () => {
    const line = changesBetween({ push: { relay: { installationKey: 'a' } } }, { push: load(RELAY).push }).map(
      changeLine,
    )
    assert.ok(line.includes('push.relay.installationKey: [redacted] -> [redacted]'))
    assert.doesNotMatch(line.join(), /wq2Hn6zY/)
  })

  test('keeps its key out of what is told of mistakes', () => {
    assert.deepEqual(
      complaints({}, 'push { installation_key: { wq2Hn6zY: 1 } }')
        .join()
        .match(/wq2Hn6zY/),
      null,
    )
    const given: unknown = { push: { installationKey: ['wq2Hn6zY'] } }
    assert.throws(
      () => load({}, '', given as Overrides),
      (error: Error) => error instanceof ConfigError && !error.message.includes('wq2Hn6zY'),
    )
  })
})

describe('Web Push', () => {
  test('may be switched off', () => {
    assert.equal(load({ BELFRY_WEB_PUSH: 'false' }).push.web, undefined)
    assert.equal(load({ ENABLE_WEBSOCKET: 'false' }).push.web?.keyFile, 'data/vapid_key.pem')
  })

  test('has its key in the data folder, or where it is said', () => {
    const keyFile = (env: Environment, conf?: string) => load(env, conf).push.web?.keyFile
    assert.equal(keyFile({ DATA_FOLDER: '/srv/belfry' }), '/srv/belfry/vapid_key.pem')
    assert.equal(keyFile({ BELFRY_VAPID_KEY: 'keys/push.pem' }), 'keys/push.pem')
    assert.equal(keyFile({}, 'push { vapid_key: "/etc/push.pem" }'), '/etc/push.pem')
  })

  const contactOf = (env: Environment) => load(env).push.web?.contact
  for (const [env, contact] of [
    [
      { BELFRY_WEB_PUSH_CONTACT: 'https://example.org/me', SMTP_FROM: 'v@example.org', SMTP_HOST: 'mail' },
      'https://example.org/me',
    ],
    [{ BELFRY_WEB_PUSH_CONTACT: 'MAILTO:me@example.org' }, 'mailto:me@example.org'],
    [{ SMTP_FROM: 'v+x@example.org', SMTP_HOST: 'mail' }, 'mailto:v+x@example.org'],
    [{ SMTP_FROM: 'vaultwarden@localhost', SMTP_HOST: 'mail' }, 'mailto:belfry@example.com'],
    [{ SMTP_FROM: 'v@nas.local', SMTP_HOST: 'mail', DOMAIN: 'https://vault.example.org' }, 'https://vault.example.org'],
    [{ DOMAIN: 'https://vault.example.org/belfry' }, 'https://vault.example.org'],
    [{ DOMAIN: 'https://vault.example.org:8443' }, 'https://vault.example.org:8443'],
    [{ DOMAIN: 'http://vault.example.org' }, 'mailto:belfry@example.com'],
    [{ DOMAIN: 'https://localhost' }, 'mailto:belfry@example.com'],
    [{ DOMAIN: 'https://vault' }, 'mailto:belfry@example.com'],
    [{ DOMAIN: 'https://vault.local' }, 'mailto:belfry@example.com'],
    [{ DOMAIN: 'https://192.168.1.2' }, 'mailto:belfry@example.com'],
    [{ DOMAIN: 'https://[2001:db8::1]' }, 'mailto:belfry@example.com'],
  ] as const) {
    test(`names ${contact} as its contact with ${JSON.stringify(env)}`, () => assert.equal(contactOf(env), contact))
  }

  for (const contact of ['me@example.org', 'mailto:', 'mailto:me', 'http://example.org', 'https://']) {
    test(`does not start with the contact ${contact}`, () => {
      const [line = '', ...more] = complaints({ BELFRY_WEB_PUSH_CONTACT: contact })
      assert.match(line, /^BELFRY_WEB_PUSH_CONTACT must be /)
      assert.deepEqual(more, [])
    })
  }
})

test('what may wait is bounded', () => {
  assert.equal(load({ BELFRY_PUSH_MAX_QUEUED: '1000000' }).push.maxQueued, 1_000_000)
  for (const number of ['99', '1000001']) {
    assert.deepEqual(complaints({ BELFRY_PUSH_MAX_QUEUED: number }), [
      `BELFRY_PUSH_MAX_QUEUED must be a whole number from 100 to 1000000, not ${number}`,
    ])
  }
})
