/** Belfry as its users start it: the program, its exit codes, and what it leaves behind. */
import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { login, PASSWORD, register } from '../helpers/account.ts'
import { freePort, type RunningProgram, runProgram, startProgram } from '../helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { once, within } from '../helpers/wait.ts'

const BELFRY = path.resolve(import.meta.dirname, '../../bin/belfry')

interface Started {
  readonly program: RunningProgram
  readonly webUrl: string
  readonly natsPort: number
}

async function start(folder: TemporaryFolder, env: Record<string, string> = {}, more = ''): Promise<Started> {
  const config = folder.join('belfry.conf')
  await writeFile(config, `listen: "127.0.0.1:-1"\nweb { listen: "127.0.0.1:-1", https: "127.0.0.1:-1" }\n${more}`)
  const program = await startProgram({
    command: BELFRY,
    args: ['-c', config],
    cwd: folder.path,
    env: { LOG_LEVEL: 'debug', ...env },
    ready: /Stop with Ctrl-C/,
  })
  const [, webUrl] = await program.saying(/\(and (http:\S+)\)/)
  const [, natsPort] = await program.saying(/nats:\/\/127\.0\.0\.1:(\d+)/)
  return { program, webUrl: webUrl!, natsPort: Number(natsPort) }
}

test('it says where it is, where its data lies and how to stop it, and its page opens', async () => {
  await using folder = await temporaryFolder()
  const { program, webUrl } = await start(folder)
  await using _ = program
  assert.match(program.stdout, /Bitwarden server {3}https:\/\/localhost:\d+/)
  assert.match(program.stdout, /NATS of the vault {2}wss:\/\/localhost:\d+\/nats {3}\(for signed-in users\)$/m)
  assert.match(program.stdout, /Data +data$/m)
  const [, authority] = await program.saying(/NODE_EXTRA_CA_CERTS=(\S+)/)
  assert.match(await readFile(authority!, 'utf8'), /BEGIN CERTIFICATE/)
  for (const file of ['db.sqlite3', 'rsa_key.pem', 'tls/ca-key.pem']) {
    assert.equal((await stat(folder.join('data', file))).mode & 0o077, 0, file)
  }
  const page = await fetch(webUrl)
  assert.equal(page.status, 200)
  assert.match(await page.text(), /Belfry/)
})

test('it says where a web vault is to be opened: without a warning of certificates, where that is possible', async () => {
  await using folder = await temporaryFolder()
  const settings = { DOMAIN: 'https://vault.example/below' }
  const { program, webUrl } = await start(folder, settings)
  await using _ = program
  assert.match(webUrl, /^http:\/\/127\.0\.0\.1:\d+\/below$/)
  assert.ok(program.stdout.includes(`  Web vault          ${webUrl}\n`), program.stdout)
  assert.match(await (await fetch(webUrl)).text(), /<script type="module"/)
})

test('it says where the hubs of the operator are, that it relays, and by whom it pushes, where that is configured', async () => {
  await using folder = await temporaryFolder()
  const more = `
    hubs { chat { keys: "${'k'.repeat(32)}" }, news { anonymous: true } }
    relay { installations: [ { id: "8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63", key: "wq2Hn6zYcV8sTf4uXe1K" } ] }
    push {
      enabled: true, installation_id: "8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63", installation_key: "wq2Hn6zYcV8sTf4uXe1K"
      relay_uri: "http://127.0.0.1:1", identity_uri: "http://127.0.0.1:1"
    }`
  const { program, webUrl } = await start(folder, { DOMAIN: 'https://example.com/bw' }, more)
  await using _ = program
  assert.ok(
    program.stdout.includes(`\n  Hubs of your own   ${webUrl}/hubs/chat, ${webUrl}/hubs/news\n`),
    program.stdout,
  )
  assert.match(program.stdout, /^ {2}Relay {14}for 1 other server$/m)
  assert.match(program.stdout, /^ {2}Push to phones {5}by http:\/\/127\.0\.0\.1:1$/m)
  const key = 'k'.repeat(32)
  const said = await fetch(`${webUrl}/hubs/chat/all`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}` },
    body: '{"target":"t","arguments":[]}',
  })
  assert.equal(said.status, 202)
})

test('it warns of passwords that can be read, and never shows them', async () => {
  for (const [password, warns] of [
    ['open-sesame', true],
    ['"$2b$04$m3HTRlNPLrSzRRQbiNQVFuYJSUkzXmn3sObDAYN1aHtEM4LRN2V3S"', false],
  ] as const) {
    await using folder = await temporaryFolder()
    const { program } = await start(folder, {}, `authorization { users: [ { user: ada, password: ${password} } ] }\n`)
    await using _ = program
    assert.equal(/^belfry: passwords of NATS users can be read in the configuration/m.test(program.stderr), warns)
    assert.ok(!program.stderr.includes('open-sesame'))
  }
})

test('the process that was started is the server, whose id launchers track', async () => {
  await using folder = await temporaryFolder()
  const { program, natsPort } = await start(folder)
  await using _ = program
  const socket = net.connect(natsPort, '127.0.0.1')
  await once(socket, 'data')
  process.kill(program.child.pid!, 'SIGKILL')
  await once(socket, 'close')
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} closes connections and ends it cleanly`, async () => {
    await using folder = await temporaryFolder()
    const { program, natsPort, webUrl } = await start(folder)
    await using _ = program
    const socket = net.connect(natsPort, '127.0.0.1')
    await once(socket, 'data')
    // A connection that a browser keeps open must not hold the end up either.
    await fetch(webUrl, { headers: { Connection: 'keep-alive' } })
    const closed = once(socket, 'close')
    program.child.kill(signal)
    assert.deepEqual(await within(program.exited, 'a clean end', 5_000), { code: 0, signal: null })
    await closed
  })
}

