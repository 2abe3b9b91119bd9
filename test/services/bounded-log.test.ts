import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { boundedLog } from '../../src/services/bounded-log.ts'
import { statusOf } from '../doors/nats/websocket-table/wire-client.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { recordingLogger } from '../helpers/recording-logger.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { once, until } from '../helpers/wait.ts'
import { block, ConfiguredServer, websockets } from './configured-server.ts'

test('the first lines of each level go out; of the others it is said in time how many there were', () => {
  const lines: string[] = []
  const clock = new FakeClock()
  const logger = recordingLogger(({ level, fields, event }) =>
    lines.push([level, ...Object.values(fields), event].join(' ')),
  )
  const log = boundedLog(logger, clock, { maxLines: 2, perMs: 1000 })
  const child = log.child({ door: 'nats' })
  for (const id of [1, 2, 3]) child.error({ id }, 'bad')
  log.error({ id: 4 }, 'bad')
  log.warn({}, 'odd')
  assert.deepEqual(lines.splice(0), ['error nats 1 bad', 'error nats 2 bad', 'warn odd'])
  clock.advance(999)
  assert.deepEqual(lines, [])
  clock.advance(1)
  assert.deepEqual(lines.splice(0), ['error 2 more lines like the last ones were left out'])
  assert.equal(clock.pending, 0)
  log.error({ id: 5 }, 'bad')
  assert.deepEqual(lines, ['error 5 bad'])
})

/** Lines of each kind that one listener may write before it has to wait. */
const MAX_LINES = 100

test('who fails to come in again and again does not fill the log, nor keep other listeners from it', async () => {
  await using folder = await temporaryFolder()
  const { certFile, keyFile } = await (await TestAuthority.create(folder)).issue()
  const tls = `tls { cert_file: "${certFile}", key_file: "${keyFile}" }\n`
  const config = websockets(block('path: "/nats"'), block(), `{ listen: "127.0.0.1:-1"\n${tls}}`)
  await using server = await ConfiguredServer.start(`${tls}allow_non_tls: true\n${config}`)
  const count = (event: RegExp) => server.log.filter((line) => event.test(line.event)).length

  for (let i = 0; i < MAX_LINES + 20; i++) assert.equal(await statusOf(server.webSocket(0)), 404)
  assert.equal(count(/websocket handshake error/), MAX_LINES)
  await statusOf(server.webSocket(1), { headers: { 'Sec-WebSocket-Key': 'x' } })
  assert.equal(count(/websocket handshake error/), MAX_LINES + 1)

  const failTls = async (port: number, bytes: string) => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {})
    socket.end(Buffer.from(bytes, 'hex'))
    socket.resume()
    await once(socket, 'close').catch(() => {})
  }
  for (let i = 0; i < MAX_LINES + 20; i++) await failTls(server.webSocket(2).port, '474554202f20485454502f312e310d0a')
  await until(() => count(/^websocket: TLS handshake error/) === MAX_LINES, 'the log of the wss port')
  for (let i = 0; i < MAX_LINES + 20; i++) await failTls(server.tcp.port, '16030100050100000100')
  await until(() => count(/^TLS handshake failed/) >= MAX_LINES, 'the log of the TCP port')
  assert.equal(count(/^TLS handshake failed/), MAX_LINES)
})
