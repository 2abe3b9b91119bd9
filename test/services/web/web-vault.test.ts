import assert from 'node:assert/strict'
import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { loadOptions } from '#config'
import { ConfigError, silentLogger } from '#kit'
import { startServer } from '#server'
import { openWebVault } from '../../../src/services/web/web-vault.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'

const INDEX = '<!doctype html><title>Vault</title><script src="app/main.0123456789abcdef0123.js"></script>'
const SCRIPT = `document.title = '${'x'.repeat(300_000)}'`
const MAIN = '/app/main.0123456789abcdef0123.js'
const SECRET = 'nobody may read this'

const FILES = {
  'index.html': INDEX,
  'app/main.0123456789abcdef0123.js': SCRIPT,
  'app/main.0123456789abcdef0123.js.br': brotliCompressSync(SCRIPT),
  'app/main.0123456789abcdef0123.js.gz': gzipSync(SCRIPT),
  'assets/index-BxY3_kQz.css': 'a{}',
  'assets/to-download.css': 'a{}',
  'images/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'webauthn-connector.html': '<!doctype html>',
  'with space.txt': 'spaced',
  'locales/empty.json': '',
  'unknown.thing': '\0',
  // Where routes are.
  'api/config': SECRET,
  alive: SECRET,
  // For nobody.
  '.git/config': SECRET,
  '.env': SECRET,
} as const

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Sends `target` as it is, which `fetch` would tidy up. */
function ask(url: string, target: string, { method = 'GET', headers = {} } = {}): Promise<Answer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path: target, method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    asked.on('error', reject).end()
  })
}

async function build(folder: TemporaryFolder): Promise<string> {
  for (const [name, content] of Object.entries(FILES)) {
    await mkdir(path.dirname(folder.join('vault', name)), { recursive: true })
    await writeFile(folder.join('vault', name), content)
  }
  await writeFile(folder.join('secret.txt'), SECRET)
  await symlink(folder.join('secret.txt'), folder.join('vault/link.txt'))
  await symlink(folder.path, folder.join('vault/up'))
  return folder.join('vault')
}

