import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { errorHandler } from '../../../src/vault/error-handler.ts'
import { ApiError } from '../../../src/vault/errors.ts'
import { acceptMultipart, receiveFile } from '../../../src/vault/files/multipart.ts'
import type { VaultApp } from '../../../src/vault/schema.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { recordingLogger } from '../../helpers/recording-logger.ts'
import { until, within } from '../../helpers/wait.ts'

const HEAD = '--b\r\nContent-Disposition: form-data; name="data"; filename="2./a/b\\\\c"\r\n\r\n'
const TAIL = '\r\n--b--\r\n'

let app: FastifyInstance
let save: (bytes: AsyncIterable<Uint8Array>) => Promise<unknown>
let fileNames: (string | undefined)[] = []
const clock = new FakeClock(0)
const logged: string[] = []

before(async () => {
  app = Fastify()
  acceptMultipart(app as unknown as VaultApp)
  app.setErrorHandler(errorHandler(recordingLogger(({ event }) => logged.push(event))))
  app.post('/', async (request: FastifyRequest) => {
    const { saved, fileName } = await receiveFile(request, clock, (bytes) => save(bytes))
    fileNames.push(fileName)
    return { saved }
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
})
after(() => app.close())

/** A request whose body the test writes, and what becomes of it. */
function begin(headers: Record<string, string | number> = {}) {
  const { port } = app.server.address() as AddressInfo
  const request = http.request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    headers: { 'Content-Type': 'multipart/form-data; boundary=b', ...headers },
  })
  const answered = once(request, 'response').then(async ([response]: http.IncomingMessage[]) => {
    const text = Buffer.concat(await response!.toArray()).toString()
    return { status: response!.statusCode, json: JSON.parse(text), connection: response!.headers.connection }
  })
  answered.catch(() => {})
  request.on('error', () => {})
  return { request, answered }
}

async function count(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  for await (const chunk of bytes) size += chunk.length
  return size
}

test('the bytes of a file come as they are sent, and its name as it was written', async () => {
  let first = Buffer.alloc(0)
  save = async (bytes) => {
    for await (const chunk of bytes) first = Buffer.concat([first, chunk])
    return first.toString()
  }
  fileNames = []
  const { request, answered } = begin()
  request.write(`${HEAD}one `)
  await until(() => first.length > 0, 'the first bytes')
  request.end(`two\r\n--c${TAIL}`)
  assert.deepEqual((await answered).json, { saved: 'one two\r\n--c' })
  assert.deepEqual(fileNames, ['2./a/b\\c'])
})

test('no more is read than is taken', async () => {
  const go = Promise.withResolvers<void>()
  save = async (bytes) => {
    await go.promise
    return count(bytes)
  }
  const size = 64 * 1024 * 1024
  const { request, answered } = begin()
  request.write(HEAD)
  const chunk = Buffer.alloc(1024 * 1024)
  let sent = 0
  const sending = (async () => {
    for (; sent < size; sent += chunk.length) if (!request.write(chunk)) await once(request, 'drain')
    request.end(TAIL)
  })()
  // Until the sockets are full; what they take differs by machine, and is far below the whole.
  for (let before = -1; before !== sent; ) {
    before = sent
    await Promise.race([sending, pause(300)])
  }
  assert.ok(sent < size / 2, `${sent} bytes were read`)
  go.resolve()
  await sending
  assert.deepEqual((await answered).json, { saved: size })
})

test('what was taken of a file takes no memory any more while the rest comes', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const taken: WeakRef<ArrayBufferLike>[] = []
  let size = 0
  save = async (bytes) => {
    for await (const chunk of bytes) {
      size += chunk.length
      taken.push(new WeakRef(chunk.buffer))
    }
    return size
  }
  const { request, answered } = begin()
  request.write(HEAD)
  const chunk = Buffer.alloc(64 * 1024)
  for (let sent = 1; sent <= 50; sent++) {
    request.write(chunk)
    // The last few bytes wait for what may be the delimiter.
    await until(() => size > sent * chunk.length - HEAD.length, 'the chunk')
  }
  // A WeakRef lives to the end of the turn in which it was made or read.
  await pause(0)
  collectGarbage()
  const kept = taken.filter((one) => one.deref() !== undefined).length
  assert.ok(kept < taken.length / 2, `${kept} of ${taken.length} chunks are kept`)
  request.end(TAIL)
  assert.deepEqual((await answered).json, { saved: 50 * chunk.length })
})

