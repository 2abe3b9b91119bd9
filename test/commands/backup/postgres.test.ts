/** `belfry admin backup` and `restore` of a vault on PostgreSQL. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { login, PASSWORD, registerAndLogin } from '../../helpers/account.ts'
import { type PostgresServer, startPostgres } from '../../helpers/postgres.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { startTestServer } from '../../helpers/server.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { attach, readAll } from '../../helpers/vaultwarden-folder.ts'
import { queryPostgres } from '../../store/open-postgres-store.ts'
import { killAtCall } from './kill-at-call.ts'
import { admin, uploadsIn } from './world.ts'

const PASSWORD_OF_ROLE = `it's a \\ "secret": 100%`

describe('a vault on PostgreSQL', { skip: requireProgram('postgres').skip }, () => {
  let postgres: PostgresServer
  before(async () => {
    postgres = await startPostgres({ tcp: true })
  })
  after(() => postgres[Symbol.asyncDispose]())

  const serve = (dataFolder: string, url: string) =>
    startTestServer({
      vault: { dataFolder, jobPollIntervalMs: 0, databaseUrl: url },
    })

  async function vault() {
    const folder = await temporaryFolder()
    const url = await postgres.createDatabase()
    const dataFolder = folder.join('data')
    const server = await serve(dataFolder, url)
    const device = await registerAndLogin({ server: server.webUrl })
    const { json } = await device.post('/api/ciphers', device.loginItem('login'))
    await attach(device, json.id, 'what is attached')
    const content = await readAll(device)
    const env = { DATA_FOLDER: dataFolder, DATABASE_URL: url }
    const close = async () => {
      await server.close()
      await folder[Symbol.asyncDispose]()
    }
    return {
      folder,
      url,
      dataFolder,
      server,
      device,
      content,
      env,
      [Symbol.asyncDispose]: close,
    }
  }

  test('what was saved beside a running server is there again in an empty database', { timeout: 180_000 }, async () => {
    await using given = await vault()
    const { folder, dataFolder, server, content, env, device } = given
    const saved = await admin(['backup', 'saved.tar.gz'], folder.path, env)
    assert.deepEqual([saved.code, saved.stderr], [0, ''])
    assert.match(saved.stdout, /^Saved 1 user, 1 item, 1 attachment, 0 Sends/)

    // The database is in use, then it is not empty, then it is.
    const used = await admin(['restore', 'saved.tar.gz', '--yes'], folder.path, env)
    assert.equal(used.code, 1)
    assert.match(used.stderr, /^belfry: A server .*: stop (?:it|all of them) first\n$/)
    await server.close()
    await mkdir(dataFolder, { recursive: true })
    const full = await admin(['restore', 'saved.tar.gz', '--yes'], folder.path, env)
    assert.equal(full.code, 1)
    const [, statements = ''] = /have it dropped by\nbelfry: (DROP TABLE .*;)\n$/.exec(full.stderr) ?? []
    await queryPostgres(given.url, `CREATE FUNCTION extra(int) RETURNS int LANGUAGE sql AS 'SELECT 1'`)
    const fuller = await admin(['restore', 'saved.tar.gz', '--yes'], folder.path, env)
    assert.ok(fuller.stderr.endsWith(`${statements} DROP ROUTINE extra(integer);\n`), fuller.stderr)
    await queryPostgres(given.url, fuller.stderr.trim().split('belfry: ').at(-1)!)
    assert.deepEqual(
      await queryPostgres(given.url, `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`),
      [],
    )

    const beforeMs = Date.now()
    const restored = await admin(['restore', 'saved.tar.gz', '--yes'], folder.path, env)
    assert.deepEqual([restored.code, restored.stderr], [0, ''])
    assert.match(restored.stdout, /is whole.*No problems\..*Restored\./s)
    const [user] = await queryPostgres(given.url, 'SELECT updated_at FROM users')
    assert.ok(Date.parse(`${user?.updated_at}Z`) >= beforeMs)
    assert.deepEqual(await queryPostgres(given.url, 'SELECT * FROM belfry_heard'), [])
    await using again = await serve(dataFolder, given.url)
    const there = await login({ server: again.webUrl, email: device.email, password: PASSWORD })
    const { sync, ...rest } = await readAll(there)
    assert.deepEqual([rest.files, sync.ciphers], [content.files, content.sync.ciphers])
  })

  test('the password of the database is on no command line and in no message', async () => {
    await using given = await vault()
    const { folder, server, url } = given
    await server.close()
    const database = new URL(url).pathname.slice(1)
    await queryPostgres(
      url,
      `CREATE ROLE careful LOGIN PASSWORD '${PASSWORD_OF_ROLE.replaceAll("'", "''")}'; GRANT pg_read_all_data TO careful`,
    )
    const hba = path.join(postgres.folder, 'data/pg_hba.conf')
    await writeFile(hba, `host all careful 127.0.0.1/32 scram-sha-256\n${await readFile(hba, 'utf8')}`)
    await queryPostgres(url, 'SELECT pg_reload_conf()')
    const env = {
      ...given.env,
      DATABASE_URL: `postgresql://careful:${encodeURIComponent(PASSWORD_OF_ROLE)}@127.0.0.1:${new URL(url).port}/${database}`,
    }
    // In the place of pg_dump: what it was called with is kept.
    const bin = folder.join('bin')
    await mkdir(bin)
    const spy = `#!/bin/sh\nprintf '%s\\n' "$@" >>"${folder.join('arguments')}"\nPATH=$REST exec pg_dump "$@"\n`
    await writeFile(path.join(bin, 'pg_dump'), spy)
    await chmod(path.join(bin, 'pg_dump'), 0o755)
    const PATH = `${bin}:${process.env.PATH}`
    const { code, stdout, stderr } = await admin(['backup', 'saved'], folder.path, {
      ...env,
      PATH,
      REST: process.env.PATH,
      // That of the URL counts.
      PGPASSWORD: 'that of another database',
    })
    assert.deepEqual([code, stderr], [0, ''])
    const said = stdout + (await readFile(folder.join('arguments'), 'utf8'))
    assert.match(said, /--dbname=host='127\.0\.0\.1'/)
    assert.doesNotMatch(said, /secret/)
    const wrong = { ...env, DATABASE_URL: env.DATABASE_URL.replace('careful:', 'careful:x') }
    const refused = await admin(['backup', 'other'], folder.path, wrong)
    assert.equal(refused.code, 1)
    assert.doesNotMatch(refused.stderr, /secret/)
  })

  test('a schema of any name is used again, saved and restored; where there is none of it nothing has changed', async () => {
    await using folder = await temporaryFolder()
    const schema = `Our "Vault"\\'s`
    const quoted = `"${schema.replaceAll('"', '""')}"`
    const option = `?options=${encodeURIComponent(`-csearch_path=${quoted.replace(/[\\ ]/g, '\\$&')}`)}`
    const url = await postgres.createDatabase()
    // What it is without its quotes is another one.
    await queryPostgres(url, `CREATE SCHEMA ${quoted}; CREATE SCHEMA our`)
    const dataFolder = folder.join('data')
    let email = ''
    {
      await using server = await serve(dataFolder, url + option)
      email = (await registerAndLogin({ server: server.webUrl })).email
    }
    {
      await using server = await serve(dataFolder, url + option)
      await login({ server: server.webUrl, email, password: PASSWORD })
    }
    const env = { DATA_FOLDER: dataFolder, DATABASE_URL: url + option }
    const saved = await admin(['backup', 'saved.tar'], folder.path, env)
    assert.deepEqual([saved.code, saved.stderr], [0, ''])

    const elsewhere = await postgres.createDatabase()
    const before = (await readdir(dataFolder)).sort()
    const restore = (DATABASE_URL: string) =>
      admin(['restore', 'saved.tar', '--yes'], folder.path, { ...env, DATABASE_URL })
    const refused = await restore(elsewhere)
    assert.equal(refused.code, 1)
    const [, toAdd = ''] = /make a schema of that name, and add (\S+) to the URL/.exec(refused.stderr) ?? []
    assert.equal(toAdd, option)
    assert.deepEqual((await readdir(dataFolder)).sort(), before)

    await queryPostgres(elsewhere, `CREATE SCHEMA ${quoted}`)
    const restored = await restore(elsewhere + toAdd)
    assert.deepEqual([restored.code, restored.stderr], [0, ''])
    await using again = await serve(dataFolder, elsewhere + toAdd)
    await login({ server: again.webUrl, email, password: PASSWORD })
  })

  test('without pg_dump, or with one that is too old, there is a line and nothing else', async () => {
    await using given = await vault()
    const { folder, server, env } = given
    await server.close()
    const bin = folder.join('bin')
    await mkdir(bin)
    for (const program of ['sh', 'node', 'env', 'dirname', 'readlink']) {
      const place = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim()
      await symlink(place, path.join(bin, program))
    }
    const attempt = async () => admin(['backup', 'saved'], folder.path, { ...env, PATH: bin })
    const none = await attempt()
    assert.deepEqual(
      [none.code, none.stderr],
      [1, 'belfry: pg_dump is not installed, or not on the PATH; on Debian it comes with postgresql-client\n'],
    )
    await writeFile(path.join(bin, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.24"\n')
    await chmod(path.join(bin, 'pg_dump'), 0o755)
    const old = await attempt()
    assert.equal(old.code, 1)
    assert.match(
      old.stderr,
      /^belfry: pg_dump is that of PostgreSQL 9, which cannot save a server of version \d+: install postgresql-client-\d+ or newer/,
    )
    assert.deepEqual((await readdir(folder.path)).sort(), ['bin', 'data'])
  })

  test('killed anywhere, a restore is finished by --continue', { timeout: 180_000 }, async () => {
    await using given = await vault()
    const { folder, dataFolder, server, env, content, device } = given
    assert.equal((await admin(['backup', 'saved'], folder.path, env)).code, 0)
    await server.close()
    await mkdir(dataFolder, { recursive: true })
    await writeFile(path.join(dataFolder, 'rsa_key.pem'), 'another')
    await rm(path.join(dataFolder, 'attachments'), { recursive: true, force: true })
    const to = { ...env, DATABASE_URL: await postgres.createDatabase() }
    let wasBegun = false
    let kills = 0
    for (let call = 45; ; call += 12, kills++) {
      const isBegun = (await readdir(dataFolder)).includes('restore-under-way.json')
      if (isBegun && !wasBegun) call = 1
      wasBegun ||= isBegun
      const args = isBegun ? ['restore', '--continue'] : ['restore', 'saved', '--yes']
      const { signal, code, stderr } = await killAtCall(args, { cwd: folder.path, env: to, call })
      if (signal !== null) continue
      assert.deepEqual([code, stderr], [0, ''])
      break
    }
    assert.ok(wasBegun && kills > 1, `${kills} kills`)
    assert.deepEqual((await uploadsIn(dataFolder)).length, 1)
    await using again = await serve(dataFolder, to.DATABASE_URL)
    const there = await login({ server: again.webUrl, email: device.email, password: PASSWORD })
    assert.deepEqual((await readAll(there)).files, content.files)
  })
})
