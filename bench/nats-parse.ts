/**
 * How long the parsers take for one PUB and one LMSG, beside a parser written with `split`. Run: `node bench/nats-parse.ts`
 */
import { type ClientHandler, ClientParser, type LeafHandler, LeafParser, lmsgHead } from '#wire/nats'
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

const leafHandler: LeafHandler = {
  onInfo() {},
  onConnect() {},
  onInterest() {},
  onNoInterest() {},
  onMessage(subject, reply, queues, body) {
    sum += (known.get(subject) ?? 0) + reply.length + queues.length + body.length
  },
  onPing() {},
  onPong() {},
  onError() {},
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

interface Stream {
  readonly bytes: Buffer
  readonly operations: number
}

function stream(subjectCount: number, payloadBytes: number, hasReply: boolean): Stream {
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

/** What `stream(1, 128, hasReply)` is when a hub hands it on to these groups. */
function leafStream(queues: readonly string[], hasReply: boolean, operations: number): Stream {
  let text = ''
  for (let i = 0; i < operations; i++) {
    const reply = hasReply ? `_INBOX.8fk2LQmVw0Zc3xYt.${i}` : ''
    text += `${lmsgHead('orders.eu.1000.created', reply, queues, 128)}${'x'.repeat(128)}\r\n`
  }
  return { bytes: Buffer.from(text), operations }
}

function feedAll(parser: { feed(chunk: Buffer): void }, { bytes }: Stream, step: number): () => void {
  return () => {
    for (let i = 0; i < CHUNKS_PER_ROUND; i++) {
      for (let at = 0; at < bytes.length; at += step) parser.feed(bytes.subarray(at, at + step))
    }
  }
}

const limits = { maxControlLineBytes: 4096, maxPayloadBytes: 1024 * 1024 }

console.log(`Node ${process.version}: one PUB, chunks of 64 KB, subjects looked up in a Map`)
for (const [title, subjectCount, payloadBytes, hasReply, cutAt] of [
  ['128 bytes, one subject', 1, 128, false, 0],
  ['128 bytes, 400 subjects', 400, 128, false, 0],
  ['128 bytes, one subject, with replies', 1, 128, true, 0],
  ['128 bytes, cut into reads of 100 bytes', 1, 128, false, 100],
  ['4096 bytes, one subject', 1, 4096, false, 0],
] as const) {
  const input = stream(subjectCount, payloadBytes, hasReply)
  const step = cutAt || input.bytes.length
  compare(title, CHUNKS_PER_ROUND * input.operations, [
    { name: 'ClientParser', run: feedAll(new ClientParser(limits, handler), input, step) },
    { name: 'with split and copies', run: feedAll(new SplittingParser(), input, step) },
  ])
}

for (const [title, queues, hasReply] of [
  ['to plain subscribers', [], false],
  ['to one group', ['workers'], false],
  ['to three groups, with replies', ['workers', 'audit', 'archive'], true],
] as const) {
  const published = stream(1, 128, hasReply)
  const handedOn = leafStream(queues, hasReply, published.operations)
  compare(`one LMSG of 128 bytes, one subject, ${title}`, CHUNKS_PER_ROUND * published.operations, [
    { name: 'LeafParser', run: feedAll(new LeafParser(limits, leafHandler), handedOn, handedOn.bytes.length) },
    {
      name: 'ClientParser, its PUB',
      run: feedAll(new ClientParser(limits, handler), published, published.bytes.length),
    },
  ])
}
if (sum === 0) throw new Error('nothing was parsed')