test('a second signal ends it at once, although a request is still under way', async () => {
  await using folder = await temporaryFolder()
  const { program, webUrl } = await start(folder)
  await using _ = program
  const { hostname, port } = new URL(webUrl)
  const socket = net.connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write('POST /identity/connect/token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n')
  await once(socket, 'connect')
  program.child.kill('SIGTERM')
  await program.saying(/closing/)
  const started = performance.now()
  program.child.kill('SIGTERM')
  assert.deepEqual(await within(program.exited, 'the end', 5_000), { code: 1, signal: null })
  assert.ok(performance.now() - started < 2_500)
  socket.destroy()
})

test('a port that is taken ends the start with one line that names it, and exit code 1', async () => {
  await using folder = await temporaryFolder()
  const taken = net.createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as net.AddressInfo
  for (const config of [
    `listen: "127.0.0.1:${port}"\nweb { listen: "127.0.0.1:-1", https: "127.0.0.1:-1" }`,
    `listen: "127.0.0.1:-1"\nweb { listen: "127.0.0.1:${port}", https: "127.0.0.1:-1" }`,
    `listen: "127.0.0.1:-1"\nweb { listen: "127.0.0.1:-1", https: "127.0.0.1:${port}" }`,
    `listen: "127.0.0.1:-1"\nweb { listen: "127.0.0.1:-1", https: false }\nwebsocket { listen: "127.0.0.1:${port}", no_tls: true }`,
  ]) {
    await writeFile(folder.join('belfry.conf'), config)
    const { code, stderr, stdout } = await runProgram({
      command: BELFRY,
      args: ['-c', 'belfry.conf'],
      cwd: folder.path,
      env: { LOG_LEVEL: 'warn' },
    })
    assert.equal(stderr, `belfry: Cannot bind "127.0.0.1:${port}": address in use\n`)
    assert.equal(stdout, '')
    assert.equal(code, 1)
  }
  taken.close()
})

test('the local HTTPS listener that nobody asked for is done without when its port is taken', async () => {
  await using folder = await temporaryFolder()
  await using _port = await occupied(8443)
  const program = await startProgram({
    command: BELFRY,
    args: ['-p', '-1'],
    cwd: folder.path,
    env: { ROCKET_PORT: String(await freePort()) },
    ready: /Stop with Ctrl-C/,
  })
  await using _ = program
  assert.match(program.stdout, /Bitwarden server {3}http:\/\/127\.0\.0\.1:\d+$/m)
  assert.doesNotMatch(program.stdout, /NODE_EXTRA_CA_CERTS/)
  assert.match(program.stderr, /no local HTTPS/)
})

/** Holds a port of 127.0.0.1, unless somebody else does already: all that counts is that it is taken. */
async function occupied(port: number): Promise<AsyncDisposable> {
  const server = net.createServer()
  const held = new Promise((resolve) => server.once('listening', resolve).once('error', resolve))
  server.listen(port, '127.0.0.1')
  await held
  return { [Symbol.asyncDispose]: async () => void server.close() }
}

test('a word that is no command ends with one line that says so, and starts nothing', async () => {
  await using folder = await temporaryFolder()
  const { code, stdout, stderr } = await runProgram({
    command: BELFRY,
    args: ['stauts', '-c', 'nowhere.conf'],
    cwd: folder.path,
  })
  assert.deepEqual([code, stdout], [1, ''])
  assert.equal(stderr, 'belfry: there is no command "stauts": belfry --help names them all\n')
})

test('a data folder, a database or a key that cannot be used ends the start with one line that names it', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('file'), 'not a folder')
  await writeFile(folder.join('garbage.sqlite3'), 'not a database, but long enough to be looked at as one'.repeat(50))
  await writeFile(folder.join('key.pem'), 'not a key')
  const port = await freePort()
  const cases: [env: Record<string, string>, named: string][] = [
    [{ DATA_FOLDER: folder.join('file') }, folder.join('file')],
    [{ DATA_FOLDER: folder.join('file/below') }, folder.join('file/below')],
    [{ DATA_FOLDER: '/proc/belfry/data' }, '/proc/belfry'],
    [{ DATABASE_URL: `sqlite://${folder.join('garbage.sqlite3')}` }, folder.join('garbage.sqlite3')],
    [{ RSA_KEY_FILENAME: folder.join('key') }, folder.join('key.pem')],
    [{ ROCKET_TLS: `{certs="${folder.join('no.pem')}",key="${folder.join('no.key')}"}` }, folder.join('no.pem')],
    [{ ROCKET_TLS: `{certs="${folder.join('key.pem')}",key="${folder.join('key.pem')}"}` }, folder.join('key.pem')],
  ]
  for (const [env, named] of cases) {
    const { code, stderr } = await runProgram({
      command: BELFRY,
      args: ['-p', '-1'],
      cwd: folder.path,
      env: { ROCKET_PORT: String(port), LOG_LEVEL: 'warn', ...env },
    })
    assert.equal(code, 1, stderr)
    assert.match(stderr, /^belfry: [^\n]+\n$/, stderr)
    assert.ok(stderr.includes(named), stderr)
  }
})

