import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { certificateHash, publicKeyHash, subjectOf } from '#net'
import { TestAuthority } from '../helpers/certificates.ts'
import { startProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { temporaryFolder } from '../helpers/temp.ts'

const openssl = requireProgram('openssl')

/** Subjects in the order of the certificate, and as Go's `pkix.Name.String()` writes them. */
for (const [subject, written] of [
  ['OU=NATS.io, CN=example.com', 'CN=example.com,OU=NATS.io'],
  ['CN=a, CN=b', 'CN=b'],
  ['CN=a*b', 'CN=a*b'],
  ['CN=Jürgen', 'CN=Jürgen'],
  ['OU=a, OU=b', 'OU=a+OU=b'],
  ['O=a\\, \\"b\\" \\+ c', 'O=a\\, \\"b\\" \\+ c'],
  [
    'C=DE, ST=S, L=L, 2.5.4.9=street, 2.5.4.17=1, 2.5.4.5=7, O=o, OU=u, CN=c',
    'SERIALNUMBER=7,CN=c,OU=u,O=o,POSTALCODE=1,STREET=street,L=L,ST=S,C=DE',
  ],
  [
    'DC=com, DC=example, O=x, CN=c, E=a@b.c',
    'CN=c,O=x,1.2.840.113549.1.9.1=#0c056140622e63,' +
      '0.9.2342.19200300.100.1.25=#13076578616d706c65,0.9.2342.19200300.100.1.25=#1303636f6d',
  ],
] as const) {
  test(`the subject ${subject} is written ${written}`, async () => {
    await using folder = await temporaryFolder()
    const authority = await TestAuthority.create(folder)
    const { cert } = await authority.issue({ subject })
    assert.equal(subjectOf(new X509Certificate(cert)), written)
  })
}

for (const keyType of ['ec', 'rsa'] as const) {
  test(`the hashes of a certificate with an ${keyType} key are openssl's`, { skip: openssl.skip }, async () => {
    await using folder = await temporaryFolder()
    const { cert, certFile } = await (await TestAuthority.create(folder)).issue({ keyType })
    const run = async (command: string) => {
      await using shell = await startProgram({ command: '/bin/sh', args: ['-c', command], ready: /[0-9a-f]{64}/ })
      return /[0-9a-f]{64}/.exec(shell.output)?.[0]
    }
    const { path } = openssl
    const publicKey = `${path} x509 -in ${certFile} -noout -pubkey | ${path} pkey -pubin -outform DER | ${path} sha256`
    const certificate = new X509Certificate(cert)
    assert.equal(publicKeyHash(certificate), await run(publicKey))
    assert.equal(certificateHash(certificate), certificate.fingerprint256.replaceAll(':', '').toLowerCase())
  })
}
