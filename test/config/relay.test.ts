import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadOptions, type Overrides } from '#config'
import { ConfigError } from '#kit'
import { changeLine, changesBetween } from '../../src/services/reload/changes.ts'
import { Folder } from './folder.ts'

const ID = '8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63'
const OTHER = '11111111-1111-4111-8111-111111111111'

/** The options of `relay` with `conf` as the file x.conf of a folder, whose path is cut off. */
function load(conf: string, env: Record<string, string> = {}, overrides: Overrides = {}) {
  using folder = new Folder({ 'x.conf': conf })
  const { options } = loadOptions({ configFile: 'x.conf', env, cwd: folder.path, overrides })
  return JSON.parse(JSON.stringify(options.relay).replaceAll(join(folder.path, '/'), ''))
}

function complaints(conf: string, env?: Record<string, string>, overrides?: Overrides): string[] {
  try {
    load(conf, env, overrides)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.split('\n')
  }
}

describe('relay {}', () => {
  test('names installations, with ids in lower case and the files of their keys', () => {
    const conf = `relay { internal_key: inner, installations: [
      { id: "${ID.toUpperCase()}", key: "k1", issuer: "https://v|login", public_key: "a.pem" }
      { id: "${OTHER}", key: k2, identity: "https://v/identity/" } ] }`
    assert.deepEqual(load(conf), {
      installations: [
        { id: ID, key: 'k1', issuer: 'https://v|login', publicKeyFile: 'a.pem' },
        { id: OTHER, key: 'k2', identity: 'https://v/identity' },
      ],
      internalKey: 'inner',
    })
  })

  test('may be given by the environment, which adds one installation to those of the file', () => {
    const env = {
      BELFRY_RELAY_INSTALLATION_ID: ID,
      BELFRY_RELAY_INSTALLATION_KEY: 'k',
      BELFRY_RELAY_INSTALLATION_ISSUER: 'https://v|login',
      BELFRY_RELAY_INSTALLATION_PUBLIC_KEY: 'a.pem',
      globalSettings__internalIdentityKey: 'inner',
    }
    const one = { id: ID, key: 'k', issuer: 'https://v|login', publicKeyFile: 'a.pem' }
    assert.deepEqual(load('port: 0', env), { installations: [one], internalKey: 'inner' })
    const conf = `relay { installations: [ { id: "${OTHER}", key: k2 } ] }`
    assert.deepEqual(load(conf, env).installations, [{ id: OTHER, key: 'k2' }, one])
    assert.deepEqual(complaints(`relay { installations: [ { id: "${ID}", key: k2 } ] }`, env), [
      `relay: installation ${ID} is there twice`,
    ])
  })

  test('may be given by a program', () => {
    const given = { relay: { installations: [{ id: ID.toUpperCase(), key: 'k' }], internalKey: 'inner' } }
    assert.deepEqual(load('port: 0', {}, given), { installations: [{ id: ID, key: 'k' }], internalKey: 'inner' })
    assert.deepEqual(complaints('port: 0', {}, { relay: { installations: [{ id: 'x', key: 'k' }] } }), [
      'relay.installations[0]: an installation needs an id, which is a UUID',
    ])
  })

  test('what is wrong is told with its place, and without a key', () => {
    const conf = `relay {
  installations: [
    { id: "no-uuid", key: secret-1 }
    { id: "${ID}" }
    { id: "${ID}", key: secret-2, issuer: "https://v|login" }
    { id: "${ID}", key: 7 }
    { id: "${ID}", key: secret-3, issuer: "https://v|login", public_key: p, identity: "https://v" }
    { id: "${ID}", key: secret-4, identity: "vault" }
    { id: "${ID}", kye: secret-3 }
    secret
  ]
}`
    assert.deepEqual(complaints(conf), [
      'x.conf:3:22: an installation needs an id, which is a UUID',
      `x.conf:4:7: installation ${ID} needs a key`,
      `x.conf:5:66: installation ${ID} needs both issuer and public_key, or neither`,
      'x.conf:6:51: interface conversion: interface {} is int64, not string (write a text, in quotes)',
      `x.conf:7:108: installation ${ID} has an identity and needs no issuer and public_key`,
      `x.conf:8:66: the identity of installation ${ID} is no plain http or https URL`,
      'x.conf:9:51: unknown field "kye" (did you mean "key"?)',
      'x.conf:10:5: Expected installation to be a map, got string',
    ])
    assert.deepEqual(complaints(`relay { installation_key: secret-1 }`), [
      'relay: an installation without installation_id (BELFRY_RELAY_INSTALLATION_ID)',
    ])
    assert.deepEqual(complaints('port: 0', { BELFRY_RELAY_INSTALLATION_ID: ID }), [
      `relay: installation ${ID} needs a key`,
    ])
  })

  test('keys are not shown when they change', () => {
    const before = { relay: { installations: [{ id: ID, key: 'secret-1' }], internalKey: 'secret-2' } }
    const after = { relay: { installations: [{ id: ID, key: 'secret-3' }], internalKey: 'secret-4' } }
    assert.deepEqual(changesBetween(before, after).map(changeLine), [
      'relay.installations[0].key: [redacted] -> [redacted]',
      'relay.internalKey: [redacted] -> [redacted]',
    ])
    assert.doesNotMatch(changesBetween({}, after).map(changeLine).join(), /secret-/)
  })
})
