import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadNatsOptions, loadOptions } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'

function load(text: string, env: Record<string, string> = {}) {
  using folder = new Folder({ 'x.conf': text })
  return loadOptions({ configFile: 'x.conf', env, cwd: folder.path }).options
}

function complaint(text: string, env: Record<string, string> = {}): string {
  try {
    load(text, env)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  assert.fail('it is taken')
}

describe('levels of rooms', () => {
  for (const [how, text, env] of [
    ['a map', 'log_levels { hub: debug, vault: WARN }', {}],
    ['a text', 'log_levels: "hub=debug, vault=warn"', {}],
    ['a variable', '', { BELFRY_LOG_LEVELS: 'hub=debug,vault=warn,' }],
  ] as const) {
    test(`can be ${how}`, () => assert.deepEqual(load(text, env).log.roomLevels, { hub: 'debug', vault: 'warn' }))
  }

  test('name the room that was probably meant', () => {
    assert.match(complaint('log_levels { hup: debug }'), /there is no room "hup" in the log; did you mean "hub"\?/)
    assert.match(
      complaint('', { BELFRY_LOG_LEVELS: 'kitchen=debug' }),
      /no room "kitchen" in the log; rooms are cluster,/,
    )
  })

  test('are levels', () => {
    assert.match(complaint('log_levels { hub: loud }'), /the level of "hub" must be one of off, error, warn/)
    assert.match(complaint('log_levels: hub'), /must be like "hub=debug", not "hub"/)
  })
})

test('requests that are logged: none, errors or all', () => {
  assert.equal(load('').log.requests, 'errors')
  assert.equal(load('log_requests: all').log.requests, 'all')
  assert.equal(load('', { BELFRY_LOG_REQUESTS: 'None' }).log.requests, 'none')
  assert.match(complaint('log_requests: some'), /log_requests must be none, errors or all, not "some"/)
})

describe('the listener of metrics', () => {
  for (const [text, env, listen] of [
    ['', {}, undefined],
    ['metrics { listen: 9100 }', {}, { host: '127.0.0.1', port: 9100 }],
    ['metrics { listen: "0.0.0.0:9100" }', {}, { host: '0.0.0.0', port: 9100 }],
    ['metrics { listen: true }', {}, { host: '127.0.0.1', port: 9464 }],
    ['', { BELFRY_METRICS_LISTEN: '9100' }, { host: '127.0.0.1', port: 9100 }],
    ['', { BELFRY_METRICS_LISTEN: '[::1]:9100' }, { host: '::1', port: 9100 }],
    ['metrics { listen: 9100 }', { BELFRY_METRICS_LISTEN: '9200' }, { host: '127.0.0.1', port: 9100 }],
    ['metrics { listen: false }', { BELFRY_METRICS_LISTEN: '9200' }, undefined],
  ] as const) {
    test(`is ${listen?.host ?? 'off'} with ${text || JSON.stringify(env)}`, () => {
      assert.deepEqual(load(text, env).metrics.listen, listen)
    })
  }
})

test('a token of metrics is not too short to be guessed, and never shown', () => {
  const token = 'c0ffee-c0ffee-c0ffee'
  assert.equal(load('', { BELFRY_METRICS_TOKEN: token }).metrics.token, token)
  assert.match(complaint('metrics { token: "hunter2" }'), /: token must have at least 16 characters/)
  assert.ok(!complaint('metrics { token: "hunter2" }').includes('hunter2'))
  assert.match(complaint('', { BELFRY_METRICS_TOKEN: 'with spaces in the middle' }), /BELFRY_METRICS_TOKEN must have/)
})

test('belfry nats-server says that none of it has an effect there', () => {
  using folder = new Folder({ 'x.conf': 'log_levels { hub: debug }\nlog_requests: all\nmetrics { listen: 9100 }' })
  const { warnings } = loadNatsOptions({ configFile: 'x.conf', env: {}, cwd: folder.path })
  for (const name of ['log_levels', 'log_requests', 'metrics']) assert.match(warnings.join('\n'), new RegExp(name))
})
