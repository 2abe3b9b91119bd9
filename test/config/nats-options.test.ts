import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { checkConfigFile, type LoadNatsOptions, loadNatsOptions, loadOptions } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'

/** Loads `conf` as the file nats.conf of a folder of its own. */
function load(conf: string, from: Partial<LoadNatsOptions> = {}) {
  using folder = new Folder({ 'nats.conf': conf })
  return loadNatsOptions({ configFile: 'nats.conf', env: {}, cwd: folder.path, ...from })
}

describe('a plain NATS server', () => {
  test('knows nothing of the vault and the web', () => {
    const { options } = loadNatsOptions({ env: {}, cwd: '/srv' })
    assert.deepEqual(Object.keys(options).sort(), ['leafnodes', 'log', 'monitoring', 'nats', 'process', 'websockets'])
  })

  test('takes its file over its defaults, and the command line over both', () => {
    const from = { defaults: { nats: { host: '0.0.0.0', port: 1, pingMax: 9 } }, overrides: { nats: { port: 3 } } }
    const { host, port, pingMax } = load('host: a, port: 2', from).options.nats
    assert.deepEqual({ host, port, pingMax }, { host: 'a', port: 3, pingMax: 9 })
    assert.equal(load('port: 2', from).options.nats.host, '0.0.0.0')
  })

  test('asks the environment for the variables of its file, and for nothing else', () => {
    using folder = new Folder({ 'nats.conf': 'port: $P', '.env': 'P=1' })
    const env = { P: '5000', BELFRY_NATS_HOST: 'env', LOG_LEVEL: 'trace', DOMAIN: 'not a domain' }
    const { options } = loadNatsOptions({ configFile: 'nats.conf', env, cwd: folder.path })
    assert.deepEqual([options.nats.host, options.nats.port, options.log.level], ['127.0.0.1', 5000, 'info'])
  })

  test('remarks on blocks that only the rest of Belfry has a use for, but does not look into them', () => {
    const { warnings } = load('web { prot: 1 }\nvault { domain: x }')
    assert.deepEqual(warnings, ['nats.conf:1:0: web has no effect here', 'nats.conf:2:1: vault has no effect here'])
  })

  test('alone has log lines and files of its own: a whole Belfry says that they have no effect', () => {
    const conf = 'log_file: "x.log"\npid_file: "x.pid"\ndebug: true'
    assert.deepEqual(load(conf).warnings, [])
    using folder = new Folder({ 'nats.conf': conf })
    const { options, warnings } = loadOptions({ configFile: 'nats.conf', env: {}, cwd: folder.path })
    assert.equal(options.log.level, 'debug')
    assert.deepEqual(warnings, [
      'nats.conf:1:0: log_file has no effect here',
      'nats.conf:2:1: pid_file has no effect here',
    ])
  })

  test('is told the digest of its file', () => {
    const digest = '797533ebd0dfba7d34a0f9337ecf147e442871f48ddfd07ed751575a5737267e'
    assert.equal(load('port: 4222').digest, digest)
    assert.equal(loadNatsOptions({ env: {}, cwd: '/srv' }).digest, undefined)
  })

  test('may be monitored where its clients come in, or elsewhere', () => {
    const monitoring = (conf: string) => load(conf).options.monitoring
    assert.deepEqual(monitoring('host: h, http_port: -1'), {
      http: { host: 'h', port: 0 },
      https: undefined,
      basePath: '',
      tls: undefined,
    })
    assert.deepEqual(monitoring('http: "[::1]:8222", http_base_path: "/nats/"'), {
      http: { host: '::1', port: 8222 },
      https: undefined,
      basePath: '/nats',
      tls: undefined,
    })
    const https = monitoring('https: ":8223", tls { cert_file: /c, key_file: /k, verify_and_map: true }')
    assert.deepEqual(https?.https, { host: '0.0.0.0', port: 8223 })
    assert.deepEqual(
      [https?.tls?.verify, https?.tls?.verifyAndMap],
      [false, false],
      'who monitors needs no certificate',
    )
  })

  test('logs as much as the most detailed of its settings asks for', () => {
    const level = (conf: string) => load(conf).options.log.level
    assert.equal(level('debug: true'), 'debug')
    assert.equal(level('trace_verbose: true, debug: true'), 'trace')
    assert.equal(level('log_level: trace, debug: true'), 'trace')
    assert.equal(load('trace_headers: true').options.log.trace, true)
  })

  test('finds the files of log and process from the working directory', () => {
    using folder = new Folder({ 'nats.conf': 'log_file: l, pidfile: /run/p, ports_file_dir: d' })
    const { log, process } = loadNatsOptions({ configFile: 'nats.conf', env: {}, cwd: folder.path }).options
    assert.equal(log.file, join(folder.path, 'l'))
    assert.deepEqual(process, { pidFile: '/run/p', portsFileFolder: join(folder.path, 'd') })
  })
})

