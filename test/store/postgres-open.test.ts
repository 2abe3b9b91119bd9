import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, describe, test } from 'node:test'
import { ConfigError, systemClock } from '#kit'
import { openStore, type PostgresOptions } from '#store'
import { startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { type LoggedEvent, lineOf, recordingLogger } from '../helpers/recording-logger.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { until } from '../helpers/wait.ts'
import { openPostgres, postgresOptions, queryPostgres } from './open-postgres-store.ts'
import { sampleUser } from './samples.ts'

const { skip } = requireProgram('postgres')

describe('a PostgreSQL database', { skip }, async () => {
  if (skip) return
  const server = await startPostgres()
  after(() => server[Symbol.asyncDispose]())

  /** A database as Vaultwarden left it: nothing of Belfry's in it; changed by `sql`. */
  async function vaultwardenDatabase(sql = ''): Promise<string> {
    const url = await server.createDatabase()
    await (await openPostgres(url)).close()
    const drops = `SELECT format('DROP %s %I', CASE relkind WHEN 'r' THEN 'TABLE' ELSE 'INDEX' END, relname) AS sql
      FROM pg_class WHERE relname LIKE 'belfry%' AND relkind IN ('r', 'i') AND relname NOT LIKE '%_pkey' ORDER BY relkind`
    for (const { sql } of await queryPostgres(url, drops)) await queryPostgres(url, String(sql))
    if (sql !== '') await queryPostgres(url, sql)
    return url
  }

  /** Everything that could have been changed by opening: what there is, and how many rows each table has. */
  const contents = (url: string) =>
    queryPostgres(
      url,
      `SELECT relname::text AS name, CASE WHEN relkind = 'r' THEN (xpath('/row/n/text()',
         query_to_xml('SELECT count(*) AS n FROM ' || quote_ident(relname), false, true, '')))[1]::text END AS rows
       FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY relname`,
    )

  /** Asserts that opening fails with one line that names the database and matches `reason`, and changes nothing. */
  async function assertRefused(url: string, reason: RegExp, changes: Partial<PostgresOptions> = {}) {
    const before = await contents(url)
    await assert.rejects(openPostgres(url, changes), (error: Error) => {
      assert.ok(error instanceof ConfigError, `${error.stack}`)
      assert.ok(
        error.message.startsWith(`Cannot open the database "${new URL(url).pathname.slice(1)}" at /`),
        error.message,
      )
      assert.doesNotMatch(error.message, /\n/)
      assert.match(error.message, reason)
      return true
    })
    assert.deepEqual(await contents(url), before)
  }

  test('that is empty gets its tables, and has them the next time', async () => {
    const url = await server.createDatabase()
    const user = sampleUser()
    const first = await openPostgres(url)
    await first.users.insert(user)
    await first.close()
    const before = await contents(url)
    const second = await openPostgres(url)
    assert.deepEqual(await second.users.find(user.id), user)
    await second.close()
    assert.deepEqual(await contents(url), before)
  })

  for (const count of [2, 8]) {
    test(`that is empty gets its tables once when ${count} instances start together, and serves all of them`, async () => {
      const url = await server.createDatabase()
      const stores = await Promise.all(Array.from({ length: count }, () => openPostgres(url)))
      const users = stores.map(() => sampleUser())
      await Promise.all(stores.map((store, index) => store.users.insert(users[index]!)))
      for (const store of stores) {
        for (const user of users) assert.deepEqual(await store.users.find(user.id), user)
        await store.close()
      }
      assert.deepEqual(await queryPostgres(url, 'SELECT count(*) AS n FROM __diesel_schema_migrations'), [{ n: 46 }])
    })
  }

  test('of Vaultwarden opens with its content and gets Belfry’s tables beside, once for two that start together', async () => {
    const url = await vaultwardenDatabase(`INSERT INTO invitations VALUES ('guest@example.com')`)
    const [store, other] = await Promise.all([openPostgres(url), openPostgres(url)])
    assert.equal(await store.invitations.exists('guest@example.com'), true)
    const user = sampleUser()
    await store.users.insert(user)
    await store.users.setKeyId(user.id, 'key')
    assert.equal(await other.users.keyId(user.id), 'key')
    await Promise.all([store.close(), other.close()])
  })

  test('of an earlier Belfry gets the steps it lacks', async () => {
    const url = await vaultwardenDatabase(
      `CREATE TABLE belfry_schema (version INTEGER NOT NULL PRIMARY KEY);
       CREATE TABLE belfry_user_keys (user_uuid TEXT NOT NULL PRIMARY KEY, key_id TEXT NOT NULL);
       INSERT INTO belfry_schema VALUES (1)`,
    )
    const user = sampleUser()
    const store = await openPostgres(url)
    await store.users.insert(user)
    await store.users.setKeyId(user.id, 'key')
    assert.equal(await store.users.keyId(user.id), 'key')
    await store.close()
    await (await openPostgres(url)).close()
  })

  test('gets an index of Belfry’s again that went with a rebuilt table', async () => {
    const url = await server.createDatabase()
    await (await openPostgres(url)).close()
    const before = await contents(url)
    await queryPostgres(url, 'DROP INDEX belfry_ciphers_user')
    await (await openPostgres(url)).close()
    assert.deepEqual(await contents(url), before)
  })

  test('of an older Vaultwarden is refused with the migrations it lacks, and is left as it was', async () => {
    const url = await vaultwardenDatabase(
      `DELETE FROM __diesel_schema_migrations WHERE version IN ('20240214135953', '20260505120000')`,
    )
    await assertRefused(url, /older Vaultwarden \(without migrations 20240214135953, 20260505120000\)/)
  })

  test('of a newer Vaultwarden is refused with the migrations we do not know, and is left as it was', async () => {
    const url = await vaultwardenDatabase(`INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')`)
    await assertRefused(url, /newer Vaultwarden .*20990101000000/)
  })

  test('that a newer Belfry changed is refused', async () => {
    const url = await server.createDatabase()
    await (await openPostgres(url)).close()
    await queryPostgres(url, 'INSERT INTO belfry_schema VALUES (1000)')
    await assertRefused(url, /newer Belfry .*1000/)
  })

  test('of something else is refused', async () => {
    const url = await server.createDatabase()
    await queryPostgres(url, 'CREATE TABLE users (id text)')
    await assertRefused(url, /neither empty nor a database of Vaultwarden or Belfry/)
  })

  test('may hold the vault in a schema beside others', async () => {
    const url = await server.createDatabase()
    await queryPostgres(url, 'CREATE TABLE somebody_elses (id text); CREATE SCHEMA vault')
    const options = encodeURIComponent('-c search_path=vault')
    const store = await openPostgres(`${url}&options=${options}`)
    const user = sampleUser()
    await store.users.insert(user)
    await store.close()
    assert.deepEqual(await queryPostgres(url, 'SELECT uuid FROM vault.users'), [{ uuid: user.id }])
    const nowhere = `${url}&options=${encodeURIComponent('-c search_path=nowhere')}`
    await assert.rejects(openPostgres(nowhere), /no schema of its search_path is there/)
  })

  test('where we may not make tables is refused with what is missing', async () => {
    const url = await server.createDatabase()
    await queryPostgres(url, 'CREATE ROLE guest LOGIN; REVOKE CREATE ON SCHEMA public FROM public')
    const asGuest = url.replace('postgres@', 'guest@')
    await assertRefused(
      asGuest,
      /user "guest" may not do what is needed: permission denied for schema public; let it own the database/,
    )
  })

  test('that is not there is refused at once, and so is one that does not let us in', async () => {
    await assert.rejects(openPostgres(server.url('nowhere'), { connectionAttempts: 100 }), {
      name: 'ConfigError',
      message: /^Cannot open the database "nowhere" at .*: there is no database of this name; create it, empty$/,
    })
    const url = (await server.createDatabase()).replace('postgres@', 'stranger:secret@')
    await assert.rejects(openPostgres(url, { connectionAttempts: 100 }), (error: Error) => {
      assert.match(error.message, /it does not let user "stranger" in: role "stranger" does not exist/)
      assert.doesNotMatch(`${error.stack}${JSON.stringify(error.cause)}`, /secret/)
      return true
    })
  })

  test('is asked for a password, which no error shows', async () => {
    await using guarded = await startPostgres()
    const url = await guarded.createDatabase()
    await queryPostgres(url, `CREATE ROLE ada LOGIN SUPERUSER PASSWORD 'sec:r/t'`)
    const hba = `${guarded.folder}/hba.conf`
    await writeFile(hba, 'local all postgres trust\nlocal all all scram-sha-256\n')
    await guarded.stop()
    await guarded.start({ hba_file: hba })
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length
    const before = sockets()
    const as = (password: string) =>
      openPostgres(url.replace('postgres@', `ada:${password}@`), { connectionAttempts: 100 })
    await (await as('sec%3Ar%2Ft')).close()
    await assert.rejects(as('wrong-secret'), (error: Error) => {
      assert.match(error.message, /it does not let user "ada" in: password authentication failed/)
      assert.match(error.message, /in the URL special characters are written as %XX$/)
      assert.doesNotMatch(`${error.stack}${JSON.stringify(error.cause)}`, /wrong-secret/)
      return true
    })
    await assert.rejects(as(''), {
      name: 'ConfigError',
      message: /it asks user "ada" for a password: write it into the URL, or set PGPASSWORD$/,
    })
    // The server goes on waiting for the answer: with a connection left open the process would not end.
    await until(() => sockets() <= before, 'the connection to be gone')
  })

  test('is waited for until its server is up, which the log tells', async () => {
    const url = await server.createDatabase()
    await server.stop()
    const events: LoggedEvent[] = []
    const logger = recordingLogger((line) => events.push(line))
    const options = { ...postgresOptions(url.replace('postgres@', 'postgres:secret@'), { connectionAttempts: 0 }) }
    const opening = openStore({ ...options, clock: systemClock, logger })
    await until(() => events.length > 0, 'the log to tell')
    await server.start()
    await (await opening).close()
    assert.equal(events[0]!.event, 'waiting for the database')
    assert.match(String(events[0]!.fields.database), /^"test_\d+" at \/.*:5432$/)
    assert.doesNotMatch(events.map(lineOf).join(), /secret/)
  })

  test('whose server never comes up is given up after the attempts that were asked for', async () => {
    await using folder = await temporaryFolder()
    const url = `postgresql://postgres@localhost/nowhere?host=${encodeURIComponent(folder.path)}`
    const started = performance.now()
    await assert.rejects(openPostgres(url, { connectionAttempts: 2 }), {
      name: 'ConfigError',
      message:
        /^Cannot open the database "nowhere" at [^ ]+: connect ENOENT .*Is it up, and are host and port right\?$/,
    })
    assert.ok(performance.now() - started > 900)
  })

  test('is told by each connection first what the operator asked for', async () => {
    const url = await server.createDatabase()
    const store = await openPostgres(url, { connectionInit: `SET application_name = 'from the start'` })
    const named = `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'from the start'`
    assert.deepEqual(await queryPostgres(url, named), [{ n: 1 }])
    await Promise.all([store.ping(), store.ping(), store.ping()])
    assert.deepEqual(await queryPostgres(url, named), [{ n: 3 }])
    await store.close()
  })

  test('whose connections begin with a statement that fails is refused', async () => {
    const url = await server.createDatabase()
    await assertRefused(url, /syntax error at or near "nonsense"/, { connectionInit: 'nonsense' })
  })
})
