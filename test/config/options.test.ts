import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadOptions, type Overrides } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'

/** Loads `conf` as the file belfry.conf of a folder of its own. */
function load(conf: string | undefined, env: Record<string, string> = {}, overrides: Overrides = {}) {
  using folder = new Folder(conf === undefined ? {} : { 'belfry.conf': conf })
  return loadOptions({ configFile: conf === undefined ? undefined : 'belfry.conf', env, cwd: folder.path, overrides })
}

function errorsOf(conf: string | undefined, env: Record<string, string> = {}, overrides: Overrides = {}): string[] {
  try {
    load(conf, env, overrides)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message.split('\n')
  }
  return []
}

const NO_AUTHORIZATION = {
  user: undefined,
  password: undefined,
  token: undefined,
  timeoutMs: undefined,
  noAuthUser: undefined,
}

const NO_USERS = {
  ...NO_AUTHORIZATION,
  users: undefined,
  nkeyUsers: undefined,
  callout: undefined,
  maxFailureDelayMs: 1000,
  operator: undefined,
}

const PLAIN_WEBSOCKET = {
  host: '0.0.0.0',
  advertise: undefined,
  tls: undefined,
  sameOrigin: false,
  allowedOrigins: [],
  compression: false,
  handshakeTimeoutMs: 10_000,
  cookies: { jwt: undefined, user: undefined, password: undefined, token: undefined },
  headers: [],
  pingIntervalMs: undefined,
  authorization: NO_AUTHORIZATION,
  path: undefined,
  answersProbes: true,
  proxyProtocol: false,
  trustedProxies: 'none',
  maxConnectionsPerAddress: 0,
}

/** What a vault without settings has. */
const vaultIn = (dataFolder: string) => ({
  dataFolder,
  database: { kind: 'sqlite', databaseFile: `${dataFolder}/db.sqlite3` },
  rsaKeyFile: `${dataFolder}/rsa_key.pem`,
  domain: undefined,
  origin: 'http://localhost',
  basePath: '',
  signupsAllowed: true,
  signupsDomainsWhitelist: [],
  signupsVerify: false,
  signupsVerifyResend: { seconds: 3600, limit: 6 },
  invitationsAllowed: true,
  mailedTicketHours: 120,
  passwordIterations: 600_000,
  passwordHintsAllowed: true,
  showsPasswordHint: false,
  emailChangeAllowed: true,
  requiresDeviceEmail: false,
  loginRateLimit: { seconds: 60, maxBurst: 10 },
  unauthenticatedRateLimit: { seconds: 60, maxBurst: 50 },
  maxNoteCharacters: 10_000,
  featureFlags: [],
  suppressesOnboarding: false,
  twoFactor: {
    remembersDevices: true,
    allowsTimeDrift: true,
    email: { isOn: false, digits: 6, expirationSeconds: 600, maxAttempts: 3 },
    yubico: undefined,
    incompleteAfterMinutes: 3,
  },
  attachments: { folder: `${dataFolder}/attachments`, maxBytesPerUser: undefined },
  sends: { isOn: true, folder: `${dataFolder}/sends`, maxBytesPerUser: undefined },
  icons: {
    service: 'internal',
    redirectCode: 302,
    cacheFolder: `${dataFolder}/icon_cache`,
    cacheSeconds: 2_592_000,
    negativeCacheSeconds: 259_200,
    downloadTimeoutMs: 10_000,
    downloads: true,
  },
  outgoing: { blockedHosts: undefined, blocksNonGlobalAddresses: true, prefersIpv6: false },
  mail: undefined,
  jobs: JOBS,
  cluster: undefined,
})

const JOBS = {
  pollIntervalMs: 30_000,
  trashPurgeSchedule: '0 5 0 * * *',
  trashAutoDeleteDays: undefined,
  sendPurgeSchedule: '0 5 * * * *',
  incompleteLoginSchedule: '30 * * * * *',
  authRequestPurgeSchedule: '30 * * * * *',
}

