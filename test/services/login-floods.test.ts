import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyPair } from '../../src/auth/nats/nkeys.ts'
import { Realm } from '../auth/nats/operator/realm.ts'
import { RawSocket } from '../net/raw-socket.ts'
import { ConfiguredServer } from './configured-server.ts'

test('users of accounts that somebody made up do not fill the log', async () => {
  const realm = new Realm()
  const config = `operator: "${realm.operatorJwt()}"\nresolver: MEMORY\nauthorization { max_failure_delay: "0s" }`
  await using server = await ConfiguredServer.start(config)
  for (let i = 0; i < 120; i++) {
    using client = await RawSocket.connect(server.tcp)
    const jwt = realm.userJwt(KeyPair.create('user'), KeyPair.create('account'), { bearer_token: true })
    client.write(`CONNECT {"jwt":"${jwt}"}\r\n`)
    assert.match(await client.readToEnd(), /-ERR 'Authorization Violation'\r\n$/)
  }
  for (const logged of ['account fetch failed', 'login refused']) {
    const count = server.log.filter(({ event }) => event === logged).length
    assert.ok(count > 50 && count <= 100, `${count} lines: ${logged}`)
  }
})