describe('a web vault', () => {
  let folder: TemporaryFolder
  let server: TestServer
  before(async () => {
    folder = await temporaryFolder()
    server = await startTestServer({ web: { webVaultFolder: await build(folder) } })
  })
  after(async () => {
    await server.close()
    await folder[Symbol.asyncDispose]()
  })
  const get = (target: string, headers = {}) => ask(server.webUrl, target, { headers })

  test('is there at /, with its parts, each as what it is', async () => {
    for (const [target, type, body] of [
      ['/', 'text/html; charset=utf-8', INDEX],
      ['/?v=1', 'text/html; charset=utf-8', INDEX],
      [MAIN, 'text/javascript; charset=utf-8', SCRIPT],
      ['/assets/index-BxY3_kQz.css', 'text/css; charset=utf-8', 'a{}'],
      ['/images/logo.svg', 'image/svg+xml', FILES['images/logo.svg']],
      ['/with%20space.txt', 'text/plain; charset=utf-8', 'spaced'],
      ['/locales/empty.json', 'application/json', ''],
      ['/unknown.thing', 'application/octet-stream', '\0'],
    ] as const) {
      const answer = await get(target)
      assert.deepEqual(
        [answer.status, answer.headers['content-type'], answer.body.toString()],
        [200, type, body],
        `GET ${target}`,
      )
      const head = await ask(server.webUrl, target, { method: 'HEAD' })
      assert.deepEqual([head.status, head.body.length], [200, 0])
      for (const name of ['content-type', 'content-length', 'etag', 'cache-control', 'content-security-policy']) {
        assert.equal(head.headers[name], answer.headers[name], `${name} of ${target}`)
      }
    }
  })

  test('leads back to its one address from its others', async () => {
    const { status, headers } = await get('/index.html')
    assert.deepEqual([status, headers.location], [303, '/'])
  })

  test('is nothing but what is in the folder, however a path is spelled', async () => {
    for (const target of [
      ...['/nothing', '/app', '/app/', '/images/', '//', '/INDEX.html', '/app/main'],
      ...['/../secret.txt', '/app/../../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/..%5csecret.txt'],
      ...['/app%2fmain.0123456789abcdef0123.js', '/index.html%00', '/%00', '/%zz', '/%ff', '/....//secret.txt'],
      ...['/link.txt', '/up/secret.txt', '/.env', '/.git/config', '/%2eenv', '/./.env'],
      ...['/__proto__', '/constructor'],
    ]) {
      const { status, body } = await get(target)
      assert.equal(status, 404, target)
      assert.equal(body.includes(SECRET), false, target)
    }
  })

  test('never stands in the way of a route', async () => {
    assert.equal(JSON.parse((await get('/api/config')).body.toString()).object, 'config')
    assert.match((await get('/alive')).body.toString(), /^"\d{4}-/)
    const hub = await ask(server.webUrl, '/notifications/hub/negotiate', { method: 'POST' })
    assert.equal(hub.status, 401)
    for (const method of ['POST', 'PUT', 'DELETE']) {
      assert.equal((await ask(server.webUrl, MAIN, { method })).status, 404, method)
    }
  })

  test('comes with headers that keep other pages, and what is no part of it, out', async () => {
    const { headers } = await get('/')
    const policy = new Map(
      String(headers['content-security-policy'])
        .split('; ')
        .map((directive) => [directive.split(' ', 1)[0], directive.split(' ').slice(1)]),
    )
    assert.deepEqual(policy.get('default-src'), ["'none'"])
    assert.deepEqual(policy.get('script-src'), ["'self'", "'wasm-unsafe-eval'"])
    assert.deepEqual(policy.get('frame-ancestors')?.slice(0, 2), [
      "'self'",
      'chrome-extension://nngceckbapebfimnlniiiahkandclblb',
    ])
    assert.equal(policy.get('connect-src')?.includes('https://api.pwnedpasswords.com'), true)
    assert.equal(headers['x-frame-options'], 'SAMEORIGIN')
    assert.equal(headers['referrer-policy'], 'same-origin')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
    assert.match(String(headers['permissions-policy']), /camera=\(\)/)

    const image = (await get('/images/logo.svg')).headers
    assert.match(String(image['content-security-policy']), /^default-src 'none'; (?!.*script-src)/)
    assert.equal(image['cross-origin-resource-policy'], undefined)

    const connector = (await get('/webauthn-connector.html')).headers
    assert.equal(connector['content-security-policy'], undefined)
    assert.equal(connector['x-frame-options'], undefined)
    assert.equal(connector['x-content-type-options'], 'nosniff')
  })

  test('is kept for long by browsers where a name says what is in it, and asked for again elsewhere', async () => {
    const FOR_LONG = 'public, max-age=31536000, immutable'
    assert.equal((await get(MAIN)).headers['cache-control'], FOR_LONG)
    assert.equal((await get('/assets/index-BxY3_kQz.css')).headers['cache-control'], FOR_LONG)
    for (const target of ['/', '/assets/to-download.css', '/images/logo.svg', '/webauthn-connector.html']) {
      assert.equal((await get(target)).headers['cache-control'], 'public, no-cache', target)
    }
  })

  test('is not sent again to who has it', async () => {
    const { etag = '', 'last-modified': date = '' } = (await get('/')).headers
    for (const headers of [
      { 'If-None-Match': etag },
      { 'If-None-Match': `"other", W/${etag}` },
      { 'If-None-Match': '*' },
      { 'If-Modified-Since': date },
    ]) {
      const { status, body, headers: answered } = await get('/', headers)
      assert.deepEqual([status, body.length, answered.etag], [304, 0, etag])
      assert.equal(answered['cache-control'], 'public, no-cache')
    }
    for (const headers of [
      { 'If-None-Match': '"other"' },
      { 'If-None-Match': '"other"', 'If-Modified-Since': date },
      { 'If-Modified-Since': 'Mon, 01 Jan 2001 00:00:00 GMT' },
      { 'If-Modified-Since': 'nonsense' },
    ]) {
      assert.equal((await get('/', headers)).status, 200)
    }
  })

  test('comes compressed to who reads that, with a tag of its own', async () => {
    const plain = await get(MAIN)
    const tags = new Set([plain.headers.etag])
    for (const [accepted, coding, read] of [
      ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
      ['gzip', 'gzip', gunzipSync],
      ['br;q=0, GZIP;q=0.5', 'gzip', gunzipSync],
      ['*', 'br', brotliDecompressSync],
    ] as const) {
      const { headers, body } = await get(MAIN, { 'Accept-Encoding': accepted })
      assert.deepEqual([headers['content-encoding'], headers.vary], [coding, 'Accept-Encoding'], accepted)
      assert.equal(headers['content-type'], 'text/javascript; charset=utf-8')
      assert.equal(read(body).toString(), SCRIPT)
      tags.add(headers.etag)
    }
    assert.equal(tags.size, 3)
    for (const accepted of ['identity', 'br;q=0', 'gzip;q=0.0, *;q=0']) {
      const { headers, body } = await get(MAIN, { 'Accept-Encoding': accepted })
      assert.deepEqual([headers['content-encoding'], body.length], [undefined, SCRIPT.length], accepted)
    }
    assert.equal((await get('/', { 'Accept-Encoding': 'br' })).headers['content-encoding'], undefined)
    assert.equal((await get(`${MAIN}.br`)).status, 404)
  })
})

test('a file that changes is sent as it is now; one that goes, or becomes a link, is no more', async () => {
  await using folder = await temporaryFolder()
  const vault = await build(folder)
  await using server = await startTestServer({ web: { webVaultFolder: vault } })
  const before = await ask(server.webUrl, '/')
  await writeFile(path.join(vault, 'index.html'), 'changed')
  await utimes(path.join(vault, 'index.html'), 1e9, 1e9)
  const after = await ask(server.webUrl, '/', { headers: { 'If-None-Match': before.headers.etag! } })
  assert.deepEqual([after.status, after.body.toString()], [200, 'changed'])
  assert.equal(after.headers['last-modified'], 'Sun, 09 Sep 2001 01:46:40 GMT')
  await rm(path.join(vault, `${MAIN}.br`))
  const other = await ask(server.webUrl, MAIN, { headers: { 'Accept-Encoding': 'br, gzip' } })
  assert.equal(other.headers['content-encoding'], 'gzip')
  await rm(path.join(vault, 'index.html'))
  assert.equal((await ask(server.webUrl, '/')).status, 404)
  await symlink(folder.join('secret.txt'), path.join(vault, 'index.html'))
  const link = await ask(server.webUrl, '/')
  assert.deepEqual([link.status, link.body.length], [404, 0])
})

test('it stands below the path of DOMAIN, and may be a link as a whole', async () => {
  await using folder = await temporaryFolder()
  await symlink(await build(folder), folder.join('current'))
  await using server = await startTestServer({
    vault: { domain: 'https://vault.example/below' },
    web: { webVaultFolder: folder.join('current') },
  })
  assert.equal((await ask(server.webUrl, '/below/')).body.toString(), INDEX)
  assert.equal((await ask(server.webUrl, `/below${MAIN}`)).body.toString(), SCRIPT)
  for (const target of ['/below', '/below/index.html']) {
    const { status, headers } = await ask(server.webUrl, target)
    assert.deepEqual([status, headers.location], [303, '/below/'], target)
  }
  for (const target of ['/', MAIN, '/belowindex.html']) assert.equal((await ask(server.webUrl, target)).status, 404)
})

test('operators may add to the policy, and the icon service of theirs is in it', async () => {
  await using folder = await temporaryFolder()
  const web = {
    webVaultFolder: await build(folder),
    iframeAncestors: 'https://one.example https://*.two.example:8443',
    connectSources: 'https://alias.example/api/',
  }
  await using server = await startTestServer({ web, vault: { iconService: 'duckduckgo' } })
  const policy = String((await ask(server.webUrl, '/')).headers['content-security-policy'])
  assert.match(
    policy,
    /frame-ancestors 'self' .* moz-extension:\/\/\* https:\/\/one\.example https:\/\/\*\.two\.example:8443;/,
  )
  assert.match(policy, /connect-src 'self' .* https:\/\/alias\.example\/api\/$/)
  assert.match(policy, /img-src 'self' data: https:\/\/haveibeenpwned\.com https:\/\/icons\.duckduckgo\.com;/)
})

test('of another edition, files of the same size and date are other files', async () => {
  await using folder = await temporaryFolder()
  const tags: unknown[] = []
  for (const name of ['0123456789abcdef', 'fedcba9876543210']) {
    // As packages are unpacked, and images made.
    const date = new Date('1985-10-26T08:15:00Z')
    await mkdir(folder.join(name))
    for (const [file, content] of [
      ['index.html', `<script src="${name}.js"></script>`],
      [`${name}.js`, ''],
    ] as const) {
      await writeFile(folder.join(name, file), content)
      await utimes(folder.join(name, file), date, date)
    }
    await using server = await startTestServer({ web: { webVaultFolder: folder.join(name) } })
    const { status, headers } = await ask(server.webUrl, '/', { headers: { 'If-None-Match': String(tags[0] ?? '') } })
    assert.equal(status, 200)
    tags.push(headers.etag)
  }
  assert.notEqual(tags[0], tags[1])
})

test('without a setting our own is served, with a policy that lets nothing in from elsewhere, whatever is allowed to others', async () => {
  await using server = await startTestServer({
    vault: { domain: 'https://vault.example/below', iconService: 'duckduckgo' },
    web: { iframeAncestors: 'https://one.example', connectSources: 'https://alias.example/' },
  })
  const { status, headers, body } = await ask(server.webUrl, '/below/')
  assert.equal(status, 200)
  assert.equal(
    headers['content-security-policy'],
    "default-src 'none'; base-uri 'none'; form-action 'none'; manifest-src 'self'; " +
      "script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
      "require-trusted-types-for 'script'; trusted-types svelte-trusted-html; frame-ancestors 'self' https://one.example",
  )
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
  assert.equal(headers['cache-control'], 'public, no-cache')
  const [, script = ''] = /<script type="module"[^>]* src="\.(\/[^"]+)"/.exec(body.toString()) ?? []
  const main = await ask(server.webUrl, `/below${script}`, { headers: { 'Accept-Encoding': 'br' } })
  assert.deepEqual([main.status, main.headers['content-encoding']], [200, 'br'])
  assert.match(String(main.headers['cache-control']), /immutable/)
  assert.match((await ask(server.webUrl, '/below/third-party.txt')).body.toString(), /^svelte [\d.]+ \(MIT\)$/m)
  assert.equal((await ask(server.webUrl, '/below/.belfry-sources')).status, 404)
})

