import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, test } from 'node:test'
import { sendHandler } from '../../src/relay/send.ts'
import { lineOf, recordingLogger } from '../helpers/recording-logger.ts'

const USER = '11111111-1111-4111-8111-111111111111'
const FOLDER = '33333333-3333-4333-8333-333333333333'
const DEVICE = '44444444-4444-4444-8444-444444444444'

const BODY = {
  type: 8,
  payload: { id: FOLDER, userId: USER, revisionDate: '2024-01-02T03:04:05.678Z' },
  contextId: DEVICE,
}
const SAID = {
  ContextId: DEVICE,
  Type: 8,
  Payload: { Id: FOLDER, UserId: USER, RevisionDate: '2024-01-02T03:04:05.678Z' },
}

/** `POST /send` behind a server of its own. `internal` is a good token, `user` one of somebody else. */
async function startSend() {
  const published: [subject: string, notification: unknown][] = []
  const log: string[] = []
  const server = createServer(
    sendHandler({
      maySend: async (token) => {
        if (token === 'unknown') throw new Error('nobody answers')
        return token === 'internal' ? true : token === 'user' ? false : undefined
      },
      publish: (subject, payload) => void published.push([subject, JSON.parse(payload.toString())]),
      logger: recordingLogger((line) => log.push(lineOf(line))),
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const post = async (body: string | Uint8Array<ArrayBuffer> | object, token = 'internal', init: RequestInit = {}) => {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array
    const response = await fetch(`http://127.0.0.1:${port}/send`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      body: isRaw ? body : JSON.stringify(body),
      ...init,
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  return {
    port,
    published,
    log,
    post,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

test('what is posted is published for whom it concerns, and answered with nothing', async () => {
  await using send = await startSend()
  const { status, text } = await send.post(BODY)
  assert.deepEqual([status, text], [200, ''])
  assert.deepEqual(send.published, [[`vault.user.${USER}.SyncFolderUpdate`, SAID]])
})

test('names are found in any case, and the mark of a byte order is none of the text', async () => {
  await using send = await startSend()
  const { type, payload, contextId } = BODY
  await send.post({ Type: type, PAYLOAD: payload, contextid: contextId })
  await send.post(`\ufeff${JSON.stringify({ Type: type, Payload: JSON.stringify(payload), ContextId: contextId })}`)
  assert.deepEqual(
    send.published.map(([, notification]) => notification),
    [SAID, SAID],
  )
})

test('a notification for clients of one type, and one for whoever waits for an answer, have subjects of their own', async () => {
  await using send = await startSend()
  const date = BODY.payload.revisionDate
  const notice = { id: FOLDER, priority: 0, global: true, creationDate: date, revisionDate: date }
  await send.post({ type: 20, payload: { ...notice, clientType: 3, installationId: DEVICE } })
  await send.post({ type: 16, payload: { id: FOLDER, userId: USER } })
  assert.deepEqual(
    send.published.map(([subject]) => subject),
    [`vault.installation.${DEVICE}.Notification.Desktop`, `vault.anonymous.${FOLDER}`],
  )
})

test('blank bodies and null are nothing', async () => {
  await using send = await startSend()
  for (const body of ['', '  \r\n\t', 'null']) {
    const { status, text } = await send.post(body)
    assert.deepEqual([status, text], [200, ''])
  }
  assert.deepEqual(send.published, [])
})

test('a type that nobody knows is logged and dropped', async () => {
  await using send = await startSend()
  assert.equal((await send.post({ ...BODY, type: 28 })).status, 200)
  assert.deepEqual(send.published, [])
  assert.deepEqual(send.log, ['{"type":28,"event":"notification of an unknown type dropped"}'])
})

describe('refused with 400, and with the reason, is', () => {
  const bodies: [what: string, body: string | Uint8Array<ArrayBuffer> | object, reason: RegExp][] = [
    ['what is no JSON', `{"type":8,"payload":${USER}`, /is not JSON/],
    ['what is no text', Uint8Array.of(0xff), /is not UTF-8/],
    ['a list', [BODY], /is not an object/],
    ['a number', '8', /is not an object/],
    ['a notification without a type', { ...BODY, type: undefined }, /Type/],
    ['one without its payload', { ...BODY, payload: undefined }, /Payload/],
    ['one about nobody', { ...BODY, payload: { ...BODY.payload, userId: null } }, /no Payload\.UserId/],
    ['one with an id that is none', { ...BODY, payload: { ...BODY.payload, userId: '>' } }, /Payload\.UserId .* GUID/],
  ]
  for (const [what, body, reason] of bodies) {
    test(what, async () => {
      await using send = await startSend()
      const { status, text } = await send.post(body)
      assert.equal(status, 400)
      assert.match(JSON.parse(text).message, reason)
      assert.ok(!text.includes(USER) && !send.log.join('').includes(USER))
      assert.deepEqual(send.published, [])
    })
  }
})

test('who shows no token gets 401, who shows one for something else 403, and nothing is said', async () => {
  await using send = await startSend()
  assert.equal((await send.post(BODY, 'forged')).status, 401)
  const without = await send.post(BODY, '', { headers: {} })
  assert.equal(without.status, 401)
  assert.equal(without.headers.get('www-authenticate'), 'Bearer')
  assert.equal((await send.post(BODY, '', { headers: { Authorization: 'Basic internal' } })).status, 401)
  assert.equal((await send.post(BODY, 'user')).status, 403)
  assert.deepEqual(send.published, [])
})

test('while tokens cannot be checked the answer is 503', async () => {
  await using send = await startSend()
  assert.equal((await send.post(BODY, 'unknown')).status, 503)
  assert.deepEqual(send.log, ['{"error":"nobody answers","event":"token of a notification could not be checked"}'])
})

test('other methods than POST are refused', async () => {
  await using send = await startSend()
  const { status, headers } = await send.post('', 'internal', { method: 'GET', body: null })
  assert.deepEqual([status, headers.get('allow')], [405, 'POST'])
})

test('a body of 1 MiB is taken, and one byte more is not', async () => {
  await using send = await startSend()
  const text = JSON.stringify(BODY)
  assert.equal((await send.post(text.padEnd(1024 * 1024))).status, 200)
  assert.equal((await send.post(text.padEnd(1024 * 1024 + 1))).status, 413)
  assert.equal(send.published.length, 1)
})

/** Speaks HTTP by hand; answers with all that came until the server closed. */
async function speak(port: number, text: string, andThen: (socket: ReturnType<typeof connect>) => void = () => {}) {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write(text)
  andThen(socket)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

test('a body without a length is not read beyond 1 MiB', async () => {
  await using send = await startSend()
  const head = 'POST /send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer internal\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
  const answer = await speak(send.port, head, (socket) => {
    for (let i = 0; i < 17; i++) socket.write(chunk)
  })
  assert.match(answer, /^HTTP\/1\.1 413 /)
})

test('nothing is read of a body whose sender may not post', async () => {
  await using send = await startSend()
  const head = 'POST /send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer user\r\nContent-Length: 1000000\r\n\r\n'
  assert.match(await speak(send.port, head), /^HTTP\/1\.1 403 [\s\S]*Connection: close/i)
})

test('who goes away in the middle of a body costs nothing', async () => {
  await using send = await startSend()
  const head = 'POST /send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer internal\r\nContent-Length: 10\r\n\r\n{'
  assert.equal(await speak(send.port, head, (socket) => setImmediate(() => socket.destroySoon())), '')
  assert.equal((await send.post(BODY)).status, 200)
  assert.deepEqual(send.log, [])
})
