/**
 * The hub of devices that are not logged in yet, with Microsoft's client as the apps use it: they connect first, and
 * register their handler when they are connected.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  HttpTransportType,
  type HubConnection,
  HubConnectionBuilder,
  type IHttpConnectionOptions,
  type IHubProtocol,
  JsonHubProtocol,
  LogLevel,
} from '@microsoft/signalr'
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { within } from '../helpers/wait.ts'
import { Approver, INTERNAL_KEY } from './auth-answers.ts'

const USER = '11111111-1111-4111-8111-111111111111'

/** How the apps come. */
const APP: IHttpConnectionOptions = { skipNegotiation: true, transport: HttpTransportType.WebSockets }

interface AuthRequestResponse {
  readonly Type: number
  readonly Payload: { readonly Id: string; readonly UserId: string }
  readonly UserId: string
}

const responseOf = (id: string): AuthRequestResponse => ({
  Type: 16,
  Payload: { Id: id, UserId: USER },
  UserId: USER,
})

describe('a device that is not logged in', { concurrency: true }, () => {
  let server: TestServer
  let approver: Approver
  before(async () => {
    server = await startTestServer({ relay: { internalKey: INTERNAL_KEY } })
    approver = await Approver.of(server.webUrl)
  })
  after(() => server.close())

  const connection = (requestId: string, options = APP, protocol: IHubProtocol = new MessagePackHubProtocol()) =>
    new HubConnectionBuilder()
      .withUrl(`${server.webUrl}/notifications/anonymous-hub?Token=${requestId}`, options)
      .withHubProtocol(protocol)
      .configureLogging(LogLevel.None)
      .build()

  /** All that is heard from now on, and the first of it as a promise. */
  const listen = (hub: HubConnection) => {
    const heard: unknown[] = []
    const { promise: first, resolve } = Promise.withResolvers<unknown>()
    hub.on('AuthRequestResponseRecieved', (response) => {
      heard.push(response)
      resolve(response)
    })
    return { heard, first }
  }

  test('hears of an approval while it waits', async () => {
    const requestId = randomUUID()
    const hub = connection(requestId)
    await hub.start()
    const { first } = listen(hub)
    await sleep(1_500)
    await approver.approve(requestId, USER)
    assert.deepEqual(await within(first, 'the approval'), responseOf(requestId))
    await hub.stop()
  })

  const REGISTRATIONS: readonly [when: string, register: (hub: HubConnection) => Promise<ReturnType<typeof listen>>][] =
    [
      [
        'in the same turn as start()',
        async (hub) => {
          const started = hub.start()
          const listening = listen(hub)
          await started
          return listening
        },
      ],
      [
        'when start() has resolved',
        async (hub) => {
          await hub.start()
          return listen(hub)
        },
      ],
      [
        'a while after that',
        async (hub) => {
          await hub.start()
          await sleep(300)
          return listen(hub)
        },
      ],
    ]
  for (const [when, register] of REGISTRATIONS) {
    test(`hears once of an approval that was given before it connected, with a handler registered ${when}`, async () => {
      const requestId = randomUUID()
      await approver.approve(requestId, USER)
      const hub = connection(requestId)
      const { heard, first } = await register(hub)
      assert.deepEqual(await within(first, 'the approval'), responseOf(requestId))
      await sleep(1_500)
      assert.equal(heard.length, 1)
      await hub.stop()
    })

    test(`hears once of an approval in the moment of the handshake, with a handler registered ${when}`, async () => {
      const requestId = randomUUID()
      const hub = connection(requestId)
      const listening = register(hub)
      await approver.approve(requestId, USER)
      const { heard, first } = await listening
      assert.deepEqual(await within(first, 'the approval'), responseOf(requestId))
      await sleep(1_500)
      assert.equal(heard.length, 1)
      await hub.stop()
    })
  }

  for (const [name, transport, protocol] of [
    ['WebSockets and MessagePack', HttpTransportType.WebSockets, new MessagePackHubProtocol()],
    ['WebSockets and JSON', HttpTransportType.WebSockets, new JsonHubProtocol()],
    ['Server-Sent Events and JSON', HttpTransportType.ServerSentEvents, new JsonHubProtocol()],
    ['long polling and MessagePack', HttpTransportType.LongPolling, new MessagePackHubProtocol()],
    ['long polling and JSON', HttpTransportType.LongPolling, new JsonHubProtocol()],
  ] as const) {
    test(`may negotiate and use ${name}`, async () => {
      const requestId = randomUUID()
      await approver.approve(requestId, USER)
      const hub = connection(requestId, { transport }, protocol)
      await hub.start()
      const response = await within(listen(hub).first, 'the approval')
      const inJson = { type: 16, payload: { id: requestId, userId: USER }, userId: USER }
      assert.deepEqual(response, protocol.name === 'json' ? inJson : responseOf(requestId))
      await hub.stop()
    })
  }

  test('is refused without the id of a request, by connection and negotiation', async () => {
    await assert.rejects(connection('nonsense').start())
    await assert.rejects(connection('nonsense', {}).start(), /400/)
  })
})
