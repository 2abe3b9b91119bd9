/** The vault of a whole server, over sockets: requests that no client sends, and no library would. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { registerAndLogin, type TestDevice } from '../helpers/account.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { within } from '../helpers/wait.ts'
import { type Belongings, makeBelongings, pathOf, takesFiles } from '../vault/every-route/everything.ts'
import type { Route } from '../vault/every-route/routes.ts'
import { startVault } from '../vault/harness.ts'
import { form } from '../vault/sends/send-requests.ts'

let server: TestServer
let device: TestDevice
let ids: Belongings
before(async () => {
  server = await startTestServer({ vault: { domain: 'https://localhost', iconService: 'internal' } })
  device = await registerAndLogin({ server: server.webUrl })
  ids = await makeBelongings(device)
})
after(() => server?.close())

const routes: readonly Route[] = await (async () => {
  await using vault = await startVault()
  return vault.routes
})()

const TRICKS = [
  '..%2f..%2frsa_key.pem',
  '..%2F..%2Fdb.sqlite3',
  '%2e%2e%2f%2e%2e%2fdb.sqlite3',
  '..%5c..%5cdb.sqlite3',
  '../../db.sqlite3',
  '%00',
  'x%00.png',
  // A dot and a slash, each a byte longer than UTF-8 has them.
  '%c0%ae%c0%ae%c0%afdb.sqlite3',
  '%e0%80%ae%e0%80%ae%e0%80%af',
  '%252e%252e%252f',
  '%ff%fe',
  '%',
  '\xff\xfe',
  '%ed%a0%80',
]

test('no path finds a file that is not asked for rightly, and none is too odd to be answered', async () => {
  const before = await filesBelow(server.dataFolder)
  for (const route of routes.filter(({ path }) => path.includes('/:'))) {
    for (const trick of TRICKS) {
      const tricked = Object.fromEntries(Object.keys(ids).map((kind) => [kind, trick])) as unknown as Belongings
      const target = pathOf(route, { ...tricked, announced: { attachment: trick, send: trick, file: trick } })
      const said = await say(`${route.method} ${target.replace('www.example.com', trick)} HTTP/1.1\r\n${headers()}\r\n`)
      // There is an image for every host, be it none.
      const expected = route.path.startsWith('/icons/') ? /^HTTP\/1\.1 (200|400|404) / : /^HTTP\/1\.1 (400|404|415) /
      assert.match(said, expected, `${route.method} ${target}`)
      assert.doesNotMatch(said, /PRIVATE KEY|SQLite format|what is in the file/)
    }
  }
  assert.deepEqual(await filesBelow(server.dataFolder), before)
})

test('targets that are no paths, and requests that are none, cost nobody but who sends them', async () => {
  for (const target of [
    'http://evil.example/api/sync',
    '*',
    '//evil.example/',
    '/api/./sync',
    'api',
    '',
    '/?',
    '/\\..\\x',
  ]) {
    assert.match(await say(`GET ${target} HTTP/1.1\r\n${headers()}\r\n`), /^HTTP\/1\.1 [2-4]\d\d /, target)
  }
  for (const head of [
    'Content-Length: 5\r\nContent-Length: 6',
    'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked, gzip',
    'Content-Length: -1',
    'Content-Length: 1e9',
    'X: a\r\n b',
    'X\0: a',
    'X : a',
  ]) {
    const said = await say(`POST /api/folders HTTP/1.1\r\n${headers()}${head}\r\n\r\nhello`)
    assert.match(said, /^HTTP\/1\.1 4\d\d /, head)
  }
  await assertResponsive()
})

test("a file's name is the client's, and never the name of a file of the server", async () => {
  const { attachment, send, file } = ids.announced
  const uploads = [`/api/ciphers/${ids.cipher}/attachment/${attachment}`, `/api/sends/${send}/file/${file}`]
  const before = new Set(await filesBelow(server.dataFolder))
  const named = (name: string) => {
    const data = form(new Uint8Array(), { key: '2.key' })
    data.set('data', new Blob(['what is in the file']), name)
    return data
  }
  for (const name of ['../../../evil', '/tmp/evil', '..%2fevil', 'C:\\evil', '2./../../evil', '']) {
    const { status } = await device.post(`/api/ciphers/${ids.cipher}/attachment`, named(name))
    // A slash is part of an encrypted text; then it is a name like others.
    if (status !== 200) assert.equal(status, 400, name)
  }
  for (const url of uploads) assert.equal((await device.post(url, named('../../../evil'))).status, 200)
  const added = (await filesBelow(server.dataFolder)).filter((name) => !before.has(name))
  for (const name of added)
    assert.match(name, /^(attachments\/[0-9a-f-]{36}\/[0-9a-f]{20}|sends\/[0-9a-f-]{36}\/[0-9a-f]{64})$/)
  assert.ok(added.length >= 2)
})

test('a flood of headers is refused while it comes', async () => {
  const floods = Array.from({ length: 20 }, () =>
    say(`GET /api/sync HTTP/1.1\r\n${'X-Flood: xxxxxxxx\r\n'.repeat(50_000)}`),
  )
  const many = `GET /api/config HTTP/1.1\r\n${headers()}${Array.from({ length: 900 }, (_, i) => `X${i}: 1\r\n`).join('')}\r\n`
  await assertResponsive()
  for (const said of await Promise.all(floods)) assert.match(said, /^(HTTP\/1\.1 4\d\d |$)/)
  assert.match(await say(many), /^HTTP\/1\.1 200 /)
})

test('whoever sends a head or a body slowly, or not to its end, keeps nobody else waiting', async () => {
  const slow: Socket[] = []
  const begin = (text: string) => {
    const socket = connect(Number(new URL(server.webUrl).port), '127.0.0.1', () => socket.write(text))
    slow.push(socket.on('error', () => {}))
  }
  for (const route of routes.filter((route) => route.method !== 'GET')) {
    const type = takesFiles(route) ? 'multipart/form-data; boundary=x' : 'application/json'
    const head = `${route.method} ${pathOf(route, ids)} HTTP/1.1\r\n${headers()}Content-Type: ${type}\r\n`
    begin(`${head}Content-Length: 1000\r\n\r\n{`)
    begin(`${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`)
    begin(head)
  }
  const drip = setInterval(() => {
    for (const socket of slow) socket.write(' ')
  }, 20)
  try {
    for (let round = 0; round < 5; round++) await assertResponsive()
  } finally {
    clearInterval(drip)
    for (const socket of slow) socket.destroy()
  }
  assert.ok(slow.length > 250)
  await assertResponsive()
  assert.equal((await device.get(`/api/ciphers/${ids.cipher}`)).status, 200)
})

/** Several times what a machine under load takes. */
async function assertResponsive(): Promise<void> {
  const signal = AbortSignal.timeout(5000)
  assert.equal((await fetch(`${server.webUrl}/alive`, { signal })).status, 200)
}

const headers = () => `Host: localhost\r\nConnection: close\r\nAuthorization: Bearer ${device.accessToken}\r\n`

/** Says `text` over a socket, byte for byte as Latin-1; resolves with all that is answered. */
function say(text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let said = ''
  const socket = connect(Number(new URL(server.webUrl).port), '127.0.0.1', () => socket.write(text, 'latin1'))
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    said += chunk
  })
  socket.on('error', () => {})
  socket.on('close', () => resolve(said))
  return within(promise, `an answer to ${text.slice(0, 100)}`)
}

/** Their paths, without what databases and logs keep beside theirs. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && !/^db\.sqlite3-/.test(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
}
