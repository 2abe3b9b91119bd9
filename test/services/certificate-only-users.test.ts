/** Users without a password whom certificates name, at doors that they do not come by. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestAuthority } from '../helpers/certificates.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { RawSocket } from '../net/raw-socket.ts'
import { ConfiguredServer } from './configured-server.ts'

const USER = (types = '') => `authorization { users: [{ user: scoped${types} }] }`
const MAPS = 'tls { cert_file: "c.pem", key_file: "k.pem", verify_and_map: true }'

test('who is known by certificates of leaf nodes gets in as a client nowhere without one, as in nats-server', async () => {
  await using folder = await temporaryFolder()
  const { certFile, keyFile } = await (await TestAuthority.create(folder)).issue()
  const tls = `tls { cert_file: "${certFile}", key_file: "${keyFile}", verify_and_map: true }`
  await using server = await ConfiguredServer.start(`leafnodes { listen: "127.0.0.1:-1", ${tls} }\n${USER()}`)
  const client = await RawSocket.connect(server.tcp)
  client.socket.write('CONNECT {"verbose":false,"user":"scoped"}\r\nPING\r\n')
  assert.match(await client.readThrough("Violation'\r\n"), /-ERR 'Authorization Violation'/)
  client.socket.destroy()
})

for (const [what, config, mayComeIn] of [
  ['of MQTT', `mqtt { port: -1, ${MAPS} }\n${USER()}`, false],
  ['of MQTT, where it may not go', `mqtt { port: -1, ${MAPS} }\n${USER(', connection_types: [STANDARD]')}`, true],
  [
    'of MQTT over WebSocket, which asks for none',
    `mqtt { port: -1, ${MAPS} }\n${USER(', connection_types: [STANDARD, MQTT_WS]')}`,
    true,
  ],
  ['of no listener', `mqtt { ${MAPS} }\n${USER()}`, true],
] as const) {
  test(`who is known by certificates ${what} ${mayComeIn ? 'gets in' : 'gets in nowhere'} without one, as in nats-server`, async () => {
    await using server = await ConfiguredServer.start(config)
    const client = await RawSocket.connect(server.tcp)
    client.socket.write('CONNECT {"verbose":false,"user":"scoped"}\r\nPING\r\n')
    const answer = await client.readThrough(mayComeIn ? 'PONG\r\n' : "Violation'\r\n")
    assert.match(answer, mayComeIn ? /PONG/ : /-ERR 'Authorization Violation'/)
    client.socket.destroy()
  })
}
