import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadOptions } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'

type Environment = Readonly<Record<string, string>>

function load(env: Environment, { conf, json }: { conf?: string; json?: object } = {}) {
  using folder = new Folder({
    ...(conf !== undefined && { 'belfry.conf': conf }),
    ...(json !== undefined && { 'data/config.json': JSON.stringify(json) }),
  })
  const { options, warnings } = loadOptions({ configFile: conf && 'belfry.conf', env, cwd: folder.path })
  assert.deepEqual(warnings, [])
  return options.vault.jobs
}

describe('scheduled jobs', () => {
  test('run as Vaultwarden’s do when nothing is set', () => {
    assert.deepEqual(load({}), {
      pollIntervalMs: 30_000,
      trashPurgeSchedule: '0 5 0 * * *',
      trashAutoDeleteDays: undefined,
      sendPurgeSchedule: '0 5 * * * *',
      incompleteLoginSchedule: '30 * * * * *',
      authRequestPurgeSchedule: '30 * * * * *',
    })
  })

  const expected = {
    pollIntervalMs: 0,
    trashPurgeSchedule: '30 0 4 * * Sun',
    trashAutoDeleteDays: 30,
    sendPurgeSchedule: '0 1 * * * *',
    incompleteLoginSchedule: '0 2 * * * *',
    authRequestPurgeSchedule: '0 3 * * * *',
  }
  const env = {
    JOB_POLL_INTERVAL_MS: '0',
    TRASH_PURGE_SCHEDULE: ' 30 0 4 * * Sun ',
    TRASH_AUTO_DELETE_DAYS: '30',
    SEND_PURGE_SCHEDULE: '0 1 * * * *',
    INCOMPLETE_2FA_SCHEDULE: '0 2 * * * *',
    AUTH_REQUEST_PURGE_SCHEDULE: '0 3 * * * *',
  }
  const json = Object.fromEntries(Object.entries(env).map(([name, value]) => [name.toLowerCase(), value]))
  const schedules = [
    ['TRASH_PURGE_SCHEDULE', 'trashPurgeSchedule'],
    ['SEND_PURGE_SCHEDULE', 'sendPurgeSchedule'],
    ['INCOMPLETE_2FA_SCHEDULE', 'incompleteLoginSchedule'],
    ['AUTH_REQUEST_PURGE_SCHEDULE', 'authRequestPurgeSchedule'],
  ] as const

  test('are set by Vaultwarden’s variables', () => assert.deepEqual(load(env), expected))

  test('are set by what Vaultwarden’s admin panel saved', () => assert.deepEqual(load({}, { json }), expected))

  test('are set in the config file', () => {
    const items = Object.entries(json).map(([key, value]) => `${key}: ${/^\d+$/.test(value) ? value : `"${value}"`}`)
    assert.deepEqual(load({}, { conf: `vault { ${items.join(', ')} }` }), expected)
  })

  for (const [variable, option] of schedules) {
    test(`have no time of their own when it is empty, wherever that is said: ${variable}`, () => {
      const key = variable.toLowerCase()
      assert.equal(load({ [variable]: '' })[option], undefined)
      assert.equal(load({}, { json: { [key]: '' } })[option], undefined)
      assert.equal(load({}, { conf: `vault { ${key}: "" }` })[option], undefined)
    })
  }

  test('have a number where it is empty', () => {
    const { pollIntervalMs, trashAutoDeleteDays } = load({ TRASH_AUTO_DELETE_DAYS: '', JOB_POLL_INTERVAL_MS: '' })
    assert.deepEqual([pollIntervalMs, trashAutoDeleteDays], [30_000, undefined])
  })

  test('with a time that cannot be read end the start, which says where', () => {
    const advice = '(write one such as "0 5 0 * * *", or nothing for never)'
    const fields = 'it must have six fields: second, minute, hour, day of month, month, day of week'
    const failsWith = (line: string) => new ConfigError(line)
    assert.throws(
      () => load({ TRASH_PURGE_SCHEDULE: '5 0 * * *' }),
      failsWith(`TRASH_PURGE_SCHEDULE: ${fields} ${advice}`),
    )
    assert.throws(
      () => load({}, { conf: 'log_time: true\nvault {\n  trash_purge_schedule: "0 5 24 * * *"\n}' }),
      /belfry\.conf:3:\d+: trash_purge_schedule: Invalid value for hour/,
    )
  })

  test('with numbers out of range end the start', () => {
    assert.throws(() => load({ TRASH_AUTO_DELETE_DAYS: '-1' }), /from 0 to 36500/)
    assert.throws(() => load({ JOB_POLL_INTERVAL_MS: '86400001' }), /from 0 to 86400000/)
  })
})
