/** What the system account hears and answers: `spec/nats.md` §2.8. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type NatsConnection, usernamePasswordAuthenticator } from '@nats-io/nats-core'
import { until } from '../../helpers/wait.ts'
import { assertRefused, CARRIERS, carrier, type Joined } from './carriers.ts'
import { certificates } from './forms.ts'
import { newerRow, type RunningImplementation, Sites, table } from './sites.ts'

const CONFIG = `
  accounts {
    SYS { users: [{ user: admin, password: secret }] }
    APP { users: [
      { user: app, password: secret }
      { user: limited, password: secret, permissions: { publish: { allow: ["a", "$SYS.REQ.USER.INFO"], deny: "b" }, subscribe: ["_INBOX.>"] } }
    ] }
    QUIET { users: [{ user: quiet, password: secret }] }
  }
  system_account: SYS`

const who = (user: string, password = 'secret') => ({ authenticator: usernamePasswordAuthenticator(user, password) })

interface Event {
  readonly type: string
  readonly id: string
  readonly timestamp: string
  readonly reason?: string
  readonly server: { readonly id: string; readonly name: string }
  readonly client: Readonly<Record<string, unknown>>
}

/** What arrives on a subject, as JSON. */
class Ear {
  readonly heard: Event[] = []

  static async at(connection: NatsConnection, subject: string): Promise<Ear> {
    const ear = new Ear()
    connection.subscribe(subject, { callback: (_error, message) => void ear.heard.push(message.json()) })
    await connection.flush()
    return ear
  }

  first(isIt: (event: Event) => boolean, what: string): Promise<Event> {
    return until(() => this.heard.find(isIt), `${what}; there is ${JSON.stringify(this.heard)}`)
  }
}

