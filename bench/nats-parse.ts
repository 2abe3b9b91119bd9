/** How long the parser takes for one PUB, beside a parser written with `split`. Run: `node bench/nats-parse.ts` */
import { type ClientHandler, ClientParser } from '#wire/nats'
import { compare } from './measure.ts'

const CHUNKS_PER_ROUND = 200
const CHUNK_BYTES = 64 * 1024

/** As the core has it: the subject is looked up in a cache of matches. */
const known = new Map(subjects(400).map((subject) => [subject, subject.length]))
let sum = 0

const handler: ClientHandler = {
  onConnect() {},
  onPublish(subject, reply, body) {
    sum += (known.get(subject) ?? 0) + reply.length + body.length
  },
  onSubscribe() {},
  onUnsubscribe() {},
  onPing() {},
  onPong() {},
}

/** The straightforward way: the same checks on strings, one copy of the payload. */
class SplittingParser {
  #rest = Buffer.alloc(0)

  feed(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const end = bytes.indexOf('\r\n')
      if (end < 0) break
      const [verb = '', ...args] = bytes
        .subarray(0, end)
        .toString('latin1')
        .split(/[ \t]+/)
      if (verb.toUpperCase() !== 'PUB' || args.length < 2 || args.length > 3) throw new Error('bad operation')
      const size = Number(args.at(-1))
      if (!Number.isInteger(size)) throw new Error('bad size')
      if (bytes.length < end + 2 + size + 2) break
      handler.onPublish(
        args[0]!,
        args[2] === undefined ? '' : args[1]!,
        Buffer.from(bytes.subarray(end + 2, end + 2 + size)),
        0,
      )
      bytes = bytes.subarray(end + 2 + size + 2)
    }
    this.#rest = Buffer.from(bytes)
  }
}

function subjects(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `orders.eu.${1000 + i}.created`)
}

function stream(subjectCount: number, payloadBytes: number, hasReply: boolean): { bytes: Buffer; operations: number } {
  const names = subjects(subjectCount)
  const payload = 'x'.repeat(payloadBytes)
  let text = ''
  let operations = 0
  while (text.length < CHUNK_BYTES) {
    const reply = hasReply ? `_INBOX.8fk2LQmVw0Zc3xYt.${operations} ` : ''
    text += `PUB ${names[operations++ % subjectCount]} ${reply}${payloadBytes}\r\n${payload}\r\n`
  }
  return { bytes: Buffer.from(text), operations }
}

console.log(`Node ${process.version}: one PUB, chunks of 64 KB, subjects looked up in a Map`)
for (const [title, subjectCount, payloadBytes, hasReply, cutAt] of [
  ['128 bytes, one subject', 1, 128, false, 0],
  ['128 bytes, 400 subjects', 400, 128, false, 0],
  ['128 bytes, one subject, with replies', 1, 128, true, 0],
  ['128 bytes, cut into reads of 100 bytes', 1, 128, false, 100],
  ['4096 bytes, one subject', 1, 4096, false, 0],
] as const) {
  const { bytes, operations } = stream(subjectCount, payloadBytes, hasReply)
  const step = cutAt || bytes.length
  const limits = { maxControlLineBytes: 4096, maxPayloadBytes: 1024 * 1024 }
  const feedAll = (parser: { feed(chunk: Buffer): void }) => () => {
    for (let i = 0; i < CHUNKS_PER_ROUND; i++) {
      for (let at = 0; at < bytes.length; at += step) parser.feed(bytes.subarray(at, at + step))
    }
  }
  compare(title, CHUNKS_PER_ROUND * operations, [
    { name: 'ClientParser', run: feedAll(new ClientParser(limits, handler)) },
    { name: 'with split and copies', run: feedAll(new SplittingParser()) },
  ])
}
if (sum === 0) throw new Error('nothing was parsed')