test('a client that stalls is told so, and one that goes on is not', async () => {
  let failed: unknown
  let size = 0
  save = async (bytes) => {
    try {
      for await (const chunk of bytes) size += chunk.length
    } catch (error) {
      failed = error
      throw error
    }
  }
  const { request, answered } = begin()
  request.write(`${HEAD}x`)
  for (let total = 1; total < 4; total++) {
    await until(() => size === total, 'the bytes')
    clock.advance(59_000)
    request.write('x')
  }
  await until(() => size === 4, 'the last byte')
  clock.advance(61_000)
  const { status, json, connection } = await answered
  assert.deepEqual([status, connection], [408, 'close'])
  assert.match(json.message, /too long/)
  assert.ok(failed)
  assert.equal(clock.pending, 0)
})

test('a client that goes away leaves its file unfinished', async () => {
  const ended = Promise.withResolvers<unknown>()
  let size = 0
  save = async (bytes) => {
    try {
      for await (const chunk of bytes) size += chunk.length
      ended.resolve('whole')
    } catch (error) {
      ended.resolve(error)
      throw error
    }
  }
  const { request } = begin()
  request.write(`${HEAD}half`)
  await until(() => size > 0, 'the first bytes')
  request.destroy()
  assert.notEqual(await ended.promise, 'whole')
  await until(() => clock.pending === 0, 'the timers to go')
})

test('a body that is too large is refused by its length before it comes, and else when it is', async () => {
  save = count
  const announced = begin({ 'Content-Length': 525_000_001 })
  announced.request.write(HEAD)
  const refused = await announced.answered
  assert.deepEqual([refused.status, refused.connection], [413, 'close'])
  announced.request.destroy()
})

test('an error of the one who takes the bytes is told while they still come', async () => {
  save = async (bytes) => {
    for await (const _ of bytes) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
  }
  const { request, answered } = begin()
  request.write(`${HEAD}${'x'.repeat(100_000)}`)
  const { status, json } = await answered
  assert.deepEqual([status, json.message], [503, 'The server has no room left for files.'])
  request.end(TAIL)
  assert.ok(logged.includes('request failed'))
})

test('parts without a name count as well', async () => {
  save = count
  const nameless = '--b\r\n\r\n\r\n'
  for (const [parts, message] of [
    [15, undefined],
    [16, 'The form has too many parts'],
    [50_000, 'The form has too many parts'],
  ] as const) {
    const { request, answered } = begin()
    request.end(`${nameless.repeat(parts)}${HEAD}file${TAIL}`)
    const { status, json } = await answered
    assert.deepEqual([status, json.message], [message === undefined ? 200 : 400, message])
  }
})

for (const [when, wait] of [
  ['while it still sends', (_sent: () => boolean) => Promise.resolve()],
  ['after a pause', (sent: () => boolean) => until(sent, 'the pause')],
] as const) {
  test(`a client that reads no answer before all is sent gets one to what was refused ${when}`, async () => {
    let refused = false
    save = async (bytes) => {
      for await (const _ of bytes) break
      refused = true
      throw new ApiError('BAD_REQUEST', 'not that')
    }
    const { port } = app.server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    socket.pause()
    const length = 64 * 1024 * 1024
    const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n`
    socket.write(`${head}Content-Length: ${HEAD.length + length}\r\n\r\n${HEAD}${'x'.repeat(1024 * 1024)}`)
    await wait(() => refused)
    const chunk = Buffer.alloc(1024 * 1024)
    for (let sent = chunk.length; sent < length; sent += chunk.length) {
      if (!socket.write(chunk)) await within(once(socket, 'drain'), 'the socket to take more')
    }
    socket.write('GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    const answers = Buffer.concat(await within(socket.toArray(), 'the answers')).toString()
    assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 400', 'HTTP/1.1 404'])
  })
}
