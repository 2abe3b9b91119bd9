import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, describe, test } from 'node:test'
import { TestAuthority } from '../helpers/certificates.ts'
import { startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { openPostgres, queryPostgres } from './open-postgres-store.ts'

const { skip } = requireProgram('postgres')

describe('a connection to PostgreSQL', { skip }, async () => {
  if (skip) return
  const folder = await temporaryFolder()
  after(() => folder[Symbol.asyncDispose]())
  const authority = await TestAuthority.create(folder)
  const stranger = await TestAuthority.create(folder, 'stranger')
  const encrypted = await startPostgres({ tcp: true, tls: await authority.issue({ dnsNames: ['localhost'] }) })
  after(() => encrypted[Symbol.asyncDispose]())
  const plain = await startPostgres({ tcp: true })
  after(() => plain[Symbol.asyncDispose]())
  const ca = encodeURIComponent(authority.caFile)
  const other = encodeURIComponent(stranger.caFile)

  /** Whether the store's connections are encrypted: it is opened, used and closed. */
  async function isEncrypted(url: string): Promise<boolean> {
    const named = `${url}${url.includes('?') ? '&' : '?'}application_name=asked`
    const store = await openPostgres(named)
    await store.ping()
    const [row] = await queryPostgres(
      url.replace(/\?.*/, ''),
      `SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'asked'`,
    )
    await store.close()
    return row!.ssl as boolean
  }

  for (const [query, where, expected] of [
    ['', 'encrypted', true],
    ['?sslmode=prefer', 'encrypted', true],
    ['?sslmode=disable', 'encrypted', false],
    ['?sslmode=require', 'encrypted', true],
    [`?sslmode=require&sslrootcert=${ca}`, 'encrypted', true],
    [`?sslmode=require&sslrootcert=${other}`, 'encrypted', /unable to verify|self.signed/],
    [`?sslmode=verify-ca&sslrootcert=${ca}`, 'encrypted', true],
    [`?sslmode=verify-ca&sslrootcert=${other}`, 'encrypted', /unable to verify|self.signed/],
    [`?sslmode=verify-full`, 'encrypted', /unable to verify|self.signed/],
    [`?sslmode=verify-full&sslrootcert=${ca}`, 'encrypted', /IP: 127.0.0.1 is not in the cert's list/],
    [`?sslmode=verify-full&sslrootcert=/nowhere.pem`, 'encrypted', /ENOENT.*\/nowhere\.pem/],
    ['', 'plain', false],
    ['?sslmode=prefer', 'plain', false],
    ['?sslmode=require', 'plain', /does not support SSL/],
    [`?sslmode=verify-full&sslrootcert=${ca}`, 'plain', /does not support SSL/],
  ] as const) {
    const way = query.replaceAll(ca, 'ours').replaceAll(other, 'another') || 'no sslmode'
    const outcome = typeof expected === 'boolean' ? (expected ? 'uses TLS' : 'is plain') : 'is refused'
    test(`with ${way} to a server that is ${where} ${outcome}`, async () => {
      const url = (await (where === 'plain' ? plain : encrypted).createDatabase()) + query
      if (typeof expected === 'boolean') assert.equal(await isEncrypted(url), expected)
      else
        await assert.rejects(openPostgres(url, { connectionAttempts: 100 }), { name: 'ConfigError', message: expected })
    })
  }

  test('with verify-full goes to a server whose certificate has its name', async () => {
    const url = (await encrypted.createDatabase()).replace('127.0.0.1', 'localhost')
    assert.equal(await isEncrypted(`${url}?sslmode=verify-full&sslrootcert=${ca}`), true)
  })

  test('shows a client certificate where there is one', async () => {
    const url = await encrypted.createDatabase()
    const { certFile, keyFile } = await authority.issue({ subject: 'CN=postgres', dnsNames: [] })
    const hba = `${encrypted.folder}/hba.conf`
    await writeFile(hba, 'hostssl all all 127.0.0.1/32 cert\n')
    const caFile = `${encrypted.folder}/ca.pem`
    await writeFile(caFile, authority.ca)
    await encrypted.stop()
    await encrypted.start({ hba_file: hba, ssl_ca_file: caFile })
    await assert.rejects(openPostgres(`${url}?sslmode=require`), /it does not let user "postgres" in/)
    const store = await openPostgres(`${url}?sslmode=require&sslcert=${certFile}&sslkey=${keyFile}`)
    assert.equal(await store.exclusively('purge', () => store.ping()), true)
    await store.close()
  })
})
