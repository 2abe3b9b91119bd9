import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { KeyPair } from '#auth'
import { checkConfigFile, loadNatsOptions, loadOptions, type Overrides } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'

interface From {
  readonly env?: Record<string, string>
  readonly overrides?: Overrides
}

/** The options of a plain NATS server, with the folder's path cut off. */
function load(conf: string, { env = {}, overrides = {} }: From = {}) {
  using folder = new Folder({ 'x.conf': conf })
  const { options } = loadNatsOptions({ configFile: 'x.conf', env, cwd: folder.path, overrides })
  return JSON.parse(JSON.stringify(options).replaceAll(join(folder.path, '/'), ''))
}

const remotesOf = (remotes: string) => load(`leafnodes { remotes: [ ${remotes} ] }`).leafnodes.remotes
const listenerOf = (block: string) =>
  load(`accounts { A {}, B {} }\nleafnodes { port: 7422, ${block} }`).leafnodes.listener

function complaintsAbout(work: () => unknown): string[] {
  try {
    work()
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.split('\n')
  }
}

function loadVault(conf: string, { env = {}, overrides = {} }: From = {}) {
  using folder = new Folder({ 'x.conf': conf })
  const { options, warnings } = loadOptions({ configFile: 'x.conf', env, cwd: folder.path, overrides })
  return { ...options, warnings, folder: folder.path }
}

/** As the options have it: JSON has no `undefined`. */
const DEFAULT_REMOTE = {
  urls: [{ scheme: 'nats', host: 'hub', port: 7422, path: '' }],
  account: '$G',
  isHub: false,
  denyImports: [],
  denyExports: [],
  randomizes: true,
  wsCompression: false,
  wsNoMasking: false,
  firstInfoTimeoutMs: 1_000,
  dialTimeoutMs: 1_000,
  ignoresDiscoveredServers: false,
  isolates: false,
  requestsIsolation: false,
  writeTimeoutPolicy: 'retry',
}

describe('the listener for leaf nodes', () => {
  test('is off without a port, also where the block says other things of it', () => {
    const { listener, remotes, reconnectMs } = load('leafnodes { host: a, authorization { user: u } }').leafnodes
    assert.deepEqual([listener, remotes, reconnectMs], [undefined, [], 1_000])
    assert.equal(load('leafnodes { port: 0 }').leafnodes.listener, undefined)
  })

  test('has the defaults of nats-server', () => {
    assert.deepEqual(listenerOf(''), {
      host: '0.0.0.0',
      port: 7422,
      authorization: {},
      isolatesInterest: false,
      writeTimeoutPolicy: 'retry',
    })
  })

  test('takes any free port for -1', () => {
    assert.deepEqual([load('leafnodes { listen: "a:-1" }').leafnodes.listener.port], [0])
  })

  test('takes what is said of it', () => {
    const all = listenerOf(`advertise: "b:1", no_advertise: true, min_version: "2.10.4-beta.1", isolate: true
      write_deadline: "3s", write_timeout: close
      tls { cert_file: c.pem, key_file: k.pem, ca_file: ca.pem, verify_and_map: true, handshake_first: "auto" }`)
    const { tls, ...rest } = all
    assert.deepEqual(rest, {
      host: '0.0.0.0',
      port: 7422,
      advertise: 'b:1',
      minVersion: '2.10.4',
      isolatesInterest: true,
      writeDeadlineMs: 3_000,
      writeTimeoutPolicy: 'close',
      authorization: {},
    })
    assert.deepEqual(tls.certificates, [{ certFile: 'c.pem', keyFile: 'k.pem' }])
    assert.deepEqual([tls.caFile, tls.verify, tls.verifyAndMap, tls.handshakeFirst], ['ca.pem', true, true, 50])
  })

  test('knows one user, one nkey, or several users with accounts', () => {
    const authorizationOf = (block: string) => listenerOf(`authorization { ${block} }`).authorization
    assert.deepEqual(authorizationOf('user: u, password: p, account: A, timeout: "1.5s"'), {
      user: 'u',
      password: 'p',
      account: 'A',
      timeoutMs: 1_500,
    })
    assert.deepEqual(authorizationOf('username: u'), { user: 'u', password: '' })
    const nkey = KeyPair.create('user').publicKey
    assert.deepEqual(authorizationOf(`nkey: ${nkey}, account: B, timeout: 0`), { nkey, account: 'B' })
    assert.deepEqual(authorizationOf('users: [ { user: a, password: x, account: A }, { username: b, pass: y } ]'), {
      users: [
        { user: 'a', password: 'x', account: 'A' },
        { user: 'b', password: 'y', account: '$G' },
      ],
    })
    assert.deepEqual(authorizationOf('users: []'), {})
  })

  test('tells users of the table that leaf nodes know by certificates from those with an empty password', () => {
    const typesWith = (authorization: string, websocket = '') =>
      load(
        `${websocket}\nleafnodes { port: 7422, ${authorization}, tls { cert_file: c, key_file: k, verify_and_map: true } }`,
      ).nats.authorization.certificateTypes
    const websocket = 'websocket { port: 1, tls { cert_file: c, key_file: k, ca_file: a, verify: true } }'
    assert.deepEqual(typesWith('no_advertise: true'), ['LEAFNODE'])
    assert.deepEqual(typesWith('no_advertise: true', websocket), ['LEAFNODE', 'LEAFNODE_WS'])
    assert.deepEqual(typesWith('authorization { user: u, password: p }'), undefined)
    assert.deepEqual(typesWith('authorization { users: [ { user: u } ] }'), undefined)
  })

  test('needs an address of its own', () => {
    const conflict = (what: string) => [`port 7422 is both for ${what}: each needs one of its own`]
    const conf = (listener: string) => () => load(`${listener}\nleafnodes { port: 7422 }`)
    assert.deepEqual(complaintsAbout(conf('port: 7422')), conflict('NATS over TCP and for leaf nodes'))
    assert.deepEqual(complaintsAbout(conf('http: 7422')), conflict('leaf nodes and for monitoring'))
    assert.deepEqual(
      complaintsAbout(conf('websocket { port: 7422, no_tls: true }')),
      conflict('NATS over WebSocket and for leaf nodes'),
    )
  })
})

