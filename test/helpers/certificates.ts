/** Authorities and the certificates that they issue, in files as `tls {}` names them. */
import 'reflect-metadata'
import { KeyObject, webcrypto } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { TemporaryFolder } from './temp.ts'

const ALGORITHMS = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
} as const
const DAY_MS = 86_400_000

export interface TestCertificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

export interface CertificateRequest {
  /** Default: `CN=localhost`. */
  readonly subject?: string
  /** Default: `localhost`. */
  readonly dnsNames?: readonly string[]
  readonly addresses?: readonly string[]
  readonly emails?: readonly string[]
  readonly uris?: readonly string[]
  readonly keyType?: keyof typeof ALGORITHMS
  readonly hasExpired?: boolean
  /** For how many days it is good yet; default 90. */
  readonly daysLeft?: number
}

export class TestAuthority {
  readonly caFile: string
  readonly ca: string
  readonly #folder: TemporaryFolder
  readonly #certificate: X509Certificate
  readonly #key: webcrypto.CryptoKey
  #count = 0

  private constructor(folder: TemporaryFolder, name: string, certificate: X509Certificate, key: webcrypto.CryptoKey) {
    this.caFile = folder.join(`${name}.pem`)
    this.ca = certificate.toString('pem')
    this.#folder = folder
    this.#certificate = certificate
    this.#key = key
  }

  /** Its files lie in `folder`; authorities of one folder need names of their own. */
  static async create(folder: TemporaryFolder, name = 'authority'): Promise<TestAuthority> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHMS.ec, true, ['sign', 'verify'])
    const certificate = await X509CertificateGenerator.createSelfSigned({
      ...lifetime(false),
      name: `CN=${name}`,
      keys,
      extensions: [new BasicConstraintsExtension(true, 1, true)],
    })
    return TestAuthority.#of(folder, name, certificate, keys.privateKey)
  }

  /** One between this authority and the servers, which have to send its certificate (`ca`) behind their own. */
  async intermediate(name = 'intermediate'): Promise<TestAuthority> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHMS.ec, true, ['sign', 'verify'])
    const certificate = await X509CertificateGenerator.create({
      ...lifetime(false),
      subject: `CN=${name}`,
      issuer: this.#certificate.subjectName,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      extensions: [new BasicConstraintsExtension(true, 0, true)],
    })
    return TestAuthority.#of(this.#folder, name, certificate, keys.privateKey)
  }

  static async #of(folder: TemporaryFolder, name: string, certificate: X509Certificate, key: webcrypto.CryptoKey) {
    const authority = new TestAuthority(folder, name, certificate, key)
    await writeFile(authority.caFile, authority.ca)
    return authority
  }

  async issue(request: CertificateRequest = {}): Promise<TestCertificate> {
    const { subject = 'CN=localhost', dnsNames = ['localhost'], addresses = [], emails = [], uris = [] } = request
    const { keyType = 'ec', hasExpired = false, daysLeft } = request
    const names = [
      ...emails.map((value) => ({ type: 'email', value }) as const),
      ...dnsNames.map((value) => ({ type: 'dns', value }) as const),
      ...addresses.map((value) => ({ type: 'ip', value }) as const),
      ...uris.map((value) => ({ type: 'url', value }) as const),
    ]
    const keys = await webcrypto.subtle.generateKey(ALGORITHMS[keyType], true, ['sign', 'verify'])
    const certificate = await X509CertificateGenerator.create({
      ...lifetime(hasExpired, daysLeft),
      subject,
      issuer: this.#certificate.subjectName,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      extensions: names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)],
    })
    const cert = certificate.toString('pem')
    const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()
    const base = this.#folder.join(`${this.#certificate.subjectName.getField('CN')[0]}-${++this.#count}`)
    const [certFile, keyFile] = [`${base}.pem`, `${base}-key.pem`]
    await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)])
    return { certFile, keyFile, cert, key }
  }
}

function lifetime(hasExpired: boolean, daysLeft = 90) {
  const now = Date.now()
  const notAfter = new Date(hasExpired ? now - DAY_MS : now + daysLeft * DAY_MS)
  return { notBefore: new Date(now - 2 * DAY_MS), notAfter, signingAlgorithm: ALGORITHMS.ec }
}
