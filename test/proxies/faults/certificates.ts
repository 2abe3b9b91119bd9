/** What servers show of themselves: a good certificate, and those that clients refuse. */
import { writeFile } from 'node:fs/promises'
import type { FaultId } from '#doctor'
import { TestAuthority, type TestCertificate } from '../../helpers/certificates.ts'
import type { TemporaryFolder } from '../../helpers/temp.ts'
import type { ProxyKind } from '../start-proxy.ts'

/** In HAProxy's one file are both, the chain and the key. */
export interface SiteCertificate {
  readonly certFile: string
  readonly keyFile: string
  readonly bothFile: string
}

export interface Certificates {
  /** Of the authority that clients trust. PEM. */
  readonly ca: string
  readonly caFile: string
  readonly good: SiteCertificate
  readonly expired: SiteCertificate
  readonly forAnotherName: SiteCertificate
  readonly withoutIntermediate: SiteCertificate
}

/** What the doctor names them. */
export const CERTIFICATE_FAULTS: readonly CertificateFault[] = [
  { title: 'an expired certificate', certificate: 'expired', fault: 'certificate-expired' },
  {
    title: 'a certificate for another name',
    certificate: 'forAnotherName',
    fault: 'certificate-wrong-name',
    // And puts the authority of that one among those that the machine trusts: not to be tried.
    cannot: { caddy: 'makes a certificate of its own for its name' },
  },
  {
    title: 'a certificate without the one that signed it',
    certificate: 'withoutIntermediate',
    fault: 'certificate-incomplete',
  },
]

export interface CertificateFault {
  readonly title: string
  readonly certificate: Exclude<keyof Certificates, 'ca' | 'caFile' | 'good'>
  readonly fault: FaultId
  /** Why a proxy never does that. */
  readonly cannot?: Readonly<Partial<Record<ProxyKind, string>>>
}

/** All from an authority below the one that is trusted, as those of the internet are. */
export async function createCertificates(folder: TemporaryFolder): Promise<Certificates> {
  const root = await TestAuthority.create(folder)
  const intermediate = await root.intermediate()
  const site = { subject: 'CN=127.0.0.1', dnsNames: [], addresses: ['127.0.0.1'] }
  const save = async (name: string, { cert, key, keyFile }: TestCertificate, chain: readonly string[]) => {
    const certFile = folder.join(`${name}-chain.pem`)
    const bothFile = folder.join(`${name}-both.pem`)
    const certificates = `${[cert, ...chain].join('\n')}\n`
    await Promise.all([writeFile(certFile, certificates), writeFile(bothFile, `${certificates}${key}`)])
    return { certFile, keyFile, bothFile }
  }
  const chain = [intermediate.ca]
  const another = { subject: 'CN=old.example.com', dnsNames: ['old.example.com'] }
  const good = await intermediate.issue(site)
  return {
    ca: root.ca,
    caFile: root.caFile,
    good: await save('good', good, chain),
    expired: await save('expired', await intermediate.issue({ ...site, hasExpired: true }), chain),
    forAnotherName: await save('another', await intermediate.issue(another), chain),
    withoutIntermediate: await save('alone', good, []),
  }
}