test('a mistake in the configuration ends the start with a line for each, and check finds it without starting', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('belfry.conf'), 'listn: 4222\nweb { port: 99999 }\n')
  for (const args of [
    ['-c', 'belfry.conf'],
    ['check', '-c', 'belfry.conf'],
  ]) {
    const { code, stderr } = await runProgram({ command: BELFRY, args, cwd: folder.path })
    assert.equal(code, 1)
    assert.match(stderr, /belfry\.conf:1:0: unknown field "listn" \(did you mean "listen"\?\)/)
    assert.match(stderr, /belfry\.conf:2:\d+: .*99999/)
  }
})

test('what was answered is kept when the process is killed the moment after', async () => {
  await using folder = await temporaryFolder()
  const email = 'alice@example.com'
  let id: string
  {
    const { program, webUrl } = await start(folder)
    await using _ = program
    await register({ server: webUrl, email })
    const device = await login({ server: webUrl, email })
    const made = await device.post('/api/ciphers', device.loginItem('Kept'))
    id = made.json.id
    program.child.kill('SIGKILL')
    await program.exited
  }
  const { program, webUrl } = await start(folder)
  await using _ = program
  const device = await login({ server: webUrl, email })
  assert.equal(device.decrypt((await device.get(`/api/ciphers/${id}`)).json.name), 'Kept')
})

test('the log holds no password, no token and no query, at its most talkative', async () => {
  await using folder = await temporaryFolder()
  const { program, webUrl } = await start(folder, { LOG_LEVEL: 'trace' })
  await using _ = program
  const email = 'alice@example.com'
  await register({ server: webUrl, email })
  const device = await login({ server: webUrl, email })
  await device.get('/api/sync?excludeDomains=true')
  await fetch(`${webUrl}/notifications/hub?access_token=${device.accessToken}`)
  const hub = new WebSocket(`${webUrl.replace('http', 'ws')}/notifications/hub?access_token=${device.accessToken}`)
  await new Promise((resolve) => hub.addEventListener('open', resolve, { once: true }))
  hub.close()
  await login({ server: webUrl, email, password: 'wrong password' }).catch(() => undefined)
  await program.saying(/login failed/)
  await program.stop()
  for (const secret of [
    PASSWORD,
    'wrong password',
    device.passwordHash,
    device.accessToken,
    device.token.refresh_token,
    device.token.Key,
    device.accessToken.split('.')[2]!,
  ]) {
    assert.ok(!program.output.includes(secret), `the log has ${secret.slice(0, 12)}…`)
  }
})

test('belfry account create makes an account that can log in, and says why it cannot', async () => {
  await using folder = await temporaryFolder()
  const { program, webUrl } = await start(folder, { SIGNUPS_DOMAINS_WHITELIST: 'example.com' })
  await using _ = program
  const create = (email: string, env: Record<string, string | undefined> = { BELFRY_PASSWORD: PASSWORD }) =>
    runProgram({ command: BELFRY, args: ['account', 'create', email, '--server', webUrl], env })

  assert.deepEqual(await create('bob@example.com'), {
    code: 0,
    signal: null,
    stdout: `Created the account bob@example.com at ${webUrl}\n`,
    stderr: '',
  })
  const device = await login({ server: webUrl, email: 'bob@example.com' })
  assert.equal((await device.get('/api/accounts/profile')).json.email, 'bob@example.com')

  const again = await create('bob@example.com')
  assert.equal(again.code, 1)
  assert.match(again.stderr, /^belfry: Cannot create the account at http\S+: .*already exists\n$/)
  assert.match(
    (await create('eve@elsewhere.org')).stderr,
    /^belfry: Cannot create the account at http\S+: Registration not allowed/,
  )
  const without = await create('carol@example.com', { BELFRY_PASSWORD: undefined })
  assert.match(without.stderr, /^belfry: There is no password: set BELFRY_PASSWORD/)
  const nobody = await runProgram({
    command: BELFRY,
    args: ['account', 'create', 'a@example.com', '--server', `http://127.0.0.1:${await freePort()}`],
    env: { BELFRY_PASSWORD: PASSWORD },
  })
  assert.match(
    nobody.stderr,
    /^belfry: Cannot create the account at http:\S+: the server cannot be reached: connect ECONNREFUSED/,
  )
})
