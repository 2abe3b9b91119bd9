import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getJson, startMonitoringServer } from './monitoring-server.ts'
import { SAMPLE_SERVER, sampleSource } from './sample-source.ts'

const PHONES = { waiting: 1, sent: 2, retried: 3, superseded: 4, dropped: 5, gone: 6 }

test('what became of pushes is shown for each way, null for one that is switched off', async () => {
  await using server = await startMonitoringServer(sampleSource({ pushes: () => ({ phones: PHONES }) }))
  const { server_id, phones, browsers } = await getJson<Record<string, unknown>>(`${server.url}/pushz`)
  assert.deepEqual([server_id, phones, browsers], [SAMPLE_SERVER.id, PHONES, null])
})

test('where there is no vault nothing is pushed', async () => {
  await using server = await startMonitoringServer()
  const { phones, browsers } = await getJson<Record<string, unknown>>(`${server.url}/pushz`)
  assert.deepEqual([phones, browsers], [null, null])
})
