import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { NatsLog, type NatsLogOptions, type NatsLogSurroundings } from '#ops'
import { temporaryFolder } from '../helpers/temp.ts'

const OPTIONS: NatsLogOptions = {
  level: 'info',
  debug: false,
  trace: false,
  traceHeaders: false,
  time: false,
  timeUtc: true,
  file: undefined,
  fileSizeLimitBytes: 0,
  maxFiles: 0,
}
/** 2026-11-21 12:03:04.056789 UTC */
const NOW_MS = Date.UTC(2026, 10, 21, 12, 3, 4, 56) + 0.7895

function capture(options: Partial<NatsLogOptions> = {}, surroundings: NatsLogSurroundings = {}) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const log = new NatsLog({ ...OPTIONS, ...options }, { destination, pid: 7, now: () => NOW_MS, ...surroundings })
  return { log, lines }
}

test('a line has pid, time with microseconds, level and text', () => {
  const { log, lines } = capture({ time: true })
  log.write('INF', 'Server is ready')
  assert.deepEqual(lines, ['[7] 2026/11/21 12:03:04.056789 [INF] Server is ready\n'])
})

test('the time is that of this place, unless UTC is asked for', () => {
  const { log, lines } = capture({ time: true, timeUtc: false })
  log.write('INF', 'x')
  const [, year, month, day, hour, minute, second, fraction] =
    /^\[7\] (\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{6}) \[INF\] x\n$/.exec(lines[0]!)!
  const local = new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  assert.equal(local.getTime() + Number(fraction) / 1000, Math.floor(NOW_MS) + 0.789)
})

test('logtime: false leaves the time out, and colours are for terminals', () => {
  const { log, lines } = capture({ debug: true, trace: true }, { isTerminal: true })
  for (const level of ['INF', 'DBG', 'WRN', 'ERR', 'FTL', 'TRC'] as const) log.write(level, 'x')
  assert.deepEqual(lines, [
    '[7] [\x1b[32mINF\x1b[0m] x\n',
    '[7] [\x1b[36mDBG\x1b[0m] x\n',
    '[7] [\x1b[0;93mWRN\x1b[0m] x\n',
    '[7] [\x1b[31mERR\x1b[0m] x\n',
    '[7] [\x1b[31mFTL\x1b[0m] x\n',
    '[7] [\x1b[33mTRC\x1b[0m] x\n',
  ])
})

for (const [options, shown] of [
  [{}, 'INF WRN ERR FTL'],
  [{ debug: true, level: 'debug' }, 'INF WRN ERR FTL DBG'],
  [{ trace: true, level: 'trace' }, 'INF WRN ERR FTL TRC'],
  [{ debug: true, trace: true, level: 'trace' }, 'INF WRN ERR FTL DBG TRC'],
  [{ level: 'trace' }, 'INF WRN ERR FTL DBG'],
  [{ level: 'warn' }, 'WRN ERR FTL'],
  [{ level: 'off' }, 'FTL'],
] as const) {
  test(`with ${JSON.stringify(options)} the log has ${shown}`, () => {
    const { log, lines } = capture(options)
    for (const level of ['INF', 'WRN', 'ERR', 'FTL', 'DBG', 'TRC'] as const) log.write(level, 'x')
    assert.equal(lines.map((line) => line.slice(5, 8)).join(' '), shown)
  })
}

const LEAF = { door: 'nats', leaf: 6, address: '127.0.0.1', port: 5222 }
const KNOWN_LEAF = { ...LEAF, clientVersion: '2.9.10', clientLang: '', clientName: 'spoke', server: 'spoke' }
const CLIENT = { door: 'nats', client: 5, address: '127.0.0.1', port: 5222 }

