import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadOptions, type Overrides } from '#config'
import { NO_USERS, vaultIn } from './defaults.ts'
import { errorsOf, load, pick } from './loading.ts'

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
