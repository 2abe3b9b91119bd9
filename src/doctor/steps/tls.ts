/** The certificate, as a client judges it. */
import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, type TLSSocket } from 'node:tls'
import { peerClass } from '#net'
import { connectionWords } from '../ask.ts'
import { shown } from '../http-answers.ts'
import { CONNECT_TIMEOUT_MS, type Place } from '../place.ts'
import { type Finding, fault, ok, skipped, type Walk, warning } from '../walk.ts'

const DAY_MS = 86_400_000
const WARN_DAYS = 14

/** Judges the certificate at `place`, which is trusted from then on or not. False: there is no TLS to go on with. */
export async function checkTls(walk: Walk, place = walk.place): Promise<boolean> {
  if (!place.isTls) {
    await walk.step('tls', 'TLS', async () => withoutTls(place))
    return true
  }
  let hasTls = false
  const finding = await walk.step('tls', `TLS and certificate of ${place.host}`, async () => {
    const signal = AbortSignal.any([walk.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)])
    try {
      const secure = await place.secure(await place.connectTcp(place.address, signal), signal)
      hasTls = true
      const judged = judge(secure, place)
      secure.destroy()
      return judged
    } catch (error) {
      walk.signal.throwIfAborted()
      return fault('tls-failed', connectionWords(error as Error))
    }
  })
  place.isTrusted = finding.status !== 'fault'
  return hasTls
}

function withoutTls({ address }: Place): Finding {
  const says = 'http:// has none'
  if (peerClass(address) === 'loopback') return skipped(says)
  return warning('not-https', `${says}: the official apps refuse addresses that do not begin with https://`)
}

function judge(secure: TLSSocket, place: Place): Finding {
  const raw = secure.getPeerCertificate(true)
  const leaf = new X509Certificate(raw.raw)
  const chain = sentChain(raw)
  const about = `${secure.getProtocol()}, ${describe(leaf)}`
  const now = Date.now()
  // Of those above it an old one may be sent along that nobody needs.
  for (const certificate of secure.authorizationError ? chain : [leaf]) {
    const which =
      certificate.fingerprint256 === leaf.fingerprint256
        ? 'the certificate'
        : `the certificate of ${nameOf(certificate.subject)}, which signed it,`
    if (Date.parse(certificate.validTo) < now) {
      return fault('certificate-expired', `${which} ended on ${dateOf(certificate.validTo)} (${about})`)
    }
    if (Date.parse(certificate.validFrom) > now) {
      const says = `${which} begins on ${dateOf(certificate.validFrom)}, and here it is ${dateOf(now)} (${about})`
      return fault('certificate-not-yet-valid', says)
    }
  }
  const wrongName = checkServerIdentity(place.host, raw)
  if (wrongName !== undefined) {
    return fault('certificate-wrong-name', `it is for ${shown(namesOf(leaf))}, not for ${place.host} (${about})`)
  }
  return chainFault(secure, { leaf, chain, place, about }) ?? lifetime(leaf, about)
}

interface Judged {
  readonly leaf: X509Certificate
  readonly chain: readonly X509Certificate[]
  readonly place: Place
  readonly about: string
}

/** Why no authority that is known vouches for it. */
function chainFault(secure: TLSSocket, { leaf, chain, place, about }: Judged): Finding | undefined {
  const { authorizationError } = secure
  if (!authorizationError) return undefined
  const code = String((authorizationError as { code?: string }).code ?? authorizationError)
  const issuer = nameOf(leaf.issuer)
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return fault('certificate-self-signed', `it is signed by itself (${about}): ${TRUST}`)
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return fault('certificate-unknown-authority', `it is signed by ${issuer}, which is not known here: ${TRUST}`)
    case 'CERT_HAS_EXPIRED':
      return fault('certificate-expired', `a certificate between it and its authority has ended (${about})`)
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE': {
      const last = chain.at(-1)!
      // Whoever is signed by a public authority says where the certificate of that one is to be had.
      const isPublic = last.infoAccess?.includes('CA Issuers') ?? false
      if (isPublic || place.ca !== undefined) {
        const says = `the certificate of ${nameOf(last.issuer)}, which signed it, is not sent along (${about})`
        return fault('certificate-incomplete', says)
      }
      return fault('certificate-unknown-authority', `it is signed by ${issuer}, which is not known here: ${TRUST}`)
    }
    default:
      return fault('certificate-unknown-authority', `it is not trusted: ${code} (${about}): ${TRUST}`)
  }
}

const TRUST =
  'clients must be told to trust it. Here: --ca FILE; programs on Node: NODE_EXTRA_CA_CERTS=FILE; others: the ' +
  "system. Of Belfry's own local authority that is the file tls/ca.pem in its data folder"

function lifetime(leaf: X509Certificate, about: string): Finding {
  const days = Math.floor((Date.parse(leaf.validTo) - Date.now()) / DAY_MS)
  const says = `${about}, ${days} days left`
  return days < WARN_DAYS ? warning('certificate-expires-soon', says) : ok(says)
}

/** As they were sent, from the server's own on; of authorities that are known here, not those that were not. */
function sentChain(first: ReturnType<TLSSocket['getPeerCertificate']>): X509Certificate[] {
  const chain: X509Certificate[] = []
  const seen = new Set<string>()
  let next: typeof first | undefined = first
  while (next?.raw !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256)
    chain.push(new X509Certificate(next.raw))
    next = (next as { issuerCertificate?: typeof first }).issuerCertificate
  }
  return chain
}

function describe(leaf: X509Certificate): string {
  return `${shown(namesOf(leaf))} signed by ${nameOf(leaf.issuer)}, ${dateOf(leaf.validFrom)} to ${dateOf(leaf.validTo)}`
}

function namesOf({ subjectAltName, subject }: X509Certificate): string {
  return subjectAltName?.replaceAll(/(?:DNS|IP Address):/g, '') ?? nameOf(subject)
}

/** The common name of a subject, else its organization. */
function nameOf(subject: string | undefined): string {
  const part = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(subject ?? '')?.[1]
  return shown(part('CN') ?? part('O') ?? subject ?? 'nobody')
}

function dateOf(when: string | number): string {
  return new Date(when).toISOString().slice(0, 10)
}
