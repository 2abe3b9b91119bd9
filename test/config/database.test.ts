import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadOptions } from '#config'
import { ConfigError } from '#kit'

type Environment = Readonly<Record<string, string>>

const load = (env: Environment) => loadOptions({ env, cwd: '/srv' })

function errorOf(env: Environment): string {
  try {
    load(env)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  return ''
}

describe('the database', () => {
  test('is PostgreSQL with the limits of its connections', () => {
    const { options, warnings } = load({ DATABASE_URL: 'postgres://u:p%40ss@db/vault?sslmode=require' })
    assert.deepEqual(warnings, [])
    assert.deepEqual(options.vault.database, {
      kind: 'postgres',
      url: 'postgresql://u:p%40ss@db/vault?sslmode=require',
      maxConnections: 10,
      minConnections: 2,
      acquireTimeoutMs: 30_000,
      idleTimeoutMs: 600_000,
      statementTimeoutMs: 30_000,
      lockTimeoutMs: 10_000,
      idleInTransactionTimeoutMs: 30_000,
      connectionAttempts: 15,
      connectionInit: undefined,
    })
  })

  test('takes every limit by Vaultwarden’s variable, or by one of ours', () => {
    const { options } = load({
      DATABASE_URL: 'POSTGRESQL:///vault?host=/run/postgresql',
      DATABASE_MAX_CONNS: '20',
      DATABASE_MIN_CONNS: '0',
      DATABASE_TIMEOUT: '5',
      DATABASE_IDLE_TIMEOUT: '60',
      DATABASE_CONN_INIT: 'SET work_mem = 1024',
      DB_CONNECTION_RETRIES: '0',
      BELFRY_DATABASE_STATEMENT_TIMEOUT: '1m',
      BELFRY_DATABASE_LOCK_TIMEOUT: '500ms',
      BELFRY_DATABASE_IDLE_TRANSACTION_TIMEOUT: '0s',
    })
    assert.deepEqual(options.vault.database, {
      kind: 'postgres',
      url: 'postgresql:///vault?host=/run/postgresql',
      maxConnections: 20,
      minConnections: 0,
      acquireTimeoutMs: 5_000,
      idleTimeoutMs: 60_000,
      statementTimeoutMs: 60_000,
      lockTimeoutMs: 500,
      idleInTransactionTimeoutMs: 0,
      connectionAttempts: 0,
      connectionInit: 'SET work_mem = 1024',
    })
  })

  test('keeps no more connections open than there may be', () => {
    const { options } = load({ DATABASE_URL: 'postgresql://u@h/d', DATABASE_MAX_CONNS: '1' })
    assert.ok(options.vault.database.kind === 'postgres')
    assert.equal(options.vault.database.minConnections, 1)
    assert.equal(
      errorOf({ DATABASE_URL: 'postgresql://u@h/d', DATABASE_MAX_CONNS: '4', DATABASE_MIN_CONNS: '5' }),
      'DATABASE_MIN_CONNS must not be more than DATABASE_MAX_CONNS',
    )
  })

  test('on SQLite has no connections to limit, which who tries is told', () => {
    assert.deepEqual(load({ DATABASE_MAX_CONNS: '10', DB_CONNECTION_RETRIES: '15' }).warnings, [])
    assert.deepEqual(load({ DATABASE_MAX_CONNS: '20', DATABASE_CONN_INIT: 'PRAGMA x' }).warnings, [
      'DATABASE_MAX_CONNS is set, but the database is SQLite, which has no such thing: it has no effect',
      'DATABASE_CONN_INIT is set, but the database is SQLite, which has no such thing: it has no effect',
    ])
  })

  test('is never shown by its URL', () => {
    for (const url of [
      'postgresql://ada:secret@host:99999/db',
      'postgresql://ada:sec?ret@host/db',
      'postgresql://ada:sec%ret@host/db',
      'postgresql://ada:sec#ret@host/db',
      'postgresql://ada:sec/ret@host/db?sslmode=secret',
      'postgresql://ada:secret@host/db?sslmode=secret',
      'postgresql://ada:secret@host/db?secret=1',
      'mysql://ada:secret@host/db',
      'secret',
    ]) {
      assert.match(errorOf({ DATABASE_URL: url }), /^DATABASE_URL/)
      assert.doesNotMatch(errorOf({ DATABASE_URL: url }), /sec|ret|ada/, url)
    }
  })
})
