/** A health check asks where `serve` listens: both read the settings by themselves, and must come to the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadOptions } from '#config'
import { loadWhereabouts } from '#config/whereabouts'
import { Folder } from './folder.ts'

interface Case {
  readonly env?: Record<string, string>
  readonly config?: string
  readonly files?: Record<string, string>
}

const FILES = 'cert_file: "a.pem", key_file: "b.pem"'

const CASES: Record<string, Case> = {
  'nothing at all': {},
  'the environment': { env: { ROCKET_ADDRESS: '0.0.0.0', ROCKET_PORT: '80', DOMAIN: 'https://example.com/vault/' } },
  ROCKET_TLS: { env: { ROCKET_TLS: '{certs="a.pem",key="b.pem"}' } },
  'a block of the file over the environment': { config: 'web { host: "::1", port: 81 }', env: { ROCKET_PORT: '80' } },
  'its short form, and its aliases': { config: `web: { listen: ":8080", tls { ${FILES} } }` },
  'listen after port, where the last one counts': {
    config: 'web { port: 1, listen: "127.0.0.2:2", net: "127.0.0.3" }',
  },
  'any case': { config: 'WEB { Port: 82 }\nVault { DOMAIN: "http://example.com/x/y" }' },
  'a block that is there twice': { config: 'web { host: "127.0.0.9" }\nweb { port: 83 }' },
  'variables and included files': {
    config: 'p: 84\ninclude "more.conf"\nweb { port: $p }',
    files: { 'more.conf': 'vault { domain: "http://example.com/included" }' },
  },
  'settings that are of no interest here': {
    config: 'listen: "127.0.0.1:4333"\nvault { signups_allowed: false }\nweb { nats: local, port: 85 }',
  },
  'any free port': { config: 'web { port: -1 }' },
  'a file .env': { files: { '.env': 'ROCKET_PORT=86\nDATA_FOLDER=elsewhere\n' } },
  "what Vaultwarden's panel saved over the environment": {
    env: { DOMAIN: 'https://example.com/env', DATA_FOLDER: 'kept', ROCKET_PORT: '87' },
    files: { 'kept/config.json': '{"domain":"https://example.com/saved","rocket_port":1}' },
  },
  'the file over what the panel saved': {
    config: 'vault { data_folder: "kept", domain: "https://example.com/file" }',
    files: { 'kept/config.json': '{"domain":"https://example.com/saved"}' },
  },
  'its own control socket': { config: 'control_socket: "run/c.sock"', env: { BELFRY_CONTROL_SOCKET: 'false' } },
  'no control socket': { env: { BELFRY_CONTROL_SOCKET: 'false' } },
  'a value in a file of its own': {
    env: { DOMAIN_FILE: 'domain.txt' },
    files: { 'domain.txt': 'http://example.com/d\n' },
  },
}

for (const [what, { env = {}, config, files = {} }] of Object.entries(CASES)) {
  test(`a running server is found by ${what}`, () => {
    using folder = new Folder({ ...files, ...(config !== undefined && { 'belfry.conf': config }) })
    const from = { env, cwd: folder.path, configFile: config === undefined ? undefined : 'belfry.conf' }
    const { web, vault, control } = loadOptions(from).options
    const { host, port, tls } = web
    assert.deepEqual(loadWhereabouts(from), {
      web: { host, port, isTls: tls !== undefined, basePath: vault.basePath },
      controlSocket: control.socket,
    })
  })
}

for (const [what, { env = {}, config = '' }, complaint] of [
  ['a port that is none', { config: 'web { port: 70000 }' }, /belfry.conf:1:6: port must be a port from -1 to 65535/],
  ['a block that is no block', { config: 'web: 80' }, /write a block, in \{ \}/],
  ['what no file of the language says', { config: 'web {' }, /belfry.conf:1/],
  ['a variable that is no port', { env: { ROCKET_PORT: 'http' } }, /ROCKET_PORT/],
] as const) {
  test(`${what} is a mistake`, () => {
    using folder = new Folder({ 'belfry.conf': config })
    assert.throws(() => loadWhereabouts({ env, cwd: folder.path, configFile: 'belfry.conf' }), complaint)
  })
}
