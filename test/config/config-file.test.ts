import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadOptions } from '#config'
import { ConfigError } from '#kit'
import { NO_USERS, vaultIn } from './defaults.ts'
import { errorsOf, load, pick } from './loading.ts'

describe('the config file', () => {
  test('sets what NATS clients are measured by', () => {
    const { options } = load(`
      host: 0.0.0.0, port: -1, server_name: bell
      max_payload: 2MB, max_pending: 10MB, max_control_line: 8KB
      max_connections: 0, max_subs: 7, max_sub_tokens: 9, max_closed_clients: 50
      ping_interval: "1m30s", ping_max: 3, write_deadline: "500us", write_timeout: retry
      client_advertise: "nats.example.com:-1", no_header_support: true, no_fast_producer_stall: on
      lame_duck_duration: "30s", lame_duck_grace_period: "29.9s"
      tls { cert_file: c.pem, key_file: /k.pem, ca_file: /ca.pem, verify_and_map: true, timeout: 0.5 }, allow_non_tls: true
      authorization { username: u, pass: p, timeout: "1500ms" }
      proxy_protocol: true, max_connections_per_address: 10`)
    const { tls, ...nats } = options.nats
    assert.match(tls!.certificates[0]!.certFile, /^\/.*\/c\.pem$/)
    assert.deepEqual(
      { ...tls, certificates: [] },
      {
        certificates: [],
        caFile: '/ca.pem',
        verify: true,
        verifyAndMap: true,
        timeoutMs: 500,
        cipherSuites: [],
        curvePreferences: [],
        minVersion: 'TLSv1.2',
        pinnedCerts: [],
        handshakeFirst: false,
        allowNonTls: true,
      },
    )
    assert.deepEqual(nats, {
      host: '0.0.0.0',
      port: 0,
      serverName: 'bell',
      serverTags: [],
      maxPayloadBytes: 2 << 20,
      maxPendingBytes: 10 << 20,
      maxControlLineBytes: 8192,
      maxConnections: 0,
      maxSubscriptions: 7,
      maxSubscriptionTokens: 9,
      maxClosedClients: 50,
      pingIntervalMs: 90_000,
      pingMax: 3,
      writeDeadlineMs: 1,
      writeTimeoutPolicy: 'retry',
      clientAdvertise: 'nats.example.com',
      supportsHeaders: false,
      stallsFastProducers: false,
      lameDuckDurationMs: 30_000,
      lameDuckGraceMs: 29_900,
      authorization: { ...NO_USERS, user: 'u', password: 'p', timeoutMs: 1500 },
      accounts: [],
      systemAccount: undefined,
      proxyProtocol: true,
      trustedProxies: 'all',
      maxConnectionsPerAddress: 10,
    })
  })

  test('sets the web listener', () => {
    const { options } = load('web { listen: "[::1]:-1", tls { cert_file: c.pem, key_file: "/k.pem" }, nats: true }')
    const { host, port, tls, https, nats } = options.web
    assert.deepEqual({ host, port, nats }, { host: '::1', port: 0, nats: 'all' })
    assert.match(tls!.certFile, /^\/.*\/c\.pem$/)
    assert.equal(tls!.keyFile, '/k.pem')
    assert.equal(https, undefined, 'a real certificate needs no local authority')
  })

  for (const [value, https] of [
    ['false', undefined],
    ['true', { host: '127.0.0.1', port: 8443 }],
    ['9443', { host: '127.0.0.1', port: 9443 }],
    ['-1', { host: '127.0.0.1', port: 0 }],
    ['"0.0.0.0:9443"', { host: '0.0.0.0', port: 9443 }],
  ] as const) {
    test(`places the local HTTPS listener with ${value}`, () => {
      const asked = https && { ...https, isOptional: false }
      assert.deepEqual(load(`web { https: ${value} }`).options.web.https, asked)
    })
  }

  test('sets everything of the vault by the lower-case names of the variables', () => {
    const { options } = load(`vault {
      data_folder: d, database_url: "sqlite://other.db", rsa_key_filename: /keys/rsa
      domain: "HTTPS://Vault.Example.com:444/a/b//"
      signups_allowed: no, signups_domains_whitelist: [A.org, "b.org, c.org"], invitations_allowed: false
      password_iterations: 100000, login_ratelimit_seconds: 1, login_ratelimit_max_burst: 2
      unauthenticated_ratelimit_seconds: 3, unauthenticated_ratelimit_max_burst: 4, increase_note_size_limit: true
      enable_websocket: false, ip_header: NONE
      ip_header_trusted_proxies: ["10.0.0.0/8", "::1"]
      websocket_enabled: true, websocket_port: 3013 }`)
    const { dataFolder, database, ...vault } = options.vault
    assert.match(dataFolder, /^\/.*\/d$/)
    assert.ok(database.kind === 'sqlite')
    assert.match(database.databaseFile, /^\/.*\/other\.db$/)
    const { dataFolder: _dataFolder, database: _database, ...usual } = vaultIn(dataFolder)
    assert.deepEqual(vault, {
      ...usual,
      rsaKeyFile: '/keys/rsa.pem',
      domain: 'HTTPS://Vault.Example.com:444/a/b',
      origin: 'https://vault.example.com:444',
      basePath: '/a/b',
      signupsAllowed: false,
      signupsDomainsWhitelist: ['a.org', 'b.org', 'c.org'],
      invitationsAllowed: false,
      passwordIterations: 100_000,
      loginRateLimit: { seconds: 1, maxBurst: 2 },
      unauthenticatedRateLimit: { seconds: 3, maxBurst: 4 },
      maxNoteCharacters: 100_000,
    })
    const { servesHub, ipHeader, trustedProxies } = options.web
    assert.deepEqual([servesHub, ipHeader], [false, undefined])
    assert.deepEqual(trustedProxies, ['10.0.0.0/8', '::1'])
    assert.deepEqual(options.oldHub, { host: '0.0.0.0', port: 3013 })
  })

  test('says which web vault is served, and to whom it may turn', () => {
    const webVault = (conf: string | undefined, env = {}) => load(conf, env).options.web.webVault
    assert.deepEqual(webVault('vault { web_vault_folder: /srv/web-vault, allowed_connect_src: "https://a.org" }'), {
      folder: '/srv/web-vault',
      iframeAncestors: [],
      connectSources: ['https://a.org'],
    })
    const env = {
      WEB_VAULT_FOLDER: '/web-vault/',
      ALLOWED_IFRAME_ANCESTORS: ' https://*.b.org:8443  moz-extension://* ',
      ALLOWED_CONNECT_SRC: 'https://c.org/api/ https://d.org',
    }
    assert.deepEqual(webVault(undefined, env), {
      folder: '/web-vault',
      iframeAncestors: ['https://*.b.org:8443', 'moz-extension://*'],
      connectSources: ['https://c.org/api/', 'https://d.org'],
    })
    assert.equal(webVault(undefined, { ...env, WEB_VAULT_ENABLED: 'false' }), undefined)
    assert.deepEqual(webVault('vault { allowed_iframe_ancestors: "https://a.org" }'), {
      folder: undefined,
      iframeAncestors: ['https://a.org'],
      connectSources: [],
    })
  })

  test('takes names in any case, and listen as host and port, the last one counting', () => {
    assert.equal(load('PORT: 1').options.nats.port, 1)
    assert.deepEqual(pick(load('listen: "h:1"\nport: 2').options.nats), { host: 'h', port: 2 })
    assert.deepEqual(pick(load('port: 2\nlisten: "h:1"').options.nats), { host: 'h', port: 1 })
    assert.deepEqual(pick(load('listen: 5').options.nats), { host: '127.0.0.1', port: 5 })
    assert.deepEqual(pick(load('listen: ":5"').options.nats), { host: '0.0.0.0', port: 5 })
  })

  test('takes port 0 as not given, as nats-server does', () => {
    assert.equal(load('port: 0').options.nats.port, 4222)
    assert.equal(load('websocket { port: 0 }').options.websockets[0], undefined)
  })

  test('may use keys of any name as variables', () => {
    assert.equal(load('my_port: 5000\nport: $my_port').options.nats.port, 5000)
  })

  test('that is empty is worth a warning', () => {
    assert.deepEqual(load('# nothing').warnings, ['belfry.conf: config has no values or is empty'])
  })

  test('with a number for a duration is in seconds, with a warning', () => {
    const { options, warnings } = load('ping_interval: 5')
    assert.equal(options.nats.pingIntervalMs, 5000)
    assert.deepEqual(warnings, [
      'belfry.conf:1:0: invalid use of field "ping_interval": ping_interval should be converted to a duration (write "5s")',
    ])
  })
})

