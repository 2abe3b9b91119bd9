/** What listeners may say about a connection that they hand to the door, and what the log and the trace say about it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CloseReason, Entry, ProtocolTrace } from '#doors/nats'
import { startDoor } from './door-server.ts'
import { connectTo, TcpClient, WebSocketClient } from './raw-client.ts'

test('an upgrade that is turned away ends without a word, and is logged', async () => {
  await using server = await startDoor({ upgrade: { turnedAway: 'not here' } })
  await assert.rejects(WebSocketClient.connect(server.webSocket), /ended after ""/)
  assert.equal(server.log.find(({ level }) => level === 'error')?.fields.reason, 'not here')
  assert.equal(server.door.connectionCount, 0)
})

test('the address that a client comes from is the one its listener names, in INFO, log and monitoring', async () => {
  const remote = { address: '192.0.2.7', port: 7 }
  await using server = await startDoor({ upgrade: { remote, logPrefix: '198.51.100.1/' } })
  using client = await WebSocketClient.connect(server.webSocket)
  assert.equal(client.info.client_ip, remote.address)
  const [snapshot] = [...server.door.openSnapshots()]
  assert.deepEqual([snapshot?.ip, snapshot?.port], [remote.address, remote.port])
  const { address, port } = server.log.find(({ event }) => event === 'client connected')!.fields
  assert.deepEqual([address, port], ['198.51.100.1/192.0.2.7', 7])
})

test('who may not stay is found, and ended with the reason', async () => {
  let reason: CloseReason | undefined
  const upgrade = { path: '/', origin: undefined, host: 'localhost', isTls: false }
  await using server = await startDoor({ upgrade: { upgrade } })
  const objection = (entry: Entry) => (entry.upgrade?.path === '/' ? reason : undefined)
  for (const profile of [server.webSocketProfile, server.tcpProfile])
    profile.current = { ...profile.current, objection }
  using client = await WebSocketClient.connect(server.webSocket)
  using other = await TcpClient.connect(server.tcp)
  assert.deepEqual(await server.door.recheck(), [])
  reason = 'Server Shutdown'
  const ended = await server.door.recheck()
  assert.deepEqual(
    ended.map((one) => [one.cid, one.reason]),
    [[client.info.client_id, reason]],
  )
  assert.deepEqual(await client.ended(), { code: 1001, reason })
  await other.untilPong()
})

for (const [advertise, host, port] of [
  ['nats.example.com:5000', 'nats.example.com', 5000],
  ['nats.example.com', 'nats.example.com', undefined],
  ['nats.example.com:-1', 'nats.example.com', undefined],
  ['[2001:db8::1]:5000', '2001:db8::1', 5000],
  ['[2001:db8::1]', '2001:db8::1', undefined],
] as const) {
  test(`client_advertise ${advertise} is what INFO names`, async () => {
    await using server = await startDoor()
    server.tcpProfile.current = { ...server.tcpProfile.current, clientAdvertise: advertise }
    using client = await TcpClient.connect(server.tcp)
    assert.deepEqual([client.info.host, client.info.port], [host, port ?? server.tcp.port])
  })
}

test('the log knows a client by what it said of itself', async () => {
  await using server = await startDoor()
  using client = await TcpClient.connect(server.tcp)
  client.say('CONNECT {"name":"n","lang":"l","version":"1.2","protocol":7}\r\n')
  await client.ended()
  const { clientName, clientLang, clientVersion, reason } = server.log.find(
    ({ event }) => event === 'client closed',
  )!.fields
  assert.deepEqual([clientName, clientLang, clientVersion, reason], ['n', 'l', '1.2', 'Bad Client Protocol Version'])
})

test('while it is on, the trace gets what passes, as on the wire', async () => {
  const lines: string[] = []
  const keep =
    (arrow: string) =>
    (_client: unknown, verb: string, text = '') =>
      void lines.push(`${arrow} ${verb} ${text}`.trim())
  const keepPayload = (arrow: string) => (_client: unknown, payload: Uint8Array, headerBytes: number) =>
    void lines.push(`${arrow} ${headerBytes} ${JSON.stringify(Buffer.from(payload).toString())}`)
  const trace = {
    isOn: true as boolean,
    received: keep('<<-'),
    sent: keep('->>'),
    did: keep('<->'),
    receivedPayload: keepPayload('<<-'),
    sentPayload: keepPayload('->>'),
  } satisfies ProtocolTrace
  await using server = await startDoor({ trace })
  using client = await connectTo(server, 'TCP')
  client.say(
    'CONNECT {"headers":true}\r\nSUB a q 1\r\nUNSUB 1 1\r\nHPUB a r 12 14\r\nNATS/1.0\r\n\r\nhi\r\nSUB b 2\r\nUNSUB 2\r\n',
  )
  await client.untilPong()
  trace.isOn = false
  await client.untilPong()
  assert.deepEqual(lines, [
    '<<- CONNECT {"headers":true}',
    '->> OK',
    '<<- SUB a q 1',
    '->> OK',
    '<<- UNSUB 1 1',
    '->> OK',
    '<<- HPUB a r 12 14',
    '<<- 12 "NATS/1.0\\r\\n\\r\\nhi"',
    '->> OK',
    '->> HMSG a 1 r 12 14',
    '->> 12 "NATS/1.0\\r\\n\\r\\nhi"',
    '<-> DELSUB 1',
    '<<- SUB b 2',
    '->> OK',
    '<<- UNSUB 2',
    '<-> DELSUB 2',
    '->> OK',
    '<<- PING',
    '->> PONG',
  ])
})