for (const [what, fields, event, text] of [
  ['an event', {}, 'closing', 'Closing'],
  ['a reason', { reason: 'no room' }, 'upgrade refused', 'Upgrade refused: no room'],
  ['fields', { subject: 'a.b', text: 'a b', count: 3 }, 'slow', 'Slow (subject=a.b, text="a b", count=3)'],
  ['a client', CLIENT, 'client connected', '127.0.0.1:5222 - cid:5 - Client connection created'],
  [
    'a client that claims to speak for another',
    { ...CLIENT, address: '[2001:db8::7]/::1' },
    'client connected',
    '[2001:db8::7]/[::1]:5222 - cid:5 - Client connection created',
  ],
  [
    'somebody who is no client yet',
    { address: '127.0.0.1', port: 5222, reason: 'key missing' },
    'websocket handshake error',
    '127.0.0.1:5222 - websocket handshake error: key missing',
  ],
  [
    'a client that leaves',
    { ...CLIENT, reason: 'Client Closed' },
    'client closed',
    '127.0.0.1:5222 - cid:5 - Client connection closed: Client Closed',
  ],
  [
    'a WebSocket client',
    { ...CLIENT, connectionType: 'WEBSOCKET', address: '::1', reason: 'Stale Connection' },
    'client closed',
    '[::1]:5222 - wid:5 - Client connection closed: Stale Connection',
  ],
  [
    'a client that has said who it is',
    { ...CLIENT, clientVersion: '1.2', clientLang: 'go', clientName: 'my "app"', account: '$G', user: 'user:u' },
    'client closed',
    String.raw`127.0.0.1:5222 - cid:5 - "v1.2:go:my \"app\"" - "$G/user:u" - Client connection closed`,
  ],
  [
    'a login that is refused',
    { ...CLIENT, reason: 'no CONNECT' },
    'login refused',
    '127.0.0.1:5222 - cid:5 - authentication error: no CONNECT',
  ],
  [
    'a login that is refused to somebody',
    { ...CLIENT, claim: 'User "eve"', reason: 'wrong password', connectionType: 'STANDARD' },
    'login refused',
    '127.0.0.1:5222 - cid:5 - authentication error - User "eve": wrong password',
  ],
  [
    'what a client may not do',
    { ...CLIENT, account: 'A', user: 'user:u', reason: 'Publish Violation - Subject "x"' },
    'operation refused',
    '127.0.0.1:5222 - cid:5 - "A/user:u" - Publish Violation - Subject "x"',
  ],
  [
    'a server that this one cannot reach',
    {
      url: 'nats://hub:7422',
      account: 'A',
      attempt: 3,
      reason: 'dial tcp 10.0.0.1:7422: connect: connection refused',
      retryMs: 1500,
    },
    'leaf node server not reached',
    'Error trying to connect as leafnode to remote server "hub:7422" (attempt 3): dial tcp 10.0.0.1:7422: connect: connection refused (account=A, retryMs=1500)',
  ],
  [
    'a server that does not let this one in',
    {
      url: 'nats://hub:7422',
      account: 'A',
      attempt: 1,
      reason: "Leafnode Error 'Authorization Violation'",
      hint: 'check it',
    },
    'leaf node not connected',
    'Leafnode Error \'Authorization Violation\' (url=nats://hub:7422, account=A, attempt=1, hint="check it")',
  ],
  ['a leaf node', LEAF, 'leaf node connected', '127.0.0.1:5222 - lid:6 - Leafnode connection created'],
  [
    'a leaf node that leaves',
    { ...KNOWN_LEAF, account: 'A', user: 'user:u', connectionType: 'LEAFNODE_WS', reason: 'Client Closed' },
    'leaf node closed',
    '127.0.0.1:5222 - lid_ws:6 - Leafnode connection closed: Client Closed - Remote: spoke',
  ],
  [
    'a leaf node that is turned away',
    { ...KNOWN_LEAF, account: 'A', user: 'user:u', reason: 'cluster name cannot contain spaces' },
    'leaf node refused',
    '127.0.0.1:5222 - lid:6 - cluster name cannot contain spaces - Account:A - user:u',
  ],
  [
    'what a leaf node complains of',
    { ...KNOWN_LEAF, reason: 'Authorization Violation' },
    'leaf node reports an error',
    "127.0.0.1:5222 - lid:6 - Leafnode Error 'Authorization Violation'",
  ],
  [
    'a login that is refused to a leaf node',
    { ...KNOWN_LEAF, claim: 'User "eve"', reason: 'wrong password' },
    'login refused',
    '127.0.0.1:5222 - lid:6 - authentication error - User "eve": wrong password',
  ],
  ['a client of unknown port', { client: 5, address: '::1' }, 'stalled', '::1 - cid:5 - Stalled'],
] as const) {
  test(`${what} becomes one line`, () => {
    const { log, lines } = capture()
    log.logger.child({}).info(fields, event)
    assert.deepEqual(lines, [`[7] [INF] ${text}\n`])
  })
}

test('each method of the logger has its level, and children keep their fields', () => {
  const { log, lines } = capture({ debug: true })
  const child = log.logger.child({ client: 1 }).child({ address: 'h' })
  child.debug({}, 'a')
  child.info({}, 'b')
  child.warn({}, 'c')
  child.error({}, 'd')
  assert.deepEqual(
    lines,
    ['DBG] h - cid:1 - A', 'INF] h - cid:1 - B', 'WRN] h - cid:1 - C', 'ERR] h - cid:1 - D'].map(
      (rest) => `[7] [${rest}\n`,
    ),
  )
})

test('the stack of an error follows on lines of its own', () => {
  const { log, lines } = capture()
  log.logger.error({ error: new Error('broke', { cause: new Error('first') }) }, 'door failed')
  const [first, second] = lines[0]!.split('\n')
  assert.equal(first, '[7] [ERR] Door failed (error="broke")')
  assert.equal(second, '    Error: broke')
  assert.match(lines[0]!, /\n {4}Error: first\n/)
})

test('what a peer sent neither begins a line nor steers a terminal', () => {
  const { log, lines } = capture({ trace: true })
  const hostile = 'a\r\n[7] [INF] Server is ready\x1b[2J\x00'
  log.logger.info({ client: 1, address: hostile, clientName: hostile, reason: hostile, subject: hostile }, 'event')
  log.trace.received({ client: 1, clientName: hostile }, 'SUB', Buffer.from(hostile))
  log.trace.receivedPayload({}, Buffer.from(hostile), 0)
  assert.equal(lines.length, 3)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  for (const line of lines) assert.doesNotMatch(line.slice(0, -1), /[\x00-\x1f\x7f-\x9f]/)
})

