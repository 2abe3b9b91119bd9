import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBase32 } from '../../../web/src/totp/base32.ts'
import { totpCode, totpRemainingMs } from '../../../web/src/totp/code.ts'
import { readTotp } from '../../../web/src/totp/read-totp.ts'

const NEW_YEAR_2023_MS = Date.UTC(2023, 0, 1)
const SECRET = 'WQIQ25BRKZYCJVYP'

const codeOf = (text: string, atMs = NEW_YEAR_2023_MS) => totpCode(readTotp(text)!, atMs)

// RFC 6238, Appendix B. Its secrets are as long as the hash.
const RFC_SECRETS = { SHA1: 20, SHA256: 32, SHA512: 64 } as const
const rfcVectors: [atSeconds: number, sha1: string, sha256: string, sha512: string][] = [
  [59, '94287082', '46119246', '90693936'],
  [1111111109, '07081804', '68084774', '25091201'],
  [1111111111, '14050471', '67062674', '99943326'],
  [1234567890, '89005924', '91819424', '93441116'],
  [2000000000, '69279037', '90698825', '38618901'],
  [20000000000, '65353130', '77737706', '47863826'],
]

for (const [atSeconds, ...codes] of rfcVectors) {
  test(`codes at ${atSeconds} s are those of RFC 6238`, () => {
    const got = Object.entries(RFC_SECRETS).map(([algorithm, length]) => {
      const secret = new TextEncoder().encode('1234567890'.repeat(7).slice(0, length))
      const totp = { ...readTotp(`otpauth://totp/?secret=AA&digits=8&algorithm=${algorithm}`)!, secret }
      return totpCode(totp, atSeconds * 1000)
    })
    assert.deepEqual(got, codes)
  })
}

// The codes that the apps show at the beginning of 2023: facts of bitwarden/sdk-internal, crates/bitwarden-vault/src/totp.rs.
const appVectors: [text: string, code: string][] = [
  [SECRET, '194506'],
  [SECRET.toLowerCase(), '194506'],
  ['WQIQ 25BR-KZYC JVYP', '194506'],
  [` ${SECRET}\n`, '194506'],
  ['PIUDISEQYA', '829846'],
  ['PIUDISEQYA======', '829846'],
  ['PIUD1IS!EQYA=', '829846'],
  ['ddfdf', '932653'],
  ['HJSGFJHDFDJDJKSDFD', '000034'],
  ['xvdsfasdfasdasdghsgsdfg', '403786'],
  ['KAKFJWOSFJ12NWL', '093430'],
  ['steam://HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ', '7W6CJ'],
  ['StEam://HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ', '7W6CJ'],
  ['steam://ABCD123', 'N26DF'],
  [`otpauth://totp/test-account?secret=${SECRET}`, '194506'],
  [`OTPAUTH://TOTP/TEST-ACCOUNT?SECRET=${SECRET}`, '194506'],
  [`otpauth://totp/test-account?secret=${SECRET}&period=60`, '730364'],
  [`otpauth://totp/test-account?secret=${SECRET}&algorithm=SHA256`, '842615'],
]

for (const [text, code] of appVectors) {
  test(`the code of ${JSON.stringify(text)} is the one that the apps show`, () => {
    assert.equal(codeOf(text), code)
  })
}

const parameters: [query: string, expected: { digits?: number; periodSeconds?: number; algorithm?: string }][] = [
  ['', { digits: 6, periodSeconds: 30, algorithm: 'SHA1' }],
  ['&digits=8&period=15&algorithm=sha512', { digits: 8, periodSeconds: 15, algorithm: 'SHA512' }],
  ['&digits=11', { digits: 10 }],
  ['&digits=0', { digits: 6 }],
  ['&digits=-1&period=-1', { digits: 6, periodSeconds: 30 }],
  ['&digits=six&period=1.5', { digits: 6, periodSeconds: 30 }],
  ['&period=0', { periodSeconds: 1 }],
  ['&period=99999999999', { periodSeconds: 30 }],
  ['&algorithm=MD5', { algorithm: 'SHA1' }],
  ['&digits=7&digits=8', { digits: 8 }],
]

for (const [query, expected] of parameters) {
  test(`of an otpauth URI with "${query}", this is read: ${JSON.stringify(expected)}`, () => {
    const totp = readTotp(`otpauth://totp/Example:alice@example.com?secret=${SECRET}${query}`)
    assert.partialDeepStrictEqual(totp, { ...expected, alphabet: 'decimal' })
    assert.equal(totpCode(totp!, NEW_YEAR_2023_MS).length, totp!.digits)
  })
}

for (const text of [
  '',
  '   ',
  '189',
  'A',
  'steam://',
  'otpauth://totp/label',
  'otpauth://totp/?secret=',
  'otpauth://[',
]) {
  test(`there is no secret in ${JSON.stringify(text)}`, () => {
    assert.equal(readTotp(text), undefined)
  })
}

test('base32 is that of RFC 4648', () => {
  const vectors = {
    MY: 'f',
    MZXQ: 'fo',
    MZXW6: 'foo',
    MZXW6YQ: 'foob',
    MZXW6YTB: 'fooba',
    'MZXW6YTBOI======': 'foobar',
  }
  for (const [text, expected] of Object.entries(vectors)) {
    assert.equal(new TextDecoder().decode(fromBase32(text)), expected)
  }
})

test('a code is good until its period is over, and then for a whole one', () => {
  const totp = readTotp(`otpauth://totp/?secret=${SECRET}&period=60`)!
  assert.equal(totpRemainingMs(totp, NEW_YEAR_2023_MS), 60_000)
  assert.equal(totpRemainingMs(totp, NEW_YEAR_2023_MS + 59_999), 1)
  assert.equal(totpCode(totp, NEW_YEAR_2023_MS + 59_999), totpCode(totp, NEW_YEAR_2023_MS))
  assert.notEqual(totpCode(totp, NEW_YEAR_2023_MS + 60_000), totpCode(totp, NEW_YEAR_2023_MS))
})
