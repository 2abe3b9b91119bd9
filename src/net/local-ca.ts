/**
 * HTTPS for this machine without anybody's help: a certificate authority of the data folder's own, made once, and a
 * certificate from it for the local names. Whoever trusts the authority trusts it for those names and nothing else:
 * it carries name constraints (RFC 5280 §4.2.1.10) and serves only servers.
 */
import { createPrivateKey, KeyObject, randomBytes, randomUUID, webcrypto, X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import path from 'node:path'
import { getSystemErrorMessage } from 'node:util'
import { type Clock, ConfigError } from '#kit'

export interface LocalCertificateOptions {
  /** Made when missing, readable by its owner only. */
  readonly folder: string
  /** Host names and addresses besides `localhost`, `127.0.0.1` and `::1`. */
  readonly names?: readonly string[]
  readonly clock: Clock
}

export interface LocalCertificate {
  readonly certificatePem: string
  readonly keyPem: string
  /** The authority's certificate, for clients to trust (`NODE_EXTRA_CA_CERTS`). */
  readonly caFile: string
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const AUTHORITY_DAYS = 3652
/** The longest that browsers accept (CA/Browser Forum, Baseline Requirements §6.3.2 as of 2020). */
const SERVER_DAYS = 397
const RENEW_BEFORE_DAYS = 30

const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1']
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' }

/** A certificate with its key, both in PEM, as they lie in two files. */
interface Pair {
  readonly certificate: string
  readonly key: string
}

/**
 * The certificate for the local names, from the folder where it is still good, else a new one. A new certificate comes
 * from the same authority unless the names changed, which are part of the authority. Rejects with a `ConfigError` that
 * names the path when the folder cannot be read or written.
 */
export async function ensureLocalCertificate(options: LocalCertificateOptions): Promise<LocalCertificate> {
  const { folder, clock } = options
  const names = [...new Set([...LOCAL_NAMES, ...(options.names ?? []).map((name) => name.toLowerCase())])]
  const authorityFiles = { certificate: path.join(folder, 'ca.pem'), key: path.join(folder, 'ca-key.pem') }
  const serverFiles = { certificate: path.join(folder, 'server.pem'), key: path.join(folder, 'server-key.pem') }

  let authority = await readPair(authorityFiles)
  let server = await readPair(serverFiles)
  if (!isGood(server, authority, names, clock.now())) {
    const maker = await CertificateMaker.load(names, clock.now())
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch(cannot('create', folder))
    if (!authority || !maker.canSignWith(authority)) {
      authority = await maker.makeAuthority()
      await writePair(authorityFiles, authority)
    }
    server = await maker.makeServer(authority)
    await writePair(serverFiles, server)
  }
  return { certificatePem: server.certificate, keyPem: server.key, caFile: authorityFiles.certificate }
}

/** Whether the server's certificate can be used as it is: the usual case, for which X.509 need not be loaded. */
function isGood(
  server: Pair | undefined,
  authority: Pair | undefined,
  names: readonly string[],
  now: number,
): server is Pair {
  if (!server || !authority || !isMatching(server) || !isMatching(authority)) return false
  const certificate = new X509Certificate(server.certificate)
  const issuer = new X509Certificate(authority.certificate)
  return (
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey) &&
    isCurrent(certificate, now) &&
    isCurrent(issuer, now) &&
    certificate.subjectAltName?.split(', ').length === names.length &&
    names.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)))
  )
}