describe('a remote', () => {
  test('needs nothing but a URL', () => {
    assert.deepEqual(remotesOf('{ url: "nats://hub" }'), [DEFAULT_REMOTE])
  })

  test('takes what is said of it', () => {
    const { seed } = KeyPair.create('user')
    const [remote] = remotesOf(`{
      urls: [ "wss://a/x/y/", "ws://b:80" ], local: "$SYS", seed: ${seed}, hub: on
      deny_imports: "i.>", deny_export: [ "é.*", x ], no_randomize: true, ws_compress: yes, ws_no_masking: yes
      first_info_timeout: "2s", dial_timeout: "3s", ignore_discovered_servers: true, isolate: true
      request_isolation: true, proxy { url: "http://p:3128", username: u, password: s, timeout: "4s" }
      tls { ca_file: ca.pem, insecure: true, timeout: 5, handshake_first: true }
    }`)
    const { tls, ...rest } = remote
    assert.deepEqual(rest, {
      ...DEFAULT_REMOTE,
      urls: [
        { scheme: 'wss', host: 'a', port: 7422, path: '/x/y' },
        { scheme: 'ws', host: 'b', port: 80, path: '' },
      ],
      account: '$SYS',
      nkeySeed: seed,
      isHub: true,
      denyImports: ['i.>'],
      // Subjects are byte strings.
      denyExports: ['Ã©.*', 'x'],
      randomizes: false,
      wsCompression: true,
      wsNoMasking: true,
      firstInfoTimeoutMs: 2_000,
      dialTimeoutMs: 3_000,
      ignoresDiscoveredServers: true,
      isolates: true,
      requestsIsolation: true,
      proxy: { url: 'http://p:3128', username: 'u', password: 's', timeoutMs: 4_000 },
    })
    assert.deepEqual([tls.caFile, tls.isInsecure, tls.timeoutMs, tls.handshakeFirst], ['ca.pem', true, 5_000, true])
  })

  test('has of the block what it does not say itself', () => {
    const { remotes } = load(`leafnodes { dial_timeout: "5s", isolate: true, write_deadline: "2s", write_timeout: close
      remotes: [ { url: "nats://hub" }, { url: "nats://hub", dial_timeout: "0s", creds: a }, { url: "nats://b", dial_timeout: "1s" } ] }`).leafnodes
    const link = { isolates: true, writeDeadlineMs: 2_000, writeTimeoutPolicy: 'close' }
    assert.deepEqual(remotes[0], { ...DEFAULT_REMOTE, ...link, dialTimeoutMs: 5_000 })
    assert.deepEqual(remotes[1], { ...DEFAULT_REMOTE, ...link, dialTimeoutMs: 5_000, credentialsFile: 'a' })
    assert.equal(remotes[2].dialTimeoutMs, 1_000)
  })

  test('is left out when it is disabled or goes nowhere, but what is wrong with it is told', () => {
    assert.deepEqual(remotesOf('{ url: "nats://a", disabled: true }, { account: "$G" }'), [])
    const conf = 'leafnodes { remotes: [ { url: "nats://a", account: ZZ, disabled: true } ] }'
    assert.deepEqual(
      complaintsAbout(() => load(conf)),
      ['cannot find local account "ZZ" specified in leafnode remote (x.conf:1:25)'],
    )
  })

  const urls = {
    'nats://hub': { scheme: 'nats', host: 'hub', port: 7422, path: '' },
    ' tls://Hub.Example.com:1 ': { scheme: 'tls', host: 'Hub.Example.com', port: 1, path: '' },
    'nats-leaf://hub': { scheme: 'nats', host: 'hub', port: 7422, path: '' },
    'nats://[::1]': { scheme: 'nats', host: '::1', port: 7422, path: '' },
    'nats://[fe80::1]:1/': { scheme: 'nats', host: 'fe80::1', port: 1, path: '' },
    'ws://hub:443/a//b//': { scheme: 'ws', host: 'hub', port: 443, path: '/a//b' },
    'WSS://hub': { scheme: 'wss', host: 'hub', port: 7422, path: '' },
    'nats://token@hub': { scheme: 'nats', host: 'hub', port: 7422, path: '', user: 'token' },
    'nats://u:@hub': { scheme: 'nats', host: 'hub', port: 7422, path: '', user: 'u', password: '' },
    'nats://u%40x:p%3A%2F%C3%A9:q@hub': {
      scheme: 'nats',
      host: 'hub',
      port: 7422,
      path: '',
      user: 'u@x',
      password: 'p:/é:q',
    },
    'nats://@hub': { scheme: 'nats', host: 'hub', port: 7422, path: '' },
  }
  for (const [text, expected] of Object.entries(urls)) {
    test(`connects to ${text}`, () => {
      assert.deepEqual(remotesOf(`{ url: ${JSON.stringify(text)} }`)[0].urls, [expected])
    })
  }

  for (const [text, reason] of [
    ['hub.example.com', 'leafnode url "hub.example.com" has no host: write nats://host:port'],
    ['localhost:7422', 'leafnode url "localhost:7422" has no host: write nats://host:port'],
    ['nats://:7422', 'leafnode url "nats://:7422" has no host: write nats://host:port'],
    ['nats://hub:0', 'leafnode url "nats://hub:0" has no usable port'],
    ['nats://u:s3cret@hub:65536', 'leafnode url "nats://u:xxxxx@hub:65536" has no usable port'],
  ]) {
    test(`cannot connect to ${text}`, () => {
      const conf = `leafnodes { remotes: [ { url: "${text}" } ] }`
      assert.deepEqual(
        complaintsAbout(() => load(conf)),
        [`${reason} (x.conf:1:25)`],
      )
    })
  }

  test('logs in by credentials or by a seed, not both', () => {
    const { seed } = KeyPair.create('user')
    for (const login of [`nkey: ${seed}, creds: a`, `creds: a, seed: ${seed}`]) {
      const [complaint, ...others] = complaintsAbout(() => remotesOf(`{ url: "nats://h", ${login} }`))
      assert.match(complaint!, /^x\.conf:1:\d+: Remote leafnode can not have both creds and nkey defined$/)
      assert.deepEqual(others, [])
    }
    const account = KeyPair.create('account').seed
    assert.deepEqual(
      complaintsAbout(() => remotesOf(`{ seed: ${account} }`)),
      ['x.conf:1:25: Remote leafnode nkey is not a valid seed'],
    )
  })

  test('finds its credentials by ~ and variables of the environment', () => {
    const fileOf = (written: string, env: Record<string, string> = {}) =>
      load(`leafnodes { remotes: [ { url: "nats://h", creds: "${written}" } ] }`, { env }).leafnodes.remotes[0]
        .credentialsFile
    const env = { HOME: '/ann', WHO: 'app' }
    assert.equal(fileOf('a/b.creds'), 'a/b.creds')
    assert.equal(fileOf('~/b.creds', env), '/ann/b.creds')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: so names are written that letters follow
    assert.equal(fileOf('/x/$WHO-${WHO}s$NONE.creds', env), '/x/app-apps.creds')
    assert.deepEqual(
      complaintsAbout(() => fileOf('~/b.creds')),
      ['x.conf:1:42: failed to get home dir, require $HOME'],
    )
  })

  test('in a message shows neither its password, nor a user that may be a token, nor its seed', () => {
    const { seed } = KeyPair.create('user')
    const twice = `{ url: "nats://u:s3cret@h", seed: ${seed} }`
    const wrong = [
      '{ url: "nats://s3cret@h:x" }',
      '{ urls: [ "nats://u:s3cret@h", "nats://u:s3cret@h:x" ] }',
      '{ urls: [ "nats://s3cret@h", "ws://h" ] }',
      `${twice}, ${twice}`,
      '{ url: "wss://u:s3cret@h", proxy { url: "http://p" } }',
      '{ url: "ws://h", proxy { url: "http://u:s3cret@p:x" } }',
      '{ nkey: SUs3cret }',
    ]
    for (const remotes of wrong) {
      const complaints = complaintsAbout(() => remotesOf(remotes))
      assert.equal(complaints.length, 1, remotes)
      assert.doesNotMatch(complaints.join(), new RegExp(`s3cret|${seed}`))
    }
  })

  test('names the files that are loaded when a file is checked', () => {
    using folder = new Folder({
      'x.conf': `leafnodes { tls { cert_file: c, key_file: k }
        remotes: [ { url: "nats://a", tls { ca_file: ca } }, { url: "nats://b" } ] }`,
    })
    const { tls } = checkConfigFile('x.conf', { env: {}, cwd: folder.path })
    assert.deepEqual(
      tls.map(({ options: { certificates, caFile, verify } }) => ({ certificates, caFile, verify })),
      [
        {
          certificates: [{ certFile: join(folder.path, 'c'), keyFile: join(folder.path, 'k') }],
          caFile: undefined,
          verify: false,
        },
        { certificates: [], caFile: join(folder.path, 'ca'), verify: true },
      ],
    )
  })
})