describe('tls {}', () => {
  const tlsOf = (inside: string) => load(`tls { cert_file: /c, key_file: /k, ${inside} }`).options.nats.tls!

  test('takes everything, by the names it has in Go', () => {
    const pin = 'AB'.repeat(32)
    assert.deepEqual(
      tlsOf(`ca_file: /ca, verify: true, timeout: "1.5s", min_version: "1.3", pinned_certs: ["${pin}"]
        cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_RSA_WITH_RC4_128_SHA], allow_insecure_cipher_suites: true
        curve_preferences: [CurveP256, X25519]`),
      {
        certificates: [{ certFile: '/c', keyFile: '/k' }],
        caFile: '/ca',
        verify: true,
        verifyAndMap: false,
        timeoutMs: 1500,
        cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_RSA_WITH_RC4_128_SHA'],
        curvePreferences: ['CurveP256', 'X25519'],
        minVersion: 'TLSv1.3',
        pinnedCerts: [pin.toLowerCase()],
        handshakeFirst: false,
        allowNonTls: false,
      },
    )
  })

  for (const [written, meant] of [
    ['true', true],
    ['"off"', false],
    ['auto', 50],
    ['"300ms"', 300],
    ['"0s"', true],
  ] as const) {
    test(`begins the handshake with ${written} as nats-server does`, () => {
      for (const key of ['handshake_first', 'first', 'immediate']) {
        assert.equal(tlsOf(`${key}: ${written}`).handshakeFirst, meant)
      }
    })
  }

  test('takes several certificates, each for names of its own', () => {
    const { options } = load('tls { certs: [ { cert_file: /a, key_file: /b }, { cert_file: /c, key_file: /d } ] }')
    assert.deepEqual(options.nats.tls!.certificates, [
      { certFile: '/a', keyFile: '/b' },
      { certFile: '/c', keyFile: '/d' },
    ])
  })

  test('says what of it has no effect, and refuses what would protect', () => {
    const conf = (inside: string) => `tls { cert_file: /c, key_file: /k, ${inside} }`
    assert.deepEqual(load(conf('insecure: true, connection_rate_limit: 5')).warnings, [
      'nats.conf:1:35: insecure has no effect here',
      'nats.conf:1:51: connection_rate_limit has no effect here',
    ])
    const refusal =
      'nats.conf:1:35: ocsp_peer: checking client certificates by OCSP is not supported by this version of Belfry'
    assert.throws(() => load(conf('ocsp_peer: true')), new ConfigError(refusal))
    assert.deepEqual(load(conf('ocsp_peer: false')).warnings, [])
  })

  test('can be set by a program in part', () => {
    const certificates = [{ certFile: '/c', keyFile: '/k' }]
    const { options } = load('', { overrides: { nats: { tls: { certificates, verify: true, caFile: undefined } } } })
    assert.deepEqual([options.nats.tls!.verify, options.nats.tls!.timeoutMs], [true, 2000])
  })

  test('is told with its place by a check, so that its files can be looked at', () => {
    using folder = new Folder({
      'nats.conf':
        'tls { cert_file: c, key_file: /k }\nwebsocket {\n tls { certs: [ { cert_file: d, key_file: l } ] }\n}',
    })
    const { tls } = checkConfigFile('nats.conf', { env: {}, cwd: folder.path })
    assert.deepEqual(
      tls.map(({ position, options }) => [position.line, position.column, options.certificates]),
      [
        [1, 0, [{ certFile: join(folder.path, 'c'), keyFile: '/k' }]],
        [3, 2, [{ certFile: join(folder.path, 'd'), keyFile: join(folder.path, 'l') }]],
      ],
    )
  })
})

describe('authorization', () => {
  test('may be a token, or a user, for all clients', () => {
    assert.equal(load('authorization { token: t }').options.nats.authorization.token, 't')
    const { user, password, timeoutMs } = load('authorization { user: u, password: "", timeout: 0.25 }').options.nats
      .authorization
    assert.deepEqual({ user, password, timeoutMs }, { user: 'u', password: undefined, timeoutMs: 250 })
  })

  test('takes an empty text as none, as a variable that is not set leaves it', () => {
    const { user, token } = load('authorization { user: "", token: t }').options.nats.authorization
    assert.deepEqual({ user, token }, { user: undefined, token: 't' })
  })
})
