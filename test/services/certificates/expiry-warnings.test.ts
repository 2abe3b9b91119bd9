import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { ExpiryWarnings } from '../../../src/services/certificates/expiry-warnings.ts'
import { TestAuthority } from '../../helpers/certificates.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { type LoggedEvent, recordingLogger } from '../../helpers/recording-logger.ts'
import { temporaryFolder } from '../../helpers/temp.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

async function certificate(): Promise<X509Certificate> {
  await using folder = await temporaryFolder()
  const { cert } = await (await TestAuthority.create(folder)).issue({ dnsNames: ['vault.example.com'] })
  return new X509Certificate(cert)
}

function watched(one: X509Certificate, startMs: number) {
  const clock = new FakeClock(startMs)
  const log: LoggedEvent[] = []
  const listener = { name: 'web', files: [], certificates: [one], renew: async () => {} }
  const listeners = [listener]
  const warnings = new ExpiryWarnings({
    listeners: () => listeners,
    clock,
    logger: recordingLogger((e) => log.push(e)),
  })
  return { clock, log, listeners, warnings }
}

test('the log speaks of a certificate that runs out at 14, 7, 3 and 1 days and when it has, once each', async () => {
  const one = await certificate()
  const endMs = one.validToDate.getTime()
  const { clock, log, warnings } = watched(one, endMs - 20 * DAY_MS)
  const said: [daysBefore: number, level: string, event: string, daysLeft: unknown][] = []
  for (let hour = 0; hour < 22 * 24; hour++) {
    clock.advance(HOUR_MS)
    for (const { level, event, fields } of log.splice(0)) {
      assert.equal(fields.listener, 'web')
      assert.equal(fields.names, 'vault.example.com')
      assert.equal(fields.expires, one.validToDate.toISOString())
      said.push([(endMs - clock.now()) / DAY_MS, level, event, fields.daysLeft])
    }
  }
  assert.deepEqual(said, [
    [14, 'warn', 'certificate expires soon', 14],
    [7, 'warn', 'certificate expires soon', 7],
    [3, 'warn', 'certificate expires soon', 3],
    [1, 'warn', 'certificate expires soon', 1],
    [0, 'error', 'certificate has expired', undefined],
  ])
  warnings.close()
  assert.equal(clock.pending, 0)
})

test('whoever starts late is told at once, and again of another certificate', async () => {
  const one = await certificate()
  const { log, listeners, warnings } = watched(one, one.validToDate.getTime() - 2.5 * DAY_MS)
  assert.deepEqual(
    log.map(({ fields }) => fields.daysLeft),
    [3],
  )
  listeners[0] = { ...listeners[0]!, certificates: [await certificate()] }
  warnings.look()
  assert.equal(log.length, 2)
  warnings.close()
})
