import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startJobs, vaultFiles } from '#vault'
import { registerAndLogin } from '../../helpers/account.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { type LoggedEvent, recordingLogger } from '../../helpers/recording-logger.ts'
import { startTestServer } from '../../helpers/server.ts'
import { until } from '../../helpers/wait.ts'
import { openTestStore } from '../../store/open-test-store.ts'
import { sampleCipher, sampleUser } from '../../store/samples.ts'
import { settingsIn } from '../harness.ts'

const START = Date.UTC(2026, 5, 1, 0, 0, 1)
const USUAL = {
  pollIntervalMs: 30_000,
  trashPurgeSchedule: '0 5 0 * * *',
  trashAutoDeleteDays: 30,
  sendPurgeSchedule: undefined,
  incompleteLoginSchedule: undefined,
  authRequestPurgeSchedule: undefined,
}
const settings = settingsIn({ join: () => '/nowhere' })
const REST = { mailer: undefined, settings, files: vaultFiles(settings) }

test('the trash is emptied at its time and the leftovers of Vaultwarden are cleared away, each once a day', async () => {
  await using opened = await openTestStore()
  const { store, query } = opened
  const user = sampleUser()
  await store.users.insert(user)
  const clock = new FakeClock(START)
  const logged: LoggedEvent[] = []
  const logger = recordingLogger((line) => line.fields.job !== 'sweep files' && logged.push(line))
  const jobs = startJobs(USUAL, { ...REST, store, clock, logger })!
  for (let day = 1; day <= 2; day++) {
    await store.ciphers.insert(sampleCipher(user.id, { deletedAt: new Date(START - 31 * 86_400_000) }))
    await query(`INSERT INTO belfry_user_keys (user_uuid, key_id, private_key_digest) VALUES ('gone', 'id', '')`)
    clock.advance(600_000)
    await until(() => logged.length === 2 * day - 1, 'the trash to be emptied')
    clock.advance(1_200_000)
    await until(() => logged.length === 2 * day, 'the leftovers to go')
    clock.advance(23.5 * 3_600_000)
  }
  await jobs.close()
  assert.deepEqual(
    logged.map(({ fields: { job, due, deleted, removed } }) => [job, (due as Date).toISOString(), deleted ?? removed]),
    ['2026-06-01', '2026-06-02'].flatMap((day) => [
      ['purge trash', `${day}T00:05:00.000Z`, 1],
      ['clean up', `${day}T00:25:00.000Z`, 1],
    ]),
  )
})

for (const [what, settings, expected] of [
  ['there are no jobs when the interval is 0', { pollIntervalMs: 0 }, 0],
  ['the trash is kept without a number of days', { trashAutoDeleteDays: undefined }, 1],
  ['the trash is kept without a time', { trashPurgeSchedule: undefined }, 1],
] as const) {
  test(what, async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = sampleUser()
    await store.users.insert(user)
    await store.ciphers.insert(sampleCipher(user.id, { deletedAt: new Date(0) }))
    const clock = new FakeClock(START)
    const ran: unknown[] = []
    const logger = recordingLogger(({ fields }) => ran.push(fields.job))
    const jobs = startJobs({ ...USUAL, ...settings }, { ...REST, store, clock, logger })
    assert.equal(clock.pending, expected)
    clock.advance(86_400_000)
    await jobs?.close()
    assert.equal((await store.ciphers.ownOf(user.id)).length, 1)
    assert.deepEqual(new Set(ran), new Set(expected === 0 ? [] : ['clean up', 'sweep files']))
    assert.equal(clock.pending, 0)
  })
}

test('a whole server empties its trash, and clients see at their next sync that something changed', async () => {
  await using server = await startTestServer({ vault: { trashPurgeSchedule: '* * * * * *', trashAutoDeleteDays: 0 } })
  const ada = await registerAndLogin({ server: server.webUrl })
  const { json: kept } = await ada.post('/api/ciphers', ada.loginItem('kept'))
  const { json: item } = await ada.post('/api/ciphers', ada.loginItem('x'))
  await ada.put(`/api/ciphers/${item.id}/delete`)
  const { json: before } = await ada.get('/api/accounts/revision-date')
  const ciphers = await until(async () => {
    const { json } = await ada.get('/api/sync')
    return json.ciphers.length === 1 && json.ciphers
  }, 'the trash to be emptied')
  assert.equal(ciphers[0].id, kept.id)
  const { json: after } = await ada.get('/api/accounts/revision-date')
  assert.ok(after > before)
})
