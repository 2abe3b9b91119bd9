/**
 * What compression costs a fan-out over WebSocket: deflated once for all connections of a framing, beside once for each,
 * which is what it takes without sharing; what one batch costs by its length; how long the event loop stands still for
 * batches that are long or many; and what a compressed connection takes of memory.
 *
 * Run: `node --expose-gc bench/websocket-compression.ts`
 */
import { Duplex } from 'node:stream'
import { constants, createDeflateRaw, deflateRawSync } from 'node:zlib'
import { Outbox, Turn } from '#core'
import { silentLogger, systemClock } from '#kit'
import { WebSocketCarrier, WebSocketCompression } from '#net'
import { frameHeaderLength, Opcode, writeFrameHeader } from '#wire/websocket'
import { machine } from './machine.ts'
import { compare } from './measure.ts'

const CONNECTIONS = 1000
const AGREED = { isCompressed: true, isMasked: true, isBrowser: false }
const OPTIONS = { clock: systemClock, logger: silentLogger, writeDeadlineMs: 10_000 }

/** Lines as a stream of orders has them: numbers that change between words that do not. */
function lines(byteLength: number, seed = 0): Buffer {
  let text = ''
  for (let i = seed; text.length < byteLength; i++) {
    text += `MSG orders.new.${i} 1 96\r\n{"id":${i * 7919},"customer":"number ${i % 97}","total":${(i * 31) % 1000},"state":"open"}\r\n`
  }
  return Buffer.from(text.slice(0, byteLength))
}

let written = 0

/** Takes everything at once and throws it away: only our part is measured. */
function nowhere(): Duplex {
  return new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written += chunk.length
      done()
    },
  })
}

function outboxes(turn: Turn, compression: WebSocketCompression, count: number): Outbox[] {
  const framing = compression.framingFor('nats.js')
  return Array.from(
    { length: count },
    () => new Outbox(turn, new WebSocketCarrier(nowhere(), OPTIONS, AGREED, framing), 256 * 1024 * 1024, () => {}),
  )
}

/** A turn that ends when it is told to. */
function manualTurn(): { turn: Turn; end(): void } {
  let work = () => {}
  const turn = new Turn((deferred) => {
    work = deferred
  })
  return { turn, end: () => work() }
}

function compareFanOut(batchBytes: number): void {
  const batch = lines(batchBytes)
  const shared = manualTurn()
  const receivers = outboxes(shared.turn, new WebSocketCompression(), CONNECTIONS)
  const sinks = receivers.map(() => nowhere())
  compare(`${batchBytes} bytes to ${CONNECTIONS} connections, for each`, CONNECTIONS, [
    {
      name: 'once for all',
      run: () => {
        for (const outbox of receivers) outbox.append('', batch, '')
        shared.end()
      },
    },
    {
      name: 'once for each',
      run: () => {
        for (const sink of sinks) {
          const deflated = deflateRawSync(batch, { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_SYNC_FLUSH })
          const frame = Buffer.allocUnsafe(frameHeaderLength(deflated.length) + deflated.length)
          deflated.copy(frame, writeFrameHeader(frame, 0, Opcode.BINARY, true, true, deflated.length))
          sink.write(frame)
        }
      },
    },
  ])
}

/** The longest that the event loop stood still from the turn's end until all was written, and how long that took. */
async function standstill(count: number, batchBytes: number): Promise<{ longestMs: number; totalMs: number }> {
  const { turn, end } = manualTurn()
  const receivers = outboxes(turn, new WebSocketCompression(), count)
  receivers.forEach((outbox, i) => {
    outbox.append('', lines(batchBytes, i * 1000), '')
  })
  const start = performance.now()
  let longestMs = 0
  let last = start
  end()
  do {
    await new Promise((resolve) => setImmediate(resolve))
    const now = performance.now()
    longestMs = Math.max(longestMs, now - last)
    last = now
  } while (receivers.some((outbox) => outbox.pendingBytes > 0))
  return { longestMs, totalMs: last - start }
}

/** Kilobytes of the resident set for each of `CONNECTIONS` things that have compressed something. */
async function kilobytesEach<Thing>(make: () => Promise<Thing>): Promise<number> {
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const things: Thing[] = []
  while (things.length < CONNECTIONS) things.push(await make())
  globalThis.gc?.()
  const after = process.memoryUsage().rss
  if (new Set(things).size !== CONNECTIONS) throw new Error('something was not kept')
  return (after - before) / CONNECTIONS / 1024
}

async function compareMemory(): Promise<void> {
  const { turn, end } = manualTurn()
  const shared = new WebSocketCompression()
  const connection = async () => {
    const [outbox] = outboxes(turn, shared, 1)
    outbox!.append('', LINES, '')
    end()
    return outbox
  }
  const contextEach = async () => {
    const stream = createDeflateRaw({ level: constants.Z_BEST_SPEED })
    stream.on('data', () => {})
    stream.write(LINES)
    await new Promise<void>((resolve) => void stream.flush(constants.Z_SYNC_FLUSH, () => resolve()))
    return { connection: await connection(), stream }
  }
  console.log('Memory of a connection without its socket')
  for (let i = 0; i < CONNECTIONS; i++) await connection()
  console.log(`  shared deflater               ${(await kilobytesEach(connection)).toFixed(1).padStart(8)} KB`)
  console.log(`  a context of zlib's for each  ${(await kilobytesEach(contextEach)).toFixed(1).padStart(8)} KB`)
}

const LINES = lines(300)
console.log(machine())
await compareMemory()
for (const batchBytes of [200, 2000, 20_000]) compareFanOut(batchBytes)

console.log('The event loop, for batches of which no two are equal')
for (const [count, batchBytes] of [
  [1000, 200],
  [1000, 60_000],
  [1, 64 * 1024 * 1024],
] as const) {
  const { longestMs, totalMs } = await standstill(count, batchBytes)
  const times = `stands still for ${longestMs.toFixed(0)} ms at most, all is written after ${totalMs.toFixed(0)} ms`
  console.log(`  ${count} x ${batchBytes} bytes: ${times}`)
}
if (written === 0) throw new Error('nothing was written')