test('secrets are in no line', () => {
  const { log, lines } = capture({ trace: true })
  log.write('INF', 'asked for nats://alice:hunter2@broker')
  log.logger.info({ password: 'hunter2', client: 1, reason: '?token=hunter2' }, 'login?pass=hunter2')
  log.trace.received({}, 'CONNECT', '{"user":"u","pass":"hunter2"}')
  log.trace.sentPayload({}, Buffer.from('{"password":"hunter2"}'), 0)
  assert.equal(lines.length, 4)
  assert.doesNotMatch(lines.join(''), /hunter2/)
})

test('a log file is written, and on without what it had', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('x.log')
  writeFileSync(file, 'before\n')
  const { log, lines } = capture({ file }, { isTerminal: true })
  log.write('INF', 'one')
  assert.equal(readFileSync(file, 'utf8'), 'before\n[7] [INF] one\n')
  assert.deepEqual(lines, [])
  log.close()
})

test('a new log file is for its owner and the group', async () => {
  await using folder = await temporaryFolder()
  const { log } = capture({ file: folder.join('x.log') })
  assert.equal(statSync(folder.join('x.log')).mode & 0o777 & ~0o640, 0)
  log.close()
})

test('a log file that cannot be opened is an error', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('none/x.log')
  assert.throws(() => capture({ file }), {
    name: 'ConfigError',
    message: `error opening file: open ${file}: no such file or directory`,
  })
})

test('after the file was moved away, re-opening makes a new one', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('x.log')
  const { log } = capture({ file })
  log.write('INF', 'one')
  renameSync(file, folder.join('old'))
  log.write('INF', 'two')
  log.reopen()
  log.write('INF', 'three')
  assert.equal(readFileSync(folder.join('old'), 'utf8'), '[7] [INF] one\n[7] [INF] two\n')
  assert.equal(readFileSync(file, 'utf8'), '[7] [INF] File log re-opened\n[7] [INF] three\n')
  log.close()
})

test('without a log file, re-opening says that there is none', () => {
  const { log, lines } = capture()
  log.reopen()
  assert.deepEqual(lines, ['[7] [INF] File log re-open ignored, not a file logger\n'])
})

test('a file that grows too long is put aside under the time', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('x.log')
  let nowMs = NOW_MS
  const { log } = capture({ file, fileSizeLimitBytes: 200 }, { now: () => nowMs++ })
  log.write('INF', 'a'.repeat(150))
  assert.deepEqual(readdirSync(folder.path), ['x.log'])
  log.write('INF', 'b'.repeat(150))
  const [, backup] = readdirSync(folder.path).sort()
  assert.match(backup!, /^x\.log\.2026\.11\.21(\.\d\d){3}\.0\d{5}000$/)
  assert.match(readFileSync(folder.join(backup!), 'utf8'), /a{150}\n.*b{150}\n$/)
  assert.equal(readFileSync(file, 'utf8'), `[7] [INF] Rotated log, backup saved as "${folder.join(backup!)}"\n`)
  log.close()
})

test('no more log files are kept than asked for, and others are left alone', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('x.log')
  writeFileSync(folder.join('x.log.2020.01.01.00.00.00.000000000'), 'oldest')
  writeFileSync(folder.join('x.log.gz'), '')
  let nowMs = NOW_MS
  const { log } = capture({ file, fileSizeLimitBytes: 400, maxFiles: 3 }, { now: () => (nowMs += 1000) })
  for (let n = 0; n < 5; n++) log.write('INF', String(n).repeat(500))
  const names = readdirSync(folder.path).sort()
  assert.equal(names.length, 4, names.join())
  assert.ok(names.includes('x.log') && names.includes('x.log.gz'))
  assert.ok(!existsSync(folder.join('x.log.2020.01.01.00.00.00.000000000')))
  const contents = names.filter((name) => /\d$/.test(name)).map((name) => readFileSync(folder.join(name), 'utf8'))
  assert.ok(contents.some((text) => text.includes('4'.repeat(500))))
  assert.ok(contents.some((text) => text.includes('3'.repeat(500))))
  log.close()
})

test('new settings hold from the next line on', async () => {
  await using folder = await temporaryFolder()
  const { log, lines } = capture()
  log.trace.received({}, 'PING')
  assert.equal(log.trace.isOn, false)
  log.configure({ ...OPTIONS, trace: true, debug: true })
  assert.equal(log.trace.isOn, true)
  log.trace.received({}, 'PING')
  log.configure({ ...OPTIONS, file: folder.join('x.log') })
  log.write('INF', 'in the file')
  assert.throws(() => log.configure({ ...OPTIONS, file: folder.join('none/x.log') }), { name: 'ConfigError' })
  log.write('INF', 'still there')
  assert.deepEqual(lines, ['[7] [TRC] <<- [PING]\n'])
  assert.equal(readFileSync(folder.join('x.log'), 'utf8'), '[7] [INF] in the file\n[7] [INF] still there\n')
  log.close()
})