describe('two listeners', () => {
  for (const [conf, ...errors] of [
    ['port: 7\nwebsocket { port: 7, no_tls: true }', 'NATS over TCP and for NATS over WebSocket'],
    ['listen: "127.0.0.1:7"\nhttp: "127.0.0.1:7"', 'NATS over TCP and for monitoring'],
    ['listen: "[::1]:7"\nhttp: "[::1]:7"', 'NATS over TCP and for monitoring'],
    [
      'websocket: [ { listen: "127.0.0.1:7", no_tls: true }, { port: 7, no_tls: true } ]',
      'NATS over WebSocket and for NATS over WebSocket',
    ],
    ['listen: "127.0.0.1:7"\nhttp: "127.0.0.2:7"'],
    ['listen: "0.0.0.0:7"\nhttp: "[::1]:7"'],
    ['port: -1\nwebsocket { port: -1, no_tls: true }\nhttp: -1'],
  ] as const) {
    test(`${JSON.stringify(conf)} ${errors.length > 0 ? 'exclude each other' : 'do not'}`, () => {
      assert.deepEqual(
        errorsOf(conf),
        errors.map((what) => `port 7 is both for ${what}: each needs one of its own`),
      )
    })
  }
})

describe('what is wrong in a file is reported with its place:', () => {
  for (const [conf, ...errors] of [
    ['prot: 1', '1:0: unknown field "prot" (did you mean "port"?)'],
    ['Jetsteam {}', '1:0: unknown field "Jetsteam" (did you mean "jetstream"?)'],
    ['\nwebsocket { port: 1, no_tsl: true }', '2:22: unknown field "no_tsl" (did you mean "no_tls"?)'],
    ['vault { DATA_FOLDR: x }', '1:8: unknown field "DATA_FOLDR" (did you mean "data_folder"?)'],
    [
      'host: 5\n port: "x"',
      '1:0: interface conversion: interface {} is int64, not string (write a text, in quotes)',
      '2:2: interface conversion: interface {} is string, not int64 (write a whole number, without quotes)',
    ],
    [
      'port: 1.5',
      '1:0: interface conversion: interface {} is float64, not int64 (write a whole number, without quotes)',
    ],
    ['port: 70000', '1:0: port must be a port from -1 to 65535, not 70000'],
    ['listen: true', '1:0: expected port or host:port, got bool'],
    ['listen: "x"', '1:0: could not parse address string "x"'],
    ['listen: "h:x"', '1:0: could not parse port "x"'],
    ['listen: "::1:5"', '1:0: could not parse address string "::1:5"'],
    ['server_name: "a b"', '1:0: server name cannot contain spaces'],
    ['max_payload: 5GB', '1:0: max_payload value is too big'],
    ['max_control_line: 9', '1:0: max_control_line must be a whole number from 512 to 1048576, not 9'],
    ['ping_max: -1', '1:0: ping_max must be a whole number from 1 to 2147483647, not -1'],
    ['ping_interval: "5x"', '1:0: error parsing ping_interval: time: unknown unit "x" in duration "5x"'],
    ['ping_interval: "5"', '1:0: error parsing ping_interval: time: missing unit in duration "5"'],
    [
      'ping_interval: true',
      '1:0: interface conversion: interface {} is bool, not int64 (write a duration, such as "2m")',
    ],
    ['ping_interval: "-1s"', '1:0: ping_interval must be from 1 ms to 2147483647 ms, not "-1000 ms"'],
    ['websocket: 5', '1:0: Expected websocket to be a map, got int64'],
    ['web: [x]', '1:0: Expected web to be a map, got []interface {}'],
    [
      'websocket { tls: 5 }',
      '1:12: interface conversion: interface {} is int64, not map[string]interface {} (write a block, in { })',
    ],
    [
      'websocket { tls { cert_fil: x, verify: 1 } }',
      '1:18: error parsing tls config, unknown field "cert_fil" (did you mean "cert_file"?)',
      "1:31: error parsing tls config, expected 'verify' to be a boolean",
    ],
    ['websocket { tls { cert_file: 5 } }', "1:18: error parsing tls config, expected 'cert_file' to be filename"],
    ['websocket { tls { cert_file: x } }', "1:12: missing 'key_file' in TLS configuration"],
    ['websocket { tls { key_file: x } }', "1:12: missing 'cert_file' in TLS configuration"],
    ['websocket { handshake_timeout: 1.5 }', '1:12: error parsing handshake timeout: unsupported type float64'],
    ['websocket { handshake_timeout: "x" }', '1:12: time: invalid duration "x"'],
    ['websocket { origins: 5 }', '1:12: error parsing allowed origins: unsupported type int64'],
    ['websocket { origins: [5 ] }', '1:22: error parsing allowed origins: unsupported type in array int64'],
    [
      'vault { domain: "vault.org" }',
      '1:8: domain must be a URL with its protocol, such as "https://vault.example.com", not "vault.org"',
    ],
    [
      'vault { password_iterations: 5 }',
      '1:8: password_iterations must be a whole number from 100000 to 2147483647, not 5',
    ],
    ['web { nats: maybe }', '1:6: nats must be "local", true or false, not "maybe"'],
    ['log_level: loud', '1:0: log_level must be one of off, error, warn, info, debug, trace, not "loud"'],
  ] as const) {
    test(conf, () =>
      assert.deepEqual(
        errorsOf(conf),
        errors.map((error) => `belfry.conf:${error}`),
      ),
    )
  }

  test('warnings stand before errors', () => {
    const [first, second] = errorsOf('prot: 1\nping_interval: 5')
    assert.match(first!, /should be converted/)
    assert.match(second!, /unknown field "prot"/)
  })

  test('a file that is not there', () => {
    const error = new ConfigError('open no.conf: no such file or directory')
    assert.throws(() => loadOptions({ configFile: 'no.conf', env: {}, cwd: '/srv' }), error)
  })

  test('max_payload above max_pending', () => {
    assert.deepEqual(errorsOf('max_payload: 2000, max_pending: 1000'), [
      'max_payload (2000) cannot be higher than max_pending (1000)',
    ])
  })
})