describe('leaf nodes of a program', () => {
  const leafnodesOf = (leafnodes: NonNullable<Overrides['leafnodes']>) =>
    loadNatsOptions({ env: {}, cwd: '/srv', overrides: { leafnodes } }).options.leafnodes

  test('may be all that a file may have', () => {
    const { listener, remotes, reconnectMs } = leafnodesOf({
      port: 0,
      reconnectMs: 50,
      users: [{ user: 'a', password: 'b' }],
      remotes: [
        { urls: 'nats://u:p@hub:1', credentialsFile: undefined, tls: { caFile: 'ca.pem' }, denyImports: ['a'] },
        { urls: ['ws://a', 'ws://b'], randomizes: false, proxy: { url: 'http://p' } },
      ],
    })
    assert.deepEqual(
      [listener?.port, listener?.authorization.users, reconnectMs],
      [0, [{ user: 'a', password: 'b', account: '$G' }], 50],
    )
    const [first, second] = remotes
    assert.deepEqual(first?.urls, [{ scheme: 'nats', host: 'hub', port: 1, path: '', user: 'u', password: 'p' }])
    assert.deepEqual([first?.tls?.caFile, first?.tls?.isInsecure, first?.denyImports], ['/srv/ca.pem', false, ['a']])
    assert.deepEqual([second?.randomizes, second?.proxy?.url], [false, 'http://p'])
  })

  test('are checked as those of a file', () => {
    const seed = KeyPair.create('user').seed
    const wrong = (remote: object) => complaintsAbout(() => leafnodesOf({ remotes: [remote] }))
    assert.deepEqual(wrong({}), ['leafnodes.remotes[0] has no urls'])
    assert.deepEqual(wrong({ url: 'nats://a' }), ['unknown option "leafnodes.remotes[0].url" (did you mean "urls"?)'])
    assert.deepEqual(wrong({ urls: 5 }), ['leafnodes.remotes[0].urls must be a list of URLs'])
    assert.deepEqual(wrong({ urls: 'nats://a', nkeySeed: seed, credentialsFile: 'a' }), [
      'Remote leafnode can not have both creds and nkey defined',
    ])
    assert.deepEqual(wrong({ urls: ['nats://a', 'ws://a'] }), [
      'remote leaf node configuration cannot have a mix of websocket and non-websocket urls: ' +
        '["nats://a:7422" "ws://a:7422"]',
    ])
    assert.deepEqual(wrong({ urls: 'ws://a', proxy: { url: 'p' } }), [
      'leafnodes.remotes[0]: proxy URL scheme must be http or https, got: ',
    ])
    const users = [{ user: 'a' }, { user: 'a' }]
    assert.deepEqual(
      complaintsAbout(() => leafnodesOf({ users })),
      ['duplicate user "a" detected in leafnode authorization'],
    )
    assert.deepEqual(
      complaintsAbout(() => leafnodesOf({ users, user: 'b' })),
      ['can not have a single user/pass and a users array'],
    )
  })
})

