/** SignalR's own client confirms, over each of its transports that can, that it has heard what it was told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpTransportType } from '@microsoft/signalr'
import { systemClock } from '../../src/kit/index.ts'
import { Hearing } from '../../src/push/hearing.ts'
import { ALICE, startHub } from '../doors/hub/hub-server.ts'
import { recordingLogger } from '../helpers/recording-logger.ts'
import { until, within } from '../helpers/wait.ts'
import { connectionTo, WAYS } from './ways.ts'

for (const [name, way] of WAYS) {
  const confirms = way.transport !== HttpTransportType.ServerSentEvents
  test(`${name}: a client ${confirms ? 'confirms' : 'cannot confirm'} what it was told`, async () => {
    await using hub = await startHub({
      authenticate: async () => ({ user: { id: ALICE }, device: { id: 'browser' }, securityStamp: 'stamp' }),
    })
    const hearing = new Hearing({
      account: hub.account,
      say: (subject, payload) => void hub.publish(subject, payload.toString()),
      absentMs: 0,
      clock: systemClock,
      logger: recordingLogger(() => {}),
    })
    const client = connectionTo(`http://127.0.0.1:${hub.port}/notifications/hub`, way, ALICE).build()
    let told = 0
    client.on('ReceiveMessage', () => told++)
    await within(client.start(), 'the start')
    hub.notifier.account('SyncSettings', ALICE, new Date(0), null)
    // It shook hands before. The clock goes on between its answer and our hearing of it.
    const heard = await within(hearing.ask(ALICE, ['browser', 'phone'], Date.now() + 1_000), 'the answer')
    assert.deepEqual([...heard], confirms ? ['browser'] : [])
    await until(() => told === 1, 'the event')
    hearing.close()
    await client.stop()
  })
}
