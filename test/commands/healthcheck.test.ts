/** `belfry healthcheck` as process supervisors run it. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { TestAuthority } from '../helpers/certificates.ts'
import { freePort, runProgram } from '../helpers/processes.ts'
import { startTestServer } from '../helpers/server.ts'
import { temporaryFolder } from '../helpers/temp.ts'

const root = path.resolve(import.meta.dirname, '../..')

async function healthcheck(env: Record<string, string>, args: readonly string[] = [], cwd = '/') {
  const command = path.join(root, 'bin/belfry')
  const { code, stdout, stderr } = await runProgram({ command, args: ['healthcheck', ...args], env, cwd })
  return { code, stdout, stderr }
}

/** Something that is no Belfry, on a port of 127.0.0.1. */
async function listening(server: net.Server): Promise<AsyncDisposable & { readonly port: string }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: String((server.address() as AddressInfo).port),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

test('a server that runs is well, below the path of its domain too', async () => {
  await using belfry = await startTestServer({ vault: { domain: 'https://example.com/vault' } })
  const ROCKET_PORT = String(belfry.server.addresses.web.port)
  const url = `http://127.0.0.1:${ROCKET_PORT}/vault/alive`
  const good = { code: 0, stdout: `belfry: ${url} answers\n`, stderr: '' }
  assert.deepEqual(await healthcheck({ ROCKET_PORT, DOMAIN: 'https://example.com/vault' }), good)
  // As the image has it.
  assert.deepEqual(
    await healthcheck({ ROCKET_PORT, DOMAIN: 'https://example.com/vault', ROCKET_ADDRESS: '0.0.0.0' }),
    good,
  )
  const { code, stderr } = await healthcheck({ ROCKET_PORT })
  assert.equal(code, 1)
  assert.match(
    stderr,
    /^belfry: http:\S+\/alive answers 404: something else listens there, or DOMAIN has another path\n$/,
  )
})

test('it is found by its configuration file, and asked over TLS whatever name the certificate is for', async () => {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const { certFile, keyFile } = await authority.issue({ dnsNames: ['vault.example.com'], hasExpired: true })
  await using belfry = await startTestServer({ web: { tls: { certFile, keyFile } } })
  const { port } = belfry.server.addresses.web
  const tls = `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`
  await writeFile(folder.join('belfry.conf'), `web { port: ${port}, ${tls} }`)
  assert.deepEqual(await healthcheck({}, ['-c', 'belfry.conf'], folder.path), {
    code: 0,
    stdout: `belfry: https://127.0.0.1:${port}/alive answers\n`,
    stderr: '',
  })
  const { code, stderr } = await healthcheck({ ROCKET_PORT: String(port) })
  assert.equal(code, 1)
  assert.match(stderr, /^belfry: http:\S+ (?:answers 400|does not answer: .*)\n$/)
})

describe('it says in one line what is wrong', () => {
  const unwell = async (env: Record<string, string>, says: RegExp, args: readonly string[] = []) => {
    const { code, stdout, stderr } = await healthcheck(env, args)
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, says)
    assert.equal(stderr.split('\n').length, 2)
  }

  test('nobody listens', async () => {
    await unwell({ ROCKET_PORT: String(await freePort()) }, /\/alive does not answer: nobody listens there$/m)
  })

  test('the database does not answer', async () => {
    await using one = await listening(http.createServer((_, response) => void response.writeHead(503).end()))
    await unwell({ ROCKET_PORT: one.port }, /answers 503: the server runs, but cannot reach its database$/m)
  })

  test('the server hangs', async () => {
    const held: net.Socket[] = []
    await using one = await listening(net.createServer((socket) => void held.push(socket.on('error', () => {}))))
    await unwell({ ROCKET_PORT: one.port }, /does not answer: nothing within 2500 ms$/m)
    for (const socket of held) socket.destroy()
  })

  test('it speaks no TLS, or no HTTP', async () => {
    await using one = await listening(
      net.createServer(
        (socket) =>
          void socket
            .on('error', () => {})
            .resume()
            .end('NATS?\r\n'),
      ),
    )
    await unwell({ ROCKET_PORT: one.port }, /does not speak HTTP$/m)
    await unwell({ ROCKET_PORT: one.port, ROCKET_TLS: '{certs="a",key="b"}' }, /speaks no TLS$/m)
  })

  test('nobody can know its port', async () => {
    await unwell(
      { ROCKET_PORT: '0' },
      /^belfry: the web listener is to have any free port, so nobody knows where to ask$/m,
    )
  })

  test('the settings cannot be read', async () => {
    await unwell({}, /^belfry: open nowhere.conf: no such file or directory$/m, ['-c', 'nowhere.conf'])
  })
})

describe('it is over before it is noticed', () => {
  let loaded: readonly string[]

  before(async () => {
    const hook = `import { registerHooks } from 'node:module'
      registerHooks({ load(url, ...rest) { console.log('loaded ' + url); return rest.at(-1)(url, ...rest.slice(0, -1)) } })`
    const { stdout } = await runProgram({
      command: process.execPath,
      args: [
        '--import',
        `data:text/javascript,${encodeURIComponent(hook)}`,
        path.join(root, 'src/main.ts'),
        'healthcheck',
      ],
      env: { ROCKET_PORT: String(await freePort()) },
      cwd: '/',
    })
    loaded = [...stdout.matchAll(/^loaded file:\/\/(.*)$/gm)].map(([, file]) => path.relative(root, file!))
  })

  test('it loads nothing of the rooms that the settings speak of', () => {
    assert.ok(loaded.includes('src/commands/healthcheck/index.ts'))
    const rooms = new Set(loaded.filter((file) => file.startsWith('src/')).map((file) => file.split('/')[1]))
    assert.deepEqual([...rooms].sort(), ['cli.ts', 'commands', 'config', 'kit', 'main.ts'])
    assert.ok(loaded.length < 75, `${loaded.length} modules`)
  })
})
