import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadOptions } from '#config'
import { ConfigError } from '#kit'
import { vaultIn } from './defaults.ts'
import { Folder } from './folder.ts'
import { errorsOf, load, pick } from './loading.ts'

describe('the environment', () => {
  test('sets everything by the names of Vaultwarden', () => {
    const { options, warnings } = load(undefined, {
      DATA_FOLDER: '/d',
      RSA_KEY_FILENAME: '/r/key',
      DOMAIN: 'https://a.org/',
      ROCKET_ADDRESS: '::',
      ROCKET_PORT: '80',
      ROCKET_TLS: '{certs="/c,.pem", key=/k.pem}',
      SIGNUPS_ALLOWED: 'No',
      SIGNUPS_DOMAINS_WHITELIST: 'a.org, B.org',
      INVITATIONS_ALLOWED: '0',
      ENABLE_WEBSOCKET: 'f',
      BELFRY_PROBE: 'false',
      WEB_VAULT_FOLDER: '/web-vault/',
      WEB_VAULT_ENABLED: 'Y',
      ALLOWED_IFRAME_ANCESTORS: 'https://b.org',
      ALLOWED_CONNECT_SRC: 'https://c.org',
      PASSWORD_ITERATIONS: '200000',
      LOG_LEVEL: 'WARN',
      IP_HEADER: 'X-Client',
      IP_HEADER_TRUSTED_PROXIES: 'ALL',
      LOGIN_RATELIMIT_SECONDS: '5',
      LOGIN_RATELIMIT_MAX_BURST: '6',
      UNAUTHENTICATED_RATELIMIT_SECONDS: '7',
      UNAUTHENTICATED_RATELIMIT_MAX_BURST: '8',
      INCREASE_NOTE_SIZE_LIMIT: 'yes',
      WEBSOCKET_ENABLED: 'y',
      WEBSOCKET_ADDRESS: '127.0.0.1',
      WEBSOCKET_PORT: '3013',
    })
    assert.deepEqual(warnings, [])
    assert.deepEqual(options.web, {
      host: '::',
      port: 80,
      tls: { certFile: '/c,.pem', keyFile: '/k.pem' },
      https: undefined,
      nats: 'off',
      admitsVaultUsers: true,
      answersProbes: false,
      servesHub: false,
      webVault: { folder: '/web-vault', iframeAncestors: ['https://b.org'], connectSources: ['https://c.org'] },
      ipHeader: 'X-Client',
      trustedProxies: 'all',
    })
    assert.deepEqual(options.vault, {
      ...vaultIn('/d'),
      rsaKeyFile: '/r/key.pem',
      domain: 'https://a.org',
      origin: 'https://a.org',
      basePath: '',
      signupsAllowed: false,
      signupsDomainsWhitelist: ['a.org', 'b.org'],
      invitationsAllowed: false,
      passwordIterations: 200_000,
      loginRateLimit: { seconds: 5, maxBurst: 6 },
      unauthenticatedRateLimit: { seconds: 7, maxBurst: 8 },
      maxNoteCharacters: 100_000,
    })
    assert.deepEqual(options.oldHub, { host: '127.0.0.1', port: 3013 })
    assert.equal(options.log.level, 'warn')
  })

  for (const [text, value] of [
    ...['true', 'T', 'yes', 'Y', '1'].map((text) => [text, true] as const),
    ...['false', 'F', 'no', 'N', '0'].map((text) => [text, false] as const),
  ]) {
    test(`reads ${text} as ${value}`, () => {
      assert.equal(load(undefined, { SIGNUPS_ALLOWED: text }).options.vault.signupsAllowed, value)
    })
  }

  for (const [text, https] of [
    ['false', undefined],
    ['FALSE', undefined],
    ['true', { host: '127.0.0.1', port: 8443 }],
    ['9443', { host: '127.0.0.1', port: 9443 }],
    ['0', { host: '127.0.0.1', port: 0 }],
    ['localhost:9443', { host: 'localhost', port: 9443 }],
    ['[::]:0', { host: '::', port: 0 }],
    [':-1', { host: '0.0.0.0', port: 0 }],
  ] as const) {
    test(`places the local HTTPS listener with BELFRY_HTTPS=${text}`, () => {
      const asked = https && { ...https, isOptional: false }
      assert.deepEqual(load(undefined, { BELFRY_HTTPS: text }).options.web.https, asked)
    })
  }

  test('places the NATS listener with BELFRY_NATS_HOST and BELFRY_NATS_PORT', () => {
    const { options } = load(undefined, { BELFRY_NATS_HOST: '::', BELFRY_NATS_PORT: '0' })
    assert.deepEqual(pick(options.nats), { host: '::', port: 0 })
  })

  test('leaves booleans and numbers unset that are none, with a warning', () => {
    const { options, warnings } = load(undefined, {
      SIGNUPS_ALLOWED: 'on',
      PASSWORD_ITERATIONS: 'many',
      ICON_REDIRECT_CODE: 'found',
    })
    assert.equal(options.vault.signupsAllowed, true)
    assert.equal(options.vault.passwordIterations, 600_000)
    assert.equal(options.vault.icons.redirectCode, 302)
    assert.deepEqual(warnings, [
      'SIGNUPS_ALLOWED is "on", which is neither true nor false, and has no effect',
      'PASSWORD_ITERATIONS is "many", which is no whole number, and has no effect',
      'ICON_REDIRECT_CODE is "found", which is no whole number, and has no effect',
    ])
  })

  test('warns of a variable of ours that is misspelt, and of no other', () => {
    const { warnings } = load(undefined, {
      BELFRY_HUB_MAX_CONECTIONS: '3',
      BELFRY_RELAY_INSTALATION_KEY_FILE: 'key',
      BELFRY_HUB_DRAIN_WINDOW: '1s',
      BELFRY_NATS_PROT: '',
      BELFRY_PASSWORD: 'secret',
      BELFRY_PORT: 'tcp://10.0.0.1:8000',
      BELFRY_PORT_8000_TCP_ADDR: '10.0.0.1',
      BELFRY_SERVICE_HOST: '10.0.0.1',
      BELFRY_SERVICE_PORT: '8000',
    })
    assert.deepEqual(warnings, [
      'BELFRY_HUB_MAX_CONECTIONS is no setting (did you mean BELFRY_HUB_MAX_CONNECTIONS?)',
      'BELFRY_RELAY_INSTALATION_KEY_FILE is no setting (did you mean BELFRY_RELAY_INSTALLATION_KEY?)',
    ])
  })

  test('treats an empty variable as unset, except IP_HEADER, which it turns off', () => {
    const { options, warnings } = load(undefined, { DOMAIN: '', ROCKET_PORT: '', SIGNUPS_ALLOWED: '', IP_HEADER: '' })
    assert.equal(options.vault.domain, undefined)
    assert.equal(options.web.port, 8000)
    assert.equal(options.web.ipHeader, undefined)
    assert.deepEqual(warnings, [])
  })

  test('may name log levels of single modules, which have no effect', () => {
    const { options, warnings } = load(undefined, { LOG_LEVEL: 'debug,vaultwarden::api=trace' })
    assert.equal(options.log.level, 'debug')
    assert.deepEqual(warnings, ['LOG_LEVEL: levels of single modules have no effect, only "debug" counts'])
  })

  for (const [env, error] of [
    [{ ROCKET_PORT: 'http' }, 'ROCKET_PORT must be a port number, not "http"'],
    [{ WEBSOCKET_PORT: '70000' }, 'WEBSOCKET_PORT must be a port from -1 to 65535, not 70000'],
    [{ ROCKET_TLS: 'cert.pem' }, 'ROCKET_TLS must be {certs="<file>",key="<file>"}'],
    [{ ROCKET_TLS: '{certs="x"}' }, 'ROCKET_TLS must be {certs="<file>",key="<file>"}'],
    [{ ROCKET_TLS: '{certs="x",key="y",mutual="z"}' }, 'ROCKET_TLS has an unknown key "mutual"'],
    [{ BELFRY_HTTPS: 'off' }, 'BELFRY_HTTPS must be "host:port", a port, true or false, not "off"'],
    [{ BELFRY_HTTPS: 'h:70000' }, 'BELFRY_HTTPS must be a port from -1 to 65535, not 70000'],
    [{ BELFRY_NATS_PORT: 'nats' }, 'BELFRY_NATS_PORT must be a port number, not "nats"'],
    [{ DOMAIN: 'https://u:p@a.org' }, 'DOMAIN must be a URL without user, query and fragment'],
    [
      { DOMAIN: 'https://a.org/wälder' },
      'DOMAIN must have a path of letters of ASCII, digits, "-", "_", "." and "~" only, not "/w%C3%A4lder"',
    ],
    [
      { DOMAIN: 'https://a.org/below/:this' },
      'DOMAIN must have a path of letters of ASCII, digits, "-", "_", "." and "~" only, not "/below/:this"',
    ],
    [{ PASSWORD_ITERATIONS: '5' }, 'PASSWORD_ITERATIONS must be a whole number from 100000 to 2147483647, not 5'],
    [{ SIGNUPS_DOMAINS_WHITELIST: 'a.org,,b.org' }, 'SIGNUPS_DOMAINS_WHITELIST must be a list of domains, not ""'],
    [{ IP_HEADER: 'X Real' }, 'IP_HEADER must be the name of an HTTP header or "none", not "X Real"'],
    [
      { IP_HEADER_TRUSTED_PROXIES: '10.0.0.0/33' },
      'IP_HEADER_TRUSTED_PROXIES must be "none", "local", "all" or a list of IP addresses and CIDR ranges, not "10.0.0.0/33"',
    ],
    [
      { BELFRY_HUB_DRAIN_WINDOW: '3000' },
      'BELFRY_HUB_DRAIN_WINDOW: time: missing unit in duration "3000" (write one such as "3s" or "500ms")',
    ],
    [{ DATA_FOLDER: 's3://bucket/data' }, 'DATA_FOLDER must be a path on this machine, not "s3://bucket/data"'],
    [
      { DATABASE_URL: 'postgresql://u:secret@h:port/db' },
      'DATABASE_URL must have a port from 1 to 65535; ":" in a password is %3A',
    ],
    [
      { DATABASE_URL: 'mysql://u:secret@h/db' },
      'DATABASE_URL: databases of type "mysql" are not supported; write sqlite://<path> or postgresql://…',
    ],
    [
      { DATABASE_URL: 'missing.db' },
      'DATABASE_URL: there is no database at this path; write sqlite://<path> to have it made',
    ],
  ] as const) {
    test(`is told: ${error}`, () => assert.deepEqual(errorsOf(undefined, env), [error]))
  }

  test('may name a file with the value of any variable', () => {
    using folder = new Folder({ domain: ' https://a.org\n' })
    const { options } = loadOptions({ env: { DOMAIN_FILE: 'domain' }, cwd: folder.path })
    assert.equal(options.vault.domain, 'https://a.org')
    assert.deepEqual(errorsOf(undefined, { DOMAIN: 'https://a.org', DOMAIN_FILE: 'domain' }), [
      'You should not define both DOMAIN and DOMAIN_FILE',
    ])
    assert.deepEqual(errorsOf(undefined, { DOMAIN_FILE: 'no' }), ['DOMAIN_FILE: open no: no such file or directory'])
  })

  test('takes the bare path of a database that exists', () => {
    using folder = new Folder({ 'old.db': '' })
    const { options } = loadOptions({ env: { DATABASE_URL: 'old.db' }, cwd: folder.path })
    assert.deepEqual(options.vault.database, { kind: 'sqlite', databaseFile: join(folder.path, 'old.db') })
  })

  test('is completed, but not overruled, by the file .env or the one that ENV_FILE names', () => {
    using folder = new Folder({ '.env': '# x\nDOMAIN="https://dotenv.org"\nLOG_LEVEL=debug', other: 'LOG_LEVEL=error' })
    const load = (env: Record<string, string>) => loadOptions({ env, cwd: folder.path }).options
    assert.equal(load({}).vault.domain, 'https://dotenv.org')
    assert.equal(load({ LOG_LEVEL: 'trace' }).log.level, 'trace')
    assert.equal(load({ ENV_FILE: 'other' }).log.level, 'error')
    assert.equal(load({ ENV_FILE: 'other' }).vault.domain, undefined)
    assert.throws(() => load({ ENV_FILE: 'no' }), new ConfigError('ENV_FILE: open no: no such file or directory'))
  })

  for (const [text, message] of [
    ['LOG_LEVEL=debug\nSIGNUPS_ALLOWED false\n', '.env:2: this line is no NAME=value'],
    ['DOMAIN: https://a.org', '.env:1: this line is no NAME=value'],
    ['DOMAIN="https://a.org\nSIGNUPS_ALLOWED=false\n', '.env: a value that begins with " does not end'],
  ] as const) {
    test(`is refused where a line of the file is none: ${JSON.stringify(text)}`, () => {
      using folder = new Folder({ '.env': text })
      assert.throws(() => loadOptions({ env: {}, cwd: folder.path }), new ConfigError(message))
    })
  }

  test('may have quotes over several lines, exports, comments and spaces in its file', () => {
    const text = "# c\n\n export SIGNUPS_ALLOWED = false # closed\r\nX='a\nb c\n'\nLOG_LEVEL=`debug`\nEMPTY=\n"
    using folder = new Folder({ '.env': text })
    const { options } = loadOptions({ env: {}, cwd: folder.path })
    assert.deepEqual([options.vault.signupsAllowed, options.log.level], [false, 'debug'])
  })

  test('gives the config file its variables', () => {
    using folder = new Folder({ '.env': 'NATS_PORT=5000' })
    writeFileSync(join(folder.path, 'belfry.conf'), 'port: $NATS_PORT\nhost: $NATS_HOST')
    const { options } = loadOptions({ configFile: 'belfry.conf', env: { NATS_HOST: 'h' }, cwd: folder.path })
    assert.deepEqual(pick(options.nats), { host: 'h', port: 5000 })
  })
})