function isCurrent({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && validToDate.getTime() - now >= RENEW_BEFORE_DAYS * DAY_MS
}

/** Whether both are what they should be and belong together: a crash between two writes must not last. */
function isMatching({ certificate, key }: Pair): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

/** Makes the certificates for one set of names, valid from one moment on. */
class CertificateMaker {
  readonly #x509: typeof import('@peculiar/x509')
  readonly #names: readonly string[]
  readonly #now: number

  private constructor(x509: typeof import('@peculiar/x509'), names: readonly string[], now: number) {
    this.#x509 = x509
    this.#names = names
    this.#now = now
  }

  /** X.509 takes a tenth of a second to load and is needed once a year. */
  static async load(names: readonly string[], now: number): Promise<CertificateMaker> {
    await import('reflect-metadata')
    return new CertificateMaker(await import('@peculiar/x509'), names, now)
  }

  canSignWith(authority: Pair): boolean {
    if (!isMatching(authority) || !isCurrent(new X509Certificate(authority.certificate), this.#now)) return false
    const constraints = this.#nameConstraints()
    const present = new this.#x509.X509Certificate(authority.certificate).getExtension(constraints.type)
    return present !== null && Buffer.from(present.value).equals(Buffer.from(constraints.value))
  }

  async makeAuthority(): Promise<Pair> {
    const x509 = this.#x509
    const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...this.#common(AUTHORITY_DAYS),
      // Several Belfries may be trusted at once: names that differ keep their chains apart.
      name: `CN=Belfry local CA ${randomBytes(4).toString('hex')}, O=Belfry`,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        this.#nameConstraints(),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    return { certificate: pem(certificate), key: keyPem(keys.privateKey) }
  }

  async makeServer(authority: Pair): Promise<Pair> {
    const x509 = this.#x509
    const issuer = new x509.X509Certificate(authority.certificate)
    const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.create({
      ...this.#common(SERVER_DAYS),
      subject: 'CN=localhost, O=Belfry',
      issuer: issuer.subjectName,
      publicKey: keys.publicKey,
      signingKey: createPrivateKey(authority.key).toCryptoKey(KEY_ALGORITHM, false, ['sign']),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(this.#names.map((name) => ({ type: typeOf(name), value: name }))),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ],
    })
    return { certificate: pem(certificate), key: keyPem(keys.privateKey) }
  }

  #common(days: number) {
    // An hour back, for clients whose clock is a little slow.
    const notBefore = new Date(this.#now - HOUR_MS)
    const notAfter = new Date(notBefore.getTime() + days * DAY_MS)
    const serial = randomBytes(16)
    serial[0] = (serial[0]! & 0x7f) | 0x40 // positive, and of full length (RFC 5280 §4.1.2.2)
    return { notBefore, notAfter, serialNumber: serial.toString('hex'), signingAlgorithm: SIGNING_ALGORITHM }
  }

  /** `NameConstraints ::= SEQUENCE { permittedSubtrees [0] SEQUENCE OF SEQUENCE { base GeneralName } }` */
  #nameConstraints() {
    const permitted = this.#names.map((name) => {
      const general = Buffer.from(new this.#x509.GeneralName(typeOf(name), name).rawData)
      if (!isIP(name)) return der(0x30, general)
      const address = general.subarray(2) // behind tag and length
      return der(0x30, der(general[0]!, Buffer.concat([address, Buffer.alloc(address.length, 0xff)]))) // address and mask
    })
    return new this.#x509.Extension('2.5.29.30', true, new Uint8Array(der(0x30, der(0xa0, Buffer.concat(permitted)))))
  }
}

function typeOf(name: string): 'ip' | 'dns' {
  return isIP(name) ? 'ip' : 'dns'
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

function pem(certificate: { toString(format: 'pem'): string }): string {
  return `${certificate.toString('pem')}\n`
}

function keyPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString()
}

async function readPair({ certificate, key }: Pair): Promise<Pair | undefined> {
  const read = (file: string) =>
    readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? undefined : cannot('read', file)(error),
    )
  const [certificatePem, keyPem] = [await read(certificate), await read(key)]
  return certificatePem === undefined || keyPem === undefined ? undefined : { certificate: certificatePem, key: keyPem }
}

async function writePair(files: Pair, { certificate, key }: Pair): Promise<void> {
  await writeWhole(files.key, key, 0o600)
  await writeWhole(files.certificate, certificate, 0o644)
}

/** Never leaves half a file: writes beside it, then takes its place. */
async function writeWhole(file: string, content: string, mode: number): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  try {
    await writeFile(draft, content, { mode, flag: 'wx' })
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined)
    cannot('write', file)(error as NodeJS.ErrnoException)
  }
}

function cannot(action: 'create' | 'read' | 'write', file: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    const reason = error.errno === undefined ? error.message : getSystemErrorMessage(error.errno)
    throw new ConfigError(`Cannot ${action} "${file}": ${reason}`, { cause: error })
  }
}