test('where our own is not built, that is said, and there is none', async () => {
  await using folder = await temporaryFolder()
  const warnings: unknown[] = []
  const logger = { ...silentLogger, warn: (...said: unknown[]) => void warnings.push(said) }
  const { options } = loadOptions({ cwd: folder.path, env: {} })
  assert.equal(await openWebVault(options, logger, folder.path), undefined)
  assert.deepEqual(warnings, [
    [{ folder: folder.path }, 'the web vault is not built, so none is served: "npm start" builds it'],
  ])
})

test('where it is switched off, a page says how to connect an app', async () => {
  await using folder = await temporaryFolder()
  const webVaultFolder = await build(folder)
  for (const web of [{}, { webVaultFolder }]) {
    await using server = await startTestServer({ web: { ...web, servesWebVault: false } })
    assert.match((await ask(server.webUrl, '/')).body.toString(), /Belfry is running/)
    assert.equal((await ask(server.webUrl, MAIN)).status, 404)
  }
})

test('a folder that is not there, or has no web vault in it, ends the start', async () => {
  await using folder = await temporaryFolder()
  await mkdir(folder.join('empty'))
  await writeFile(folder.join('file'), '')
  for (const [name, reason] of [
    ['missing', /^Cannot use the web vault in ".*missing": ENOENT/],
    ['file', /^Cannot use the web vault in ".*file": ENOTDIR/],
    ['empty', /^There is no web vault in ".*empty": it has no index\.html$/],
  ] as const) {
    const started = startServer({
      vault: { dataFolder: folder.join('data') },
      web: { webVaultFolder: folder.join(name) },
    })
    await assert.rejects(started, (error) => error instanceof ConfigError && reason.test(error.message))
  }
})