test('without any settings there are complete options', () => {
  const { options, warnings } = loadOptions({ env: {}, cwd: '/srv' })
  assert.deepEqual(warnings, [])
  assert.deepEqual(options, {
    nats: {
      host: '127.0.0.1',
      port: 4222,
      serverName: undefined,
      serverTags: [],
      maxPayloadBytes: 1_048_576,
      maxPendingBytes: 67_108_864,
      maxControlLineBytes: 4096,
      maxConnections: 65_536,
      maxSubscriptions: 0,
      maxSubscriptionTokens: 0,
      maxClosedClients: 10_000,
      pingIntervalMs: 120_000,
      pingMax: 2,
      writeDeadlineMs: 10_000,
      writeTimeoutPolicy: 'close',
      clientAdvertise: undefined,
      supportsHeaders: true,
      stallsFastProducers: true,
      lameDuckDurationMs: 120_000,
      lameDuckGraceMs: 10_000,
      tls: undefined,
      authorization: NO_USERS,
      accounts: [],
      systemAccount: undefined,
      proxyProtocol: false,
      trustedProxies: 'none',
      maxConnectionsPerAddress: 0,
    },
    websockets: [],
    leafnodes: { listener: undefined, remotes: [], reconnectMs: 1_000 },
    monitoring: undefined,
    web: {
      host: '127.0.0.1',
      port: 8000,
      tls: undefined,
      https: { host: '127.0.0.1', port: 8443, isOptional: true },
      nats: 'off',
      admitsVaultUsers: true,
      answersProbes: true,
      servesHub: true,
      webVault: { folder: undefined, iframeAncestors: [], connectSources: [] },
      ipHeader: 'X-Real-IP',
      trustedProxies: 'local',
    },
    vault: vaultIn('/srv/data'),
    hub: {
      maxConnections: 65_536,
      maxConnectionsPerUser: 64,
      maxConnectionsPerAddress: 0,
      maxAnonymousConnectionsPerAddress: 25,
      maxPendingBytes: 262_144,
      handshakeTimeoutMs: 15_000,
      keepAliveMs: 15_000,
      clientTimeoutMs: 30_000,
      drainWindowMs: 3_000,
      allowedOrigins: [],
      sameOrigin: false,
    },
    hubs: {},
    identity: undefined,
    relay: { installations: [], internalKey: undefined },
    push: {
      relay: undefined,
      web: { contact: 'mailto:belfry@example.com', keyFile: '/srv/data/vapid_key.pem' },
      maxQueued: 10_000,
    },
    metrics: { listen: undefined, token: undefined },
    admin: undefined,
    control: { socket: '/srv/data/control.sock', tlsReloadIntervalMs: 5_000 },
    oldHub: undefined,
    log: {
      level: 'info',
      roomLevels: {},
      requests: 'errors',
      debug: false,
      trace: false,
      traceVerbose: false,
      traceHeaders: false,
      maxTracedBytes: 0,
      time: true,
      timeUtc: false,
      file: undefined,
      fileSizeLimitBytes: 0,
      maxFiles: 0,
    },
    process: { pidFile: undefined, portsFileFolder: undefined },
  })
})

test('options cannot be changed, down to the last list', () => {
  const { options } = load('websocket { port: 1, no_tls: true, allowed_origins: "https://a" }')
  assert.throws(() => Object.assign(options.nats, { port: 1 }), TypeError)
  assert.throws(() => (options.websockets[0]!.allowedOrigins as string[]).push('x'), TypeError)
})

test('the command line beats the file, the file the environment, the environment the default', () => {
  const env = { ROCKET_PORT: '1', ROCKET_ADDRESS: 'env', LOG_LEVEL: 'debug', DOMAIN: 'https://env' }
  const { options } = load('web { port: 2, host: file }\nvault { domain: "https://file" }', env, { web: { port: 3 } })
  assert.equal(options.web.port, 3)
  assert.equal(options.web.host, 'file')
  assert.equal(options.vault.domain, 'https://file')
  assert.equal(options.log.level, 'debug')
})

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

describe('a program', () => {
  test('can set anything, port 0 being any free one', () => {
    const { options } = load(
      undefined,
      {},
      { websocket: { port: 0, noTls: true }, nats: { port: -1, host: undefined } },
    )
    assert.equal(options.websockets[0]!.port, 0)
    assert.deepEqual(pick(options.nats), { host: '127.0.0.1', port: 0 })
  })

  test('can turn local HTTPS off', () => {
    assert.equal(load(undefined, {}, { web: { https: false } }).options.web.https, undefined)
  })

  test('is told what it got wrong', () => {
    const overrides = { nats: { prot: 1, maxPayloadBytes: 0 }, web: { tls: { certFile: 'x' } } } as unknown as Overrides
    assert.deepEqual(errorsOf(undefined, {}, overrides), [
      'unknown option "nats.prot" (did you mean "nats.port"?)',
      'nats.maxPayloadBytes must be a whole number from 1 to 2147483647, not 0',
      'web.tls must be { certFile, keyFile }, not {"certFile":"x"}',
    ])
  })
})

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

function pick({ host, port }: { host: string; port: number }) {
  return { host, port }
}

describe('the Identity service of an official server', () => {
  const ID = '8A5AD1A9-cf1c-4a7b-9ba5-2f6ad1bb2d63'

  test('is named by the variables of that server', () => {
    const env = {
      globalSettings__baseServiceUri__internalIdentity: 'http://identity:5000/',
      globalSettings__installation__id: ID,
    }
    const identity = { authority: 'http://identity:5000', installationId: ID.toLowerCase() }
    assert.deepEqual(load(undefined, env).options.identity, identity)
  })

  test('is named in the file, and stands there alone', () => {
    const { options } = load('hub { identity { authority: "https://identity.example.com/identity" } }')
    assert.deepEqual(options.identity, {
      authority: 'https://identity.example.com/identity',
      installationId: undefined,
    })
  })

  test('is none without an address, whatever the installation', () => {
    assert.equal(load(undefined, { globalSettings__installation__id: ID }).options.identity, undefined)
  })

  test('needs an address that is one', () => {
    assert.match(errorsOf('hub { identity { authority: "identity:5000" } }')[0]!, /authority must be a URL/)
    assert.match(errorsOf('hub { identity { installation_id: "x" } }')[0]!, /installation_id must be a UUID/)
  })
})