table((implementation) => {
  describe('the system account', () => {
    let sites: Sites
    const admins = new Map<RunningImplementation, Joined>()
    before(async () => {
      sites = await Sites.start(implementation, { main: CONFIG }, certificates)
      for (const server of sites.both) {
        admins.set(server, await sites.join(carrier(server === sites.plain ? 'ws' : 'TLS'), who('admin')))
      }
    })
    after(async () => {
      for (const admin of admins.values()) await admin[Symbol.asyncDispose]()
      await sites?.[Symbol.asyncDispose]()
    })
    const adminAt = (server: RunningImplementation) => admins.get(server)!.connection
    const ask = async (connection: NatsConnection, subject: string, payload = '') =>
      (await connection.request(subject, payload, { timeout: 5000 })).json<{
        readonly server: { readonly id: string; readonly name: string }
        readonly data: Readonly<Record<string, unknown>>
      }>()

    for (const each of CARRIERS) {
      const type = each.isWebSocket ? 'websocket' : 'nats'
      test(`hears who comes and goes over ${each.name}`, async () => {
        const admin = adminAt(sites.at(each))
        const came = await Ear.at(admin, '$SYS.ACCOUNT.APP.CONNECT')
        const went = await Ear.at(admin, '$SYS.ACCOUNT.APP.DISCONNECT')
        const name = `client over ${each.name}`
        const joined = await sites.join(each, { ...who('app'), name })
        const isIt = ({ client }: Event) => client.name === name
        const { server, client, ...event } = await came.first(isIt, 'who came')
        assert.equal(event.type, 'io.nats.server.advisory.v1.client_connect')
        assert.match(server.id, /^N[A-Z2-7]{55}$/)
        assert.equal(client.acc, 'APP')
        assert.equal(client.user, 'app')
        assert.equal(client.kind, 'Client')
        assert.equal(client.client_type, type)
        assert.match(String(client.host), /^(127\.0\.0\.1|::1)$/)
        await joined[Symbol.asyncDispose]()
        const left = await went.first(isIt, 'who went')
        assert.equal(left.type, 'io.nats.server.advisory.v1.client_disconnect')
        assert.equal(left.client.user, 'app')
        assert.equal(left.reason, 'Client Closed')
      })

      test(`hears who is refused over ${each.name}`, async () => {
        const refused = await Ear.at(adminAt(sites.at(each)), '$SYS.SERVER.*.CLIENT.AUTH.ERR')
        const name = `stranger over ${each.name}`
        await assertRefused(...sites.over(each, { ...who('app', 'wrong'), name }))
        const event = await refused.first(({ client }) => client.name === name, 'who was refused')
        assert.equal(event.type, 'io.nats.server.advisory.v1.client_disconnect')
        assert.equal(event.reason, 'Authentication Failure')
        assert.equal(event.client.user, 'app')
        assert.ok(!JSON.stringify(event).includes('wrong'))
      })

      newerRow(implementation, `tells a client over ${each.name} who it is`, 'it has no such subject', async () => {
        await using joined = await sites.join(each, who('limited'))
        const { data } = await ask(joined.connection, '$SYS.REQ.USER.INFO')
        assert.equal(data.user, 'limited')
        assert.equal(data.account, 'APP')
        const { publish, subscribe } = data.permissions as Record<string, Record<string, string[]>>
        assert.deepEqual(publish?.allow?.toSorted(), ['$SYS.REQ.USER.INFO', 'a'])
        assert.deepEqual(publish?.deny, ['b'])
        assert.deepEqual(subscribe?.allow, ['_INBOX.>'])
      })
    }

    test('is asked about servers and connections', async () => {
      await using _joined = await sites.join(carrier('ws'), { ...who('app'), name: 'shown' })
      const admin = adminAt(sites.plain)
      const statistics = await ask(admin, '$SYS.REQ.SERVER.PING')
      const { id } = statistics.server
      assert.match(id, /^N[A-Z2-7]{55}$/)
      const varz = await ask(admin, `$SYS.REQ.SERVER.${id}.VARZ`)
      assert.equal(varz.data.server_id, id)
      const pinged = await ask(admin, '$SYS.REQ.SERVER.PING.VARZ')
      assert.equal(pinged.data.server_id, id)
      const connz = await ask(admin, `$SYS.REQ.SERVER.${id}.CONNZ`, '{"auth":true,"acc":"APP"}')
      const shown = (connz.data.connections as Record<string, unknown>[]).find(({ name }) => name === 'shown')
      assert.equal(shown?.authorized_user, 'app')
      assert.equal(shown?.account, 'APP')
      assert.equal(shown?.type, 'websocket')
    })

    test('is asked about accounts', async () => {
      await using _joined = await sites.join(carrier('TCP'), { ...who('app'), name: 'of the account' })
      const admin = adminAt(sites.plain)
      const connz = await ask(admin, '$SYS.REQ.ACCOUNT.APP.CONNZ')
      assert.ok((connz.data.connections as Record<string, unknown>[]).some(({ name }) => name === 'of the account'))
      const info = await ask(admin, '$SYS.REQ.ACCOUNT.APP.INFO')
      assert.equal(info.data.account_name, 'APP')
      const answer = await admin.request('$SYS.REQ.ACCOUNT.APP.CONNS', '', { timeout: 5000 })
      const { acc, conns } = answer.json<Record<string, unknown>>()
      assert.deepEqual({ acc, conns }, { acc: 'APP', conns: 1 })
    })

    test('is closed to other accounts', async () => {
      await using joined = await sites.join(carrier('TCP'), who('quiet'))
      const heard = await Ear.at(joined.connection, '$SYS.ACCOUNT.>')
      await (await sites.join(carrier('ws'), who('app')))[Symbol.asyncDispose]()
      await joined.connection.flush()
      assert.deepEqual(heard.heard, [])
      await assert.rejects(
        joined.connection.request('$SYS.REQ.SERVER.PING.VARZ', '', { timeout: 5000 }),
        /no ?responders|503/i,
      )
    })
  })
})
