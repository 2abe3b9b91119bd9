import assert from 'node:assert/strict'
import test from 'node:test'
import { type Batch, type Framing, Outbox, type OutboxSink, Turn } from '#core'

class Counting implements Framing {
  encodings = 0
  readonly #prefix: string
  constructor(prefix = '') {
    this.#prefix = prefix
  }
  encode(batch: Batch): Buffer {
    this.encodings++
    const bytes = Buffer.alloc(this.#prefix.length + batch.byteLength, this.#prefix)
    batch.copyTo(bytes, this.#prefix.length)
    return bytes
  }
}

class Sink implements OutboxSink {
  readonly framing: Framing
  readonly writes: Buffer[] = []
  backlogBytes = 0
  constructor(framing: Framing) {
    this.framing = framing
  }
  write(bytes: Buffer): void {
    this.writes.push(bytes)
  }
  get text(): string {
    return Buffer.concat(this.writes).toString('latin1')
  }
}

/** A turn that ends when the test says so. */
function manualTurn() {
  const deferred: (() => void)[] = []
  return { turn: new Turn((work) => deferred.push(work)), end: () => deferred.splice(0).forEach((work) => void work()) }
}

const neverOverflows = () => assert.fail('overflow')

test('what was appended in one turn is written once, in order', () => {
  const { turn, end } = manualTurn()
  const sink = new Sink(new Counting())
  const outbox = new Outbox(turn, sink, 1000, neverOverflows)
  outbox.appendText('PONG\r\n')
  outbox.append('MSG a 1 2\r\n', Buffer.from('hi'), '\r\n')
  assert.equal(outbox.pendingBytes, 6 + 11 + 2 + 2)
  assert.equal(sink.writes.length, 0)
  end()
  assert.equal(sink.writes.length, 1)
  assert.equal(sink.text, 'PONG\r\nMSG a 1 2\r\nhi\r\n')
  end()
  assert.equal(sink.writes.length, 1)
})

test('connections that get the same are encoded once and written the same bytes', () => {
  const { turn, end } = manualTurn()
  const framing = new Counting()
  const sinks = Array.from({ length: 100 }, () => new Sink(framing))
  const outboxes = sinks.map((sink) => new Outbox(turn, sink, 1000, neverOverflows))
  for (const body of [Buffer.from('one'), Buffer.from('two')]) {
    for (const outbox of outboxes) outbox.append('head ', body, '\n')
  }
  end()
  assert.equal(framing.encodings, 1)
  assert.ok(sinks.every((sink) => sink.writes[0] === sinks[0]!.writes[0]))
  assert.equal(sinks[0]!.text, 'head one\nhead two\n')
})

test('a connection that differs branches off and gets exactly its own', () => {
  const { turn, end } = manualTurn()
  const framing = new Counting()
  const sinks = Array.from({ length: 3 }, () => new Sink(framing))
  const [a, b, c] = sinks.map((sink) => new Outbox(turn, sink, 1000, neverOverflows))
  const body = Buffer.from('x')
  for (const outbox of [a, b, c]) outbox!.append('1', body, '')
  b!.appendText('PONG')
  for (const outbox of [a, b, c]) outbox!.append('2', body, '')
  c!.append('3', Buffer.from('x'), '')
  end()
  assert.deepEqual(
    sinks.map((sink) => sink.text),
    ['1x2x', '1xPONG2x', '1x2x3x'],
  )
  assert.equal(framing.encodings, 3)
})

test('connections that alternate between a few forms still share', () => {
  const { turn, end } = manualTurn()
  const framing = new Counting()
  const sinks = Array.from({ length: 30 }, () => new Sink(framing))
  const body = Buffer.from('x')
  sinks.forEach((sink, i) => {
    new Outbox(turn, sink, 1000, neverOverflows).append(`sid ${i % 3} `, body, '')
  })
  end()
  assert.equal(framing.encodings, 3)
  assert.equal(sinks[4]!.text, 'sid 1 x')
})

test('two framings share the tree, each encoded once', () => {
  const { turn, end } = manualTurn()
  const framings = [new Counting(), new Counting('frame:'), new Counting('f2:')]
  const sinks = Array.from({ length: 30 }, (_, i) => new Sink(framings[i % 3]!))
  const body = Buffer.from('x')
  for (const sink of sinks) new Outbox(turn, sink, 1000, neverOverflows).append('', body, '')
  end()
  assert.deepEqual(
    framings.map((framing) => framing.encodings),
    [1, 1, 1],
  )
  assert.deepEqual(
    sinks.slice(0, 3).map((sink) => sink.text),
    ['x', 'frame:x', 'f2:x'],
  )
})

test('every turn starts afresh: nothing of the last one is written again or remembered', () => {
  const { turn, end } = manualTurn()
  const framing = new Counting()
  const sink = new Sink(framing)
  const outbox = new Outbox(turn, sink, 1000, neverOverflows)
  const body = Buffer.from('x')
  outbox.append('1', body, '')
  end()
  outbox.append('1', body, '')
  end()
  assert.deepEqual(
    sink.writes.map((bytes) => bytes.toString()),
    ['1x', '1x'],
  )
  assert.equal(framing.encodings, 2)
})

test('an append over the limit is not taken; the backlog of the sink counts', () => {
  const { turn, end } = manualTurn()
  const sink = new Sink(new Counting())
  sink.backlogBytes = 90
  let overflows = 0
  const outbox = new Outbox(turn, sink, 100, () => overflows++)
  assert.equal(outbox.append('', Buffer.alloc(10), ''), true)
  assert.equal(overflows, 0)
  assert.equal(outbox.append('', Buffer.from('x'), ''), false)
  outbox.appendText('x')
  assert.equal(overflows, 2)
  end()
  assert.equal(sink.writes[0]!.length, 10)
})

test('a flush in the middle of a turn keeps the order', () => {
  const { turn, end } = manualTurn()
  const sink = new Sink(new Counting())
  const outbox = new Outbox(turn, sink, 1000, neverOverflows)
  outbox.appendText('a')
  outbox.flush()
  outbox.appendText('b')
  end()
  assert.deepEqual(
    sink.writes.map((bytes) => bytes.toString()),
    ['a', 'b'],
  )
})

test('a closed outbox takes and writes nothing', () => {
  const { turn, end } = manualTurn()
  const sink = new Sink(new Counting())
  const outbox = new Outbox(turn, sink, 1000, neverOverflows)
  outbox.appendText('a')
  outbox.close()
  outbox.appendText('b')
  end()
  assert.equal(sink.writes.length, 0)
})
