import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, type LoggerOptions } from '#ops'

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'
const SECRET = 'hunter2-Ünsäglich'

function capture(options: LoggerOptions = {}) {
  const lines: string[] = []
  const logger = createLogger({ ...options, destination: { write: (line) => void lines.push(line) } })
  return { logger, lines, events: () => lines.map((line) => JSON.parse(line)) }
}

test('an event is one line of JSON with its time, level, name and fields', () => {
  const { logger, events } = capture()
  logger.child({ door: 'nats' }).warn({ account: '$G', pendingBytes: 12 }, 'slow consumer')
  const [{ time, ...rest }] = events()
  assert.deepEqual(rest, { level: 'warn', door: 'nats', account: '$G', pendingBytes: 12, event: 'slow consumer' })
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000)
})

test('a level leaves out what matters less', () => {
  const written = (level: NonNullable<LoggerOptions['level']>) => {
    const { logger, events } = capture({ level })
    for (const name of ['debug', 'info', 'warn', 'error'] as const) logger[name]({}, name)
    return events().map(({ event }) => event)
  }
  assert.deepEqual(written('trace'), ['debug', 'info', 'warn', 'error'])
  assert.deepEqual(written('debug'), ['debug', 'info', 'warn', 'error'])
  assert.deepEqual(written('warn'), ['warn', 'error'])
  assert.deepEqual(written('off'), [])
})

test('a level that changes while running holds for all children at once', () => {
  const { logger, events } = capture()
  const child = logger.child({ door: 'hub' }).child({ hub: 'sync' })
  child.debug({}, 'before')
  logger.level = 'debug'
  assert.equal(logger.level, 'debug')
  child.debug({}, 'between')
  logger.debug({}, 'at the root')
  logger.level = 'error'
  child.warn({}, 'after')
  child.error({}, 'still')
  assert.deepEqual(
    events().map(({ event }) => event),
    ['between', 'at the root', 'still'],
  )
})

test('a room with a level of its own follows that one, and its children with it', () => {
  const { logger, events } = capture({ level: 'warn', roomLevels: { hub: 'debug', vault: 'error' } })
  const hub = logger.child({ door: 'hub' }).child({ hub: 'sync' })
  const vault = logger.child({ room: 'vault' })
  const other = logger.child({ room: 'constructor' })
  for (const one of [hub, vault, other]) {
    one.debug({}, 'debug')
    one.warn({}, 'warn')
  }
  assert.deepEqual(
    events().map(({ door, room, event }) => [door ?? room, event]),
    [
      ['hub', 'debug'],
      ['hub', 'warn'],
      ['constructor', 'warn'],
    ],
  )
  logger.roomLevels = {}
  hub.info({}, 'no more')
  vault.warn({}, 'again')
  assert.deepEqual(
    events()
      .slice(3)
      .map(({ event }) => event),
    ['again'],
  )
  assert.deepEqual(logger.roomLevels, {})
})

const secretFields: Record<string, Record<string, unknown>> = {
  'an access token in a URL': { url: `/notifications/hub?id=7&access_token=${JWT}&x=1` },
  'an opaque token in a URL': { url: `wss://127.0.0.1/hub?access_token=${encodeURIComponent(SECRET)}` },
  'a form': { body: `grant_type=password&username=alice&password=${encodeURIComponent(SECRET)}&scope=api` },
  'an authorization header': { headers: { Authorization: `Bearer ${JWT}`, host: 'localhost' } },
  'a header in a text': { request: `GET / HTTP/1.1 Authorization: Bearer ${JWT}` },
  'a basic header in a text': { line: `Proxy said: Basic ${Buffer.from(SECRET).toString('base64')}` },
  'a cookie': { headers: { cookie: `session=${SECRET}`, 'set-cookie': [SECRET] } },
  'a token': { token: SECRET, refresh_token: SECRET, accessToken: JWT },
  'a password': { masterPasswordHash: SECRET, password: Buffer.from(SECRET), pass: SECRET },
  'a NATS CONNECT': { line: `CONNECT {"user":"alice","pass": "${SECRET}","auth_token":"${SECRET}","verbose":false}` },
  'a NATS URL': { url: `nats://alice:${encodeURIComponent(SECRET)}@broker.example:4222` },
  'a URL whose password has signs that belong escaped': { url: `nats://alice:"a@${SECRET}@broker.example:4222` },
  'a URL object': { url: new URL(`https://localhost/?api_key=${encodeURIComponent(SECRET)}`) },
  'a bare JWT': { claims: [`got ${JWT}`] },
  'the seed of an nkey': { line: 'SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY' },
  'an error': { error: new Error(`cannot read ?token=${JWT}`, { cause: new Error(`Bearer ${JWT}`) }) },
  'a deep field': { a: { b: [{ clientSecret: SECRET }] } },
  'raw bytes': { frame: Buffer.from(JWT) },
}

for (const [what, fields] of Object.entries(secretFields)) {
  for (const format of ['json', 'text'] as const) {
    test(`${what} is not in the log as ${format}`, () => {
      const { logger, lines } = capture({ level: 'debug', format })
      logger.debug(fields, 'event')
      logger.child(fields).error({}, 'event of a child')
      const forms = [SECRET, encodeURIComponent(SECRET), Buffer.from(SECRET).toString('base64'), JWT, 'SUACSSL3']
      for (const form of forms) assert.ok(!lines.join('').includes(form), lines.join(''))
      assert.equal(lines.length, 2)
    })
  }
}

test('an event with a token in its name is written without it', () => {
  const { logger, lines } = capture()
  logger.info({}, `upgrade /hub?access_token=${JWT}`)
  assert.match(lines[0]!, /access_token=\[redacted\]/)
})

test('what is no secret stays readable', () => {
  const { logger, events } = capture()
  const fields = { url: '/api/ciphers?excludeDomains=true', subject: 'vault.user.7.SyncCipherUpdate', tokenBytes: 9 }
  logger.info({ ...fields, contextId: 'c0ffee', isTokenValid: false, error: new TypeError('no such door') }, 'request')
  const [{ time, error, ...rest }] = events()
  assert.deepEqual(rest, { level: 'info', event: 'request', ...fields, contextId: 'c0ffee', isTokenValid: false })
  assert.equal(error.name, 'TypeError')
  assert.match(error.stack, /logger\.test\.ts/)
})

test('the size of an event is bounded', () => {
  const { logger, lines } = capture()
  const circle: Record<string, unknown> = { text: 'x'.repeat(1_000_000), list: Array.from({ length: 10_000 }, String) }
  circle.self = circle
  logger.info(circle, 'big')
  assert.ok(lines[0]!.length < 50_000, String(lines[0]!.length))
})

test('a line for people has the error’s stack below it and lets no peer steer the terminal', () => {
  const { logger, lines } = capture({ format: 'text' })
  logger.error(
    {
      door: 'hub',
      device: '\u009b2J\u007f',
      reason: 'bad\nline\u001b[2J',
      error: new Error('cut\u001b[2J', { cause: new Error('why') }),
    },
    'peer closed',
  )
  const [head, ...stack] = lines[0]!.split('\n')
  assert.match(
    head!,
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ERROR peer closed door=hub device="\\u009b2J\\u007f" reason="bad\\nline\\u001b\[2J" error="cut/,
  )
  assert.ok(stack.some((line) => line.includes('Error: why')))
  assert.ok(!lines[0]!.includes('\u001b'))
})
