/** What one client says and hears, byte for byte: the same on every implementation and carrier, or the difference is here. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { IMPLEMENTATIONS, type RunningImplementation } from './implementations.ts'
import { CARRIERS, connectTo } from './raw-client.ts'
import { runScript } from './script.ts'
import { SCRIPTS } from './scripts/index.ts'

const CONFIG = 'max_payload: 1024, max_control_line: 1024, max_subscriptions: 8'

for (const implementation of IMPLEMENTATIONS) {
  describe(implementation.name, { skip: implementation.skip }, () => {
    let server: RunningImplementation
    before(async () => {
      server = await implementation.start(CONFIG)
    })
    after(() => server?.[Symbol.asyncDispose]())

    for (const carrier of CARRIERS) {
      describe(`over ${carrier}`, () => {
        for (const script of SCRIPTS) test(script.name, () => runScript(script, server, carrier))

        test('INFO comes first and says what a client has to know', async () => {
          using client = await connectTo(server, carrier)
          const { info } = client
          assert.match(client.infoLine, /\} \r\n$/)
          assert.match(String(info.server_id), /^N[A-Z2-7]{55}$/)
          assert.equal(info.server_name, info.server_id)
          assert.match(String(info.version), /^2\.9\.\d+$/)
          assert.equal(info.proto, 1)
          assert.equal(info.headers, true)
          assert.equal(info.max_payload, 1024)
          assert.ok(Number(info.client_id) > 0)
          assert.equal(info.client_ip, '127.0.0.1')
          assert.equal(info.host, '127.0.0.1')
          // nats-server named the TCP port to everybody until 2.9.19.
          const listener = carrier === 'TCP' || server.name === 'natsServer' ? server.tcp : server.webSocket
          assert.equal(info.port, listener.port)
          for (const absent of [
            'auth_required',
            'tls_required',
            'tls_available',
            'nonce',
            'jetstream',
            'connect_urls',
          ]) {
            assert.equal(info[absent], undefined, absent)
          }
        })
      })
    }
  })
}
