import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { checkPassword, encodeJwt, isPublicKey, KeyPair, kindOf } from '#auth'
import { AppTokens } from '#doors/hub'
import { systemClock } from '#kit'
import { runProgram, startProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { within } from '../helpers/wait.ts'

const BELFRY = path.resolve(import.meta.dirname, '../../bin/belfry')

/** What `belfry admin` says. */
function admin(args: readonly string[], { input, folder }: { input?: string; folder?: TemporaryFolder } = {}) {
  return runProgram({ command: BELFRY, args: ['admin', ...args], input: input ?? '', cwd: folder?.path })
}

const ACCOUNTS = `
accounts {
  A {
    users: [
      { user: ada, password: a, allowed_connection_types: [WEBSOCKET],
        permissions: { publish: { allow: ["orders.>", "q.*"], deny: "orders.secret" }, subscribe: ["inbox.>", "jobs workers"], allow_responses: { max: 5, expires: "2m" } } }
      { user: guest, password: g }
      { user: visitor, permissions: { publish: { deny: ">" }, subscribe: { allow: "news.>", deny: ["news.old", "news.own"] } } }
    ]
    exports: [ { stream: "news.>" }, { service: "time.get", accounts: [B] } ]
    mappings: { "old.*": "new.$1" }
    limits: { max_connections: 100 }
  }
  B {
    users: [ { nkey: UCJ6OLFEO2YHGK7FLVJEIXTUD6SBLNAMU2KPUYXJ3MOCXOFDEWN46UHL } ]
    imports: [ { stream: { account: A, subject: "news.>" }, prefix: a }, { service: { account: A, subject: "time.get" }, to: clock } ]
  }
}
no_auth_user: guest
`

async function withAccounts(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder()
  await writeFile(folder.join('nats.conf'), ACCOUNTS)
  return folder
}

for (const [flags, form] of [
  [[], /^\$2[aby]\$11\$/],
  [['--cost', '4'], /^\$2[aby]\$04\$/],
  [['--argon2'], /^\$argon2id\$v=19\$/],
] as const) {
  test(`hash ${flags.join(' ')} prints a hash that the password fits`, async () => {
    const { code, stdout, stderr } = await admin(['hash', ...flags], { input: 'correct horse\n' })
    assert.equal(code, 0, stderr)
    const hash = stdout.trimEnd()
    assert.match(hash, form)
    assert.equal(await checkPassword(hash, 'correct horse'), true)
    assert.equal(await checkPassword(hash, 'wrong horse'), false)
  })
}

for (const [args, input, complaint] of [
  [['hash'], '', 'The password is empty'],
  [['hash'], 'x'.repeat(73), 'Cannot hash it: The password is longer than 72 bytes'],
  [['hash'], 'x'.repeat(70_000), 'What comes from stdin is too long for a secret'],
  [['hash', '--cost', '3'], 'secret', 'Cannot hash it: The cost must be from 4 to 31'],
  [['hash', '--argon2', '--cost', '9'], 'secret', '--cost is that of bcrypt'],
  [['nkey', '--public'], 'SUNOSEED', 'That is not the seed of an nkey'],
  [['permissions'], '', 'Say whose permissions: a user, or a credentials file with --creds'],
  [['permissions', 'ada'], '', 'Name the configuration that the user is in, with -c'],
  [['permissions', 'ada', '--creds', 'x'], '', 'A credentials file says by itself whose it is: leave out the user'],
  [['permissions', '--creds', '/none'], '', `Cannot read "/none": ENOENT: no such file or directory, open '/none'`],
] as const) {
  test(`${args.join(' ')} < ${input.slice(0, 10)} fails: ${complaint}`, async () => {
    const { code, stdout, stderr } = await admin(args, { input })
    assert.deepEqual([code, stdout, stderr], [1, '', `belfry: ${complaint}\n`])
  })
}

test('on a terminal a password is asked for twice and not shown', { skip: requireProgram('script').skip }, async () => {
  await using terminal = await startProgram({
    command: 'script',
    args: ['-qec', `${BELFRY} admin hash --cost 4`, '/dev/null'],
    input: 'tell-nobody\rtell-nobody\r',
  })
  const { code } = await within(terminal.exited, 'the end of the command')
  assert.equal(code, 0, terminal.output)
  // The terminal itself echoes what was typed before the command took it over: what counts is what the command shows.
  const shown = terminal.output.slice(terminal.output.indexOf('Password: '))
  assert.match(shown, /^Password: \r?\nPassword again: \r?\n\$2[aby]\$04\$/)
  assert.ok(!shown.includes('tell-nobody'), shown)
})

for (const kind of ['user', 'account', 'operator', 'server', 'cluster', 'curve'] as const) {
  test(`nkey ${kind} prints a seed and its public key`, async () => {
    const { code, stdout, stderr } = await admin(['nkey', kind])
    assert.equal(code, 0, stderr)
    const [seed = '', publicKey = '', ...rest] = stdout.split('\n')
    assert.deepEqual(rest, [''])
    assert.ok(isPublicKey(publicKey, kind))
    assert.equal(KeyPair.fromSeed(seed)?.publicKey, publicKey)
    assert.equal((await admin(['nkey', '--public'], { input: `${seed}\n` })).stdout, `${publicKey}\n`)
  })
}

test('without a kind an nkey is that of a user', async () => {
  const { stdout } = await admin(['nkey'])
  assert.equal(kindOf(stdout.split('\n')[1] ?? ''), 'user')
})

test('permissions are told in words', async () => {
  await using folder = await withAccounts()
  const { code, stdout, stderr } = await admin(['permissions', 'ada', '-c', 'nats.conf'], { folder })
  assert.equal(code, 0, stderr)
  assert.equal(
    stdout,
    `ada, who has a password
  account    A
  doors      WEBSOCKET
  publish    orders.>, q.*; but not orders.secret
  subscribe  inbox.>, jobs in queue group workers
  answers    5 for each request within 2m, wherever they go
  limits     100 connections in the account
  exports    stream news.> to everybody
             service time.get to account B
  mappings   old.* goes to new.$1
`,
  )
})

test('imports are told of, and what a user without permissions of its own may do', async () => {
  await using folder = await withAccounts()
  const nkey = 'UCJ6OLFEO2YHGK7FLVJEIXTUD6SBLNAMU2KPUYXJ3MOCXOFDEWN46UHL'
  const { stdout } = await admin(['permissions', nkey, '-c', 'nats.conf'], { folder })
  assert.equal(
    stdout,
    `${nkey}, who has an nkey
  account    B
  doors      all
  publish    everything
  subscribe  everything
  imports    stream a.news.>, which is news.> of account A
             service clock, which is time.get of account A
`,
  )
})

test('who shows nothing is told of at the user that it is', async () => {
  await using folder = await withAccounts()
  const { stdout } = await admin(['permissions', 'guest', '-c', 'nats.conf'], { folder })
  assert.match(stdout, /^ {2}note {7}Who shows nothing is let in as this user \(no_auth_user\)\.$/m)
})

test('what is denied is told, and that there is no password', async () => {
  await using folder = await withAccounts()
  const { stdout } = await admin(['permissions', 'visitor', '-c', 'nats.conf'], { folder })
  const [who, , , ...what] = stdout.split('\n')
  assert.equal(who, 'visitor, who has no password')
  assert.deepEqual(what.slice(0, 2), ['  publish    nothing', '  subscribe  news.>; but not news.old, news.own'])
})

test('a user that does not exist is told as such', async () => {
  await using folder = await withAccounts()
  const { code, stderr } = await admin(['permissions', 'eve', '-c', 'nats.conf'], { folder })
  assert.deepEqual([code, stderr], [1, 'belfry: There is no user "eve" in the configuration\n'])
})

test('permissions are told to programs in JSON', async () => {
  await using folder = await withAccounts()
  const { stdout } = await admin(['permissions', 'ada', '-c', 'nats.conf', '--json'], { folder })
  assert.deepEqual(JSON.parse(stdout), {
    user: 'ada',
    account: 'A',
    allowed_connection_types: ['WEBSOCKET'],
    permissions: {
      publish: { allow: ['orders.>', 'q.*'], deny: ['orders.secret'] },
      subscribe: { allow: ['inbox.>', 'jobs workers'] },
      allow_responses: { max: 5, expires_ms: 120_000 },
    },
    account_limits: { max_connections: 100 },
    imports: [],
    exports: [{ stream: 'news.>' }, { service: 'time.get', accounts: ['B'] }],
    mappings: { 'old.*': [{ destination: 'new.$1', weight: 100 }] },
    notes: [],
  })
})

for (const [flags, answer] of [
  [['--publish', 'orders.new'], 'yes: ada may publish to orders.new: allowed by "orders.>"'],
  [['--publish', 'orders.secret'], 'no: ada may not publish to orders.secret: denied by "orders.secret"'],
  [['--publish', 'other'], 'no: ada may not publish to other: nothing allows it, save as an answer to a request'],
  [
    ['--publish', 'old.x'],
    'no: ada may not publish to old.x, which goes to new.x: nothing allows it, save as an answer to a request',
  ],
  [['--subscribe', 'inbox.*'], 'yes: ada may subscribe to inbox.*: allowed by "inbox.>"'],
  [
    ['--subscribe', 'jobs', '--queue', 'workers'],
    'yes: ada may subscribe to jobs in queue group workers: allowed by "jobs workers"',
  ],
  [['--subscribe', 'jobs'], 'no: ada may not subscribe to jobs: nothing allows it'],
] as const) {
  test(`permissions ada ${flags.join(' ')} answers ${answer}`, async () => {
    await using folder = await withAccounts()
    const { code, stdout } = await admin(['permissions', 'ada', '-c', 'nats.conf', ...flags], { folder })
    assert.deepEqual([stdout, code], [`${answer}\n`, answer.startsWith('yes') ? 0 : 1])
  })
}

test('a question that makes no sense is no answer', async () => {
  await using folder = await withAccounts()
  const ask = async (...flags: string[]) =>
    (await admin(['permissions', 'ada', '-c', 'nats.conf', ...flags], { folder })).stderr
  assert.equal(
    await ask('--publish', 'a.*'),
    'belfry: Nothing can be published to "a.*": that takes a subject without wildcards\n',
  )
  assert.equal(await ask('--subscribe', 'a..b'), 'belfry: "a..b" is not a subject\n')
  assert.equal(await ask('--queue', 'q'), 'belfry: --queue goes with --subscribe\n')
})

test('a credentials file tells what its user may do, and with the configuration what its account adds', async () => {
  await using folder = await temporaryFolder()
  const [operator, account, signer, user] = (['operator', 'account', 'account', 'user'] as const).map((kind) =>
    KeyPair.create(kind),
  ) as [KeyPair, KeyPair, KeyPair, KeyPair]
  const nowMs = Date.now()
  const operatorJwt = encodeJwt({ sub: operator.publicKey, nats: { type: 'operator' } }, operator, nowMs)
  const template = { pub: { allow: ['{{name()}}.>'] }, sub: {}, allowed_connection_types: ['websocket'] }
  const scope = { kind: 'user_scope', key: signer.publicKey, role: 'app', template }
  const limits = { conn: 7, leaf: -1, subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true }
  const accountJwt = encodeJwt(
    { sub: account.publicKey, name: 'Team', nats: { type: 'account', signing_keys: [scope], limits } },
    operator,
    nowMs,
  )
  const userJwt = encodeJwt(
    { sub: user.publicKey, name: 'joe', nats: { type: 'user', issuer_account: account.publicKey } },
    signer,
    nowMs,
  )
  await writeFile(
    folder.join('joe.creds'),
    `-----BEGIN NATS USER JWT-----\n${userJwt}\n------END NATS USER JWT------\n\n${user.seed}\n`,
  )
  const alone = await admin(['permissions', '--creds', 'joe.creds'], { folder })
  assert.equal(alone.code, 0, alone.stderr)
  assert.match(
    alone.stdout,
    new RegExp(`^${user.publicKey} \\(joe\\), who has a JWT\n  account    ${account.publicKey}\n`),
  )
  assert.match(alone.stdout, /The JWT of its account is not at hand/)
  assert.ok(!alone.stdout.includes(user.seed))

  for (const [resolver, note] of [
    ['MEMORY', 'It is not let in: the JWT of its account is not in resolver_preload.'],
    ['URL("http://127.0.0.1:1/")', 'The JWT of its account is at the URL of the resolver, which is not asked here.'],
    [
      '{ type: full, dir: jwt }',
      'The JWT of its account is not in the folder of the resolver, where nsc push brings it.',
    ],
  ]) {
    const config = `operator: ${operatorJwt}\nsystem_account: ${KeyPair.create('account').publicKey}\nresolver: ${resolver}\n`
    await writeFile(folder.join('nats.conf'), config)
    const { stdout, stderr } = await admin(['permissions', '--creds', 'joe.creds', '-c', 'nats.conf'], { folder })
    assert.ok(stdout.includes(note!), stdout + stderr)
  }

  await writeFile(
    folder.join('nats.conf'),
    `operator: ${operatorJwt}\nresolver: MEMORY\nresolver_preload: { ${account.publicKey}: ${accountJwt} }\n`,
  )
  const { stdout, stderr } = await admin(['permissions', '--creds', 'joe.creds', '-c', 'nats.conf'], { folder })
  assert.equal(
    stdout,
    `${user.publicKey} (joe), who has a JWT
  account    ${account.publicKey} (Team)
  doors      WEBSOCKET
  publish    joe.>
  subscribe  everything
  limits     7 connections in the account
  note       Its rights are those of signing key ${signer.publicKey}.
`,
    stderr,
  )
  const byName = await admin(['permissions', 'joe', '-c', 'nats.conf'], { folder })
  assert.equal(byName.stderr, 'belfry: Here users are known by their JWTs: name a file that has one, with --creds\n')
})

test('a JWT that lets nobody in is told as such', async () => {
  await using folder = await temporaryFolder()
  const [account, user] = [KeyPair.create('account'), KeyPair.create('user')]
  const nowMs = Date.now()
  const expired = { sub: user.publicKey, exp: Math.floor(nowMs / 1000) - 60, nats: { type: 'user' } } as const
  await writeFile(folder.join('late.jwt'), encodeJwt(expired, account, nowMs))
  const { stdout } = await admin(['permissions', '--creds', 'late.jwt'], { folder })
  assert.match(stdout, /^ {2}note {7}It is not let in: claim is expired\.$/m)

  await writeFile(folder.join('forged.jwt'), `${encodeJwt(expired, account, nowMs).slice(0, -8)}AAAAAAAA`)
  const forged = await admin(['permissions', '--creds', 'forged.jwt'], { folder })
  assert.deepEqual(
    [forged.code, forged.stderr],
    [1, 'belfry: The JWT of "forged.jwt" cannot be used: claim failed V2 signature verification\n'],
  )
})

const HUB_KEY = 'a-key-for-tests-that-has-32-characters'
const HUBS = `
hubs {
  chat { keys: ["${HUB_KEY}", "another-key-that-does-not-sign-any-more"] }
  lobby { anonymous: true }
}
`

async function withHubs(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder()
  await writeFile(folder.join('belfry.conf'), HUBS)
  return folder
}

test('hub-token prints a token of a client or of a publisher, which the hub takes', async () => {
  await using folder = await withHubs()
  const make = async (...args: string[]) => {
    const { code, stdout, stderr } = await admin(['hub-token', '-c', 'belfry.conf', ...args, 'chat'], { folder })
    assert.equal(code, 0, stderr)
    return stdout.trimEnd()
  }
  const tokens = new AppTokens({ hub: 'chat', keys: [HUB_KEY], clock: systemClock })
  const ofBob = await make('--user', 'bob@example.com', '--ttl', '10m', '--group', 'team', '--group', 'b')
  const { expiresAtMs, ...client } = (await tokens.client(ofBob))!
  assert.deepEqual(client, { user: 'bob@example.com', groups: ['team', 'b'] })
  // With the 30 seconds by which clocks may differ.
  const ttlMs = expiresAtMs - 30_000 - Date.now()
  assert.ok(ttlMs > 590_000 && ttlMs <= 600_000, `${ttlMs} ms`)
  assert.equal(await tokens.mayPublish(ofBob), false)
  assert.equal(await tokens.mayPublish(await make('--publisher')), true)
})

for (const [args, complaint] of [
  [['chta', '--user', 'bob'], 'There is no hub "chta" in hubs {}; there are: chat, lobby'],
  [['constructor', '--user', 'bob'], 'There is no hub "constructor" in hubs {}; there are: chat, lobby'],
  [['lobby', '--user', 'bob'], 'Hub lobby has no keys, so nobody can have a token'],
  [['chat'], 'Say whose token: --user, or --publisher'],
  [['chat', '--publisher', '--user', 'bob'], 'A publisher is no user and in no group'],
  [['chat', '--user', 'bob', '--ttl', '1d'], '--ttl: time: unknown unit "d" in duration "1d"'],
  [['chat', '--user', 'bob', '--ttl', '-1h'], '--ttl must be a second at least'],
  [
    ['chat', '--user', 'bob', '--group', 'team *.'],
    '"team *." is no id for users and groups: at most 256 bytes without spaces, wildcards and empty parts',
  ],
] as const) {
  test(`hub-token ${args.join(' ')} fails: ${complaint}`, async () => {
    await using folder = await withHubs()
    const { code, stdout, stderr } = await admin(['hub-token', ...args, '-c', 'belfry.conf'], { folder })
    assert.deepEqual([code, stdout, stderr], [1, '', `belfry: ${complaint}\n`])
  })
}
