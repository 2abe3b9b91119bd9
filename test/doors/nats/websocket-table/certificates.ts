/** An authority with certificates of its own, in files as `tls {}` names them. */
import 'reflect-metadata'
import { KeyObject, webcrypto } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { TemporaryFolder } from '../../../helpers/temp.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

export class Authority {
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

  static async create(folder: TemporaryFolder, name: string): Promise<Authority> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
    const certificate = await X509CertificateGenerator.createSelfSigned({
      ...lifetime(),
      name: `CN=${name}`,
      keys,
      extensions: [new BasicConstraintsExtension(true, 0, true)],
    })
    const authority = new Authority(folder, name, certificate, keys.privateKey)
    await writeFile(authority.caFile, authority.ca)
    return authority
  }

  /** Good for servers and clients, for `localhost` and 127.0.0.1. */
  async issue(commonName: string): Promise<Certificate> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
    const certificate = await X509CertificateGenerator.create({
      ...lifetime(),
      subject: `CN=${commonName}`,
      issuer: this.#certificate.subjectName,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      extensions: [
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.1' },
        ]),
      ],
    })
    const cert = certificate.toString('pem')
    const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()
    const base = this.#folder.join(`${commonName}-${++this.#count}`)
    const [certFile, keyFile] = [`${base}.pem`, `${base}-key.pem`]
    await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)])
    return { certFile, keyFile, cert, key }
  }
}

function lifetime() {
  const now = Date.now()
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + DAY_MS), signingAlgorithm: ALGORITHM }
}
