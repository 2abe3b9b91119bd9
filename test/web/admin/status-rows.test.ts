import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusRows } from '../../../web/src/admin/status-rows.ts'

test('what a server tells of itself becomes a row for each value', () => {
  const rows = statusRows({
    version: '1.0.0',
    startedAt: '2026-11-22T10:00:00.000Z',
    cluster: undefined,
    database: { kind: 'sqlite', answers: true },
    listeners: {
      web: { host: '127.0.0.1', port: 8000, isTls: false },
      nats: { host: '::1', port: 4222, isTls: true, certificateExpires: '2027-01-02T03:04:05.000Z' },
    },
    tags: ['a', 'b'],
    none: [],
    jobs: [{ name: 'sweep', lastRun: null }],
  }).map(({ name, value }) => `${name} = ${value}`)
  assert.deepEqual(rows, [
    'version = 1.0.0',
    'started at = 2026-11-22T10:00:00.000Z',
    'database: kind = sqlite',
    'database: answers = true',
    'listeners: web = 127.0.0.1:8000',
    'listeners: nats = [::1]:4222, TLS, certificate until 2027-01-02',
    'tags = a, b',
    'jobs 1: name = sweep',
  ])
})
