import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawSocket } from '../net/raw-socket.ts'
import { ConfiguredServer } from './configured-server.ts'

for (const [what, config, authRequired] of [
  ['follows from the rest', 'accounts { $SYS { users: [{ user: admin, password: pw }] } }', true],
  ['is configured', 'accounts { A { users: [{ user: ann, password: pw }] } }\nno_auth_user: ann', undefined],
] as const) {
  test(`who shows nothing gets in; whether INFO asks for a login depends on whether that user ${what}`, async () => {
    await using server = await ConfiguredServer.start(config)
    const client = await RawSocket.connect(server.tcp)
    const info = JSON.parse((await client.readThrough('\n')).slice('INFO '.length))
    assert.equal(info.auth_required, authRequired)
    client.socket.write('CONNECT {}\r\nPING\r\n')
    assert.match(await client.readThrough('PONG\r\n'), /^\+OK\r\n/)
    client.socket.destroy()
  })
}