describe('the NATS cluster of the vault', () => {
  test('is none unless its URL is set', () => {
    assert.equal(loadVault('port: 0').vault.cluster, undefined)
  })

  test('is a remote of account VAULT, with all defaults', () => {
    const env = {
      BELFRY_CLUSTER_URL: 'nats://n1:7433, nats://n2',
      BELFRY_CLUSTER_CREDENTIALS: 'vault.creds',
    }
    const { vault, folder } = loadVault('port: 0', { env })
    assert.deepEqual(JSON.parse(JSON.stringify(vault.cluster)), {
      ...DEFAULT_REMOTE,
      account: 'VAULT',
      urls: [
        { scheme: 'nats', host: 'n1', port: 7433, path: '' },
        { scheme: 'nats', host: 'n2', port: 7422, path: '' },
      ],
      credentialsFile: join(folder, 'vault.creds'),
    })
  })

  test('may log in by a user of the URL, over WebSocket as well', () => {
    const { cluster } = loadVault('vault { cluster_url: "wss://vault:s3cret@n1:443/nats" }').vault
    assert.deepEqual(cluster?.urls, [
      { scheme: 'wss', host: 'n1', port: 443, path: '/nats', user: 'vault', password: 's3cret' },
    ])
  })

  test('may have a certificate of a private authority', () => {
    const env = { BELFRY_CLUSTER_AUTHORITIES: 'ca.pem' }
    const { vault, folder, warnings } = loadVault('vault { cluster_url: "tls://n1" }', { env })
    assert.deepEqual(warnings, [])
    assert.equal(vault.cluster?.tls?.caFile, join(folder, 'ca.pem'))
    assert.equal(vault.cluster?.tls?.isInsecure, false)
  })

  test('is told what is wrong without showing a secret', () => {
    const rules =
      'must be one or several URLs separated by commas, as nats://user:password@host:7422, or with tls, ws or wss'
    for (const url of ['n1:7422', 'nats://u:s3cret@n1:x', 'http://u:s3cret@n1', 'nats://n1,', 'nats://u:s3cret@:1']) {
      const env = { BELFRY_CLUSTER_URL: url }
      assert.deepEqual(
        complaintsAbout(() => loadVault('port: 0', { env })),
        [`BELFRY_CLUSTER_URL ${rules}`],
        url,
      )
    }
    const wrong = (vault: string) => complaintsAbout(() => loadVault(`vault { ${vault} }`))
    assert.deepEqual(wrong('cluster_url: "nats://n1,ws://n2"'), [
      'vault: the URLs of cluster_url must all be WebSocket (ws, wss), or none of them',
    ])
    assert.deepEqual(wrong('cluster_credentials: a'), [
      'vault: cluster_credentials (BELFRY_CLUSTER_CREDENTIALS) without cluster_url (BELFRY_CLUSTER_URL)',
    ])
    assert.deepEqual(wrong('cluster_authorities: a'), [
      'vault: cluster_authorities (BELFRY_CLUSTER_AUTHORITIES) without cluster_url (BELFRY_CLUSTER_URL)',
    ])
    assert.deepEqual(wrong('cluster_url: "nats://u:s3cret@n1", cluster_credentials: a'), [
      'vault: cluster_url has a user, and there are cluster_credentials: only one of them can log in',
    ])
  })

  test('is where a remote of account VAULT belongs; to a plain NATS server it is an account like any other', () => {
    const conf = 'leafnodes { remotes: [ { url: "nats://h", account: VAULT } ] }'
    assert.deepEqual(
      complaintsAbout(() => loadVault(conf)),
      [
        'a leafnode remote cannot be in account "VAULT", which is the server\'s own: set cluster_url of vault {}, or ' +
          'BELFRY_CLUSTER_URL (x.conf:1:25)',
      ],
    )
    assert.equal(load(`accounts { VAULT {} }\n${conf}`).leafnodes.remotes[0].account, 'VAULT')
  })
})
