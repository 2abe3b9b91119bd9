import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  connectLine,
  errLine,
  hmsgHead,
  infoLine,
  interestLine,
  leafHmsgHead,
  lmsgHead,
  msgHead,
  NO_RESPONDERS_HEADER,
  noInterestLine,
  noRespondersHeader,
  OK_LINE,
  PING_LINE,
  PONG_LINE,
} from '#wire/nats'

for (const [line, expected] of [
  [OK_LINE, '+OK\r\n'],
  [PING_LINE, 'PING\r\n'],
  [PONG_LINE, 'PONG\r\n'],
  [infoLine({ server_id: 'N', headers: true }), 'INFO {"server_id":"N","headers":true} \r\n'],
  [errLine('Stale Connection'), "-ERR 'Stale Connection'\r\n"],
  [msgHead('foo.bar', '1', '', 5), 'MSG foo.bar 1 5\r\n'],
  [msgHead('foo.bar', '1', '_INBOX.1', 0), 'MSG foo.bar 1 _INBOX.1 0\r\n'],
  [hmsgHead('foo.bar', 'abc', '', 24, 27), 'HMSG foo.bar abc 24 27\r\n'],
  [hmsgHead('foo.bar', 'abc', 'r', 24, 27), 'HMSG foo.bar abc r 24 27\r\n'],
  [connectLine({ name: 'grün', headers: true }), 'CONNECT {"name":"grün","headers":true}\r\n'],
  [interestLine('foo.*', '', 1), 'LS+ foo.*\r\n'],
  [interestLine('foo.*', 'grp', 2), 'LS+ foo.* grp 2\r\n'],
  [noInterestLine('foo.*', ''), 'LS- foo.*\r\n'],
  [noInterestLine('foo.*', 'grp'), 'LS- foo.* grp\r\n'],
  [lmsgHead('foo', '', [], 5), 'LMSG foo 5\r\n'],
  [lmsgHead('foo', 'r', [], 0), 'LMSG foo r 0\r\n'],
  [lmsgHead('foo', '', ['p'], 5), 'LMSG foo | p 5\r\n'],
  [lmsgHead('foo', 'r', ['p', 'q'], 5), 'LMSG foo + r p q 5\r\n'],
  [leafHmsgHead('foo', '', [], 18, 20), 'HMSG foo 18 20\r\n'],
  [leafHmsgHead('foo', 'r', [], 18, 20), 'HMSG foo r 18 20\r\n'],
  [leafHmsgHead('foo', '', ['p', 'q'], 18, 20), 'HMSG foo | p q 18 20\r\n'],
  [leafHmsgHead('foo', 'r', ['p'], 18, 20), 'HMSG foo + r p 18 20\r\n'],
] as const) {
  test(`the line ${JSON.stringify(expected)}`, () => {
    assert.equal(line, expected)
  })
}

test('nobody listens: 16 bytes as of old, 32 and the subject today', () => {
  assert.equal(NO_RESPONDERS_HEADER.toString(), 'NATS/1.0 503\r\n\r\n')
  assert.equal(NO_RESPONDERS_HEADER.length, 16)
  const header = noRespondersHeader('a.\xff')
  assert.equal(header.toString('latin1'), 'NATS/1.0 503\r\nNats-Subject: a.\xff\r\n\r\n')
  assert.equal(header.length, 32 + 'a.\xff'.length)
})
