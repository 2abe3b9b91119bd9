import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { describe, test } from 'node:test'
import { parsePostgresUrl } from '#store'
import { describeAddress } from '../../src/store/postgres/address.ts'

const plain = {
  host: 'localhost',
  port: 5432,
  database: 'd',
  user: 'u',
  password: undefined,
  sslMode: 'prefer',
  sslRootCert: undefined,
  sslCert: undefined,
  sslKey: undefined,
  applicationName: 'belfry',
  options: undefined,
}

describe('a URL of PostgreSQL', () => {
  for (const [url, expected] of [
    ['postgresql://u@h/d', { host: 'h' }],
    ['postgres://u:p@h:6000/d', { host: 'h', port: 6000, password: 'p' }],
    ['POSTGRES://u:p@h/d', { host: 'h', password: 'p' }],
    ['postgresql://u%40x:p%3A%2F%40%23%25@h/d%20e', { host: 'h', user: 'u@x', password: 'p:/@#%', database: 'd e' }],
    ['postgresql://u:a:b+c@h/d', { host: 'h', password: 'a:b+c' }],
    ['postgresql://u:@h/d', { host: 'h' }],
    ['postgresql://u@[2001:db8::1]:6000/d', { host: '2001:db8::1', port: 6000 }],
    ['postgresql://u@h', { host: 'h', database: 'u' }],
    ['postgresql://u@/d', {}],
    ['postgresql://u@%2Frun%2Fpostgresql/d', { host: '/run/postgresql' }],
    ['postgresql://u@/d?host=/run/postgresql&port=6000', { host: '/run/postgresql', port: 6000 }],
    ['postgresql://x@h/y?user=u&password=a%26b&dbname=d&port=1', { host: 'h', password: 'a&b', port: 1 }],
    [
      'postgresql://u@h/d?sslmode=verify-full&sslrootcert=/ca.pem',
      { host: 'h', sslMode: 'verify-full', sslRootCert: '/ca.pem' },
    ],
    ['postgresql://u@h/d?sslmode=require', { host: 'h', sslMode: 'require' }],
    [
      'postgresql://u@h/d?sslmode=require&sslrootcert=/ca.pem',
      { host: 'h', sslMode: 'verify-ca', sslRootCert: '/ca.pem' },
    ],
    ['postgresql://u@h/d?sslmode=verify-full&sslrootcert=system', { host: 'h', sslMode: 'verify-full' }],
    [
      'postgresql://u@h/d?sslcert=c&sslkey=k&sslmode=disable',
      { host: 'h', sslMode: 'disable', sslCert: 'c', sslKey: 'k' },
    ],
    [
      'postgresql://u@h/d?application_name=a%20b+c&options=-c%20search_path%3Dvault',
      { host: 'h', applicationName: 'a b+c', options: '-c search_path=vault' },
    ],
  ] as const) {
    test(`is read as libpq reads it: ${url}`, () => {
      assert.deepEqual(parsePostgresUrl(url), { ...plain, ...expected })
    })
  }

  test('without a user is that of who runs the process', () => {
    const { username } = userInfo()
    assert.deepEqual(parsePostgresUrl('postgresql:///d?host=/s'), { ...plain, host: '/s', user: username })
    assert.deepEqual(parsePostgresUrl('postgresql://'), { ...plain, user: username, database: username })
  })

  for (const [url, reason] of [
    ['postgresql:u@h/d', /must be a URL such as/],
    ['postgresql://u:p#x@h/d', /must be a URL such as/],
    ['postgresql://u:p@x@h/d', /must be a URL such as/],
    ['postgresql://u@h1,h2/d', /several hosts/],
    ['postgresql://u@/d?host=h1,h2', /several hosts/],
    ['postgresql://u@h:0/d', /port from 1 to 65535/],
    ['postgresql://u@h/d?port=x', /port from 1 to 65535/],
    ['postgresql://u:%zz@h/d', /two hex digits/],
    ['postgresql://u:%ff@h/d', /two hex digits/],
    ['postgresql://u@h/d?sslmode=allow', /sslmode of disable, prefer, require, verify-ca, verify-full/],
    ['postgresql://u@h/d?target_session_attrs=read-write', /not supported after the "\?"; there are host, port/],
    ['postgresql://u@h/d?sslmode', /not supported after the/],
  ] as const) {
    test(`is refused: ${url}`, () => assert.throws(() => parsePostgresUrl(url), reason))
  }

  test('is named without user and password', () => {
    assert.equal(describeAddress(parsePostgresUrl('postgresql://u:p@h/d')), '"d" at h:5432')
    assert.equal(describeAddress(parsePostgresUrl('postgresql://u:p@[::1]:6000/d')), '"d" at [::1]:6000')
    assert.equal(describeAddress(parsePostgresUrl('postgresql://u:p@/d?host=/run')), '"d" at /run:5432')
  })
})
