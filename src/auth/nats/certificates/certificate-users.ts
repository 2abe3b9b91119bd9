import type { X509Certificate } from 'node:crypto'
import { type CertificateFields, certificateFields, goName } from '#kit'
import type { PasswordUser } from '../users.ts'
import { readAlternativeNames, SUBJECT_ALT_NAME } from './alternative-names.ts'
import {
  type DistinguishedName,
  DOMAIN_COMPONENT,
  distinguishedNameOf,
  hasSameParts,
  isSameName,
  parseDistinguishedName,
} from './distinguished-name.ts'

/** The users that certificates stand for (`verify_and_map`, `spec/nats.md` §4.4). */
export class CertificateUsers {
  readonly #byName: ReadonlyMap<string, PasswordUser>
  readonly #byDistinguishedName: readonly (readonly [DistinguishedName, PasswordUser])[]

  constructor(byName: ReadonlyMap<string, PasswordUser>) {
    this.#byName = byName
    this.#byDistinguishedName = [...byName.values()].flatMap((user) => {
      const name = parseDistinguishedName(user.user)
      return name === undefined ? [] : [[name, user] as const]
    })
  }

  /**
   * The first user that the certificate names and that `isAllowed`: by its e-mail addresses, DNS names and URIs; by its
   * subject, read as a distinguished name, at last in any order of its parts; and by the subject as text.
   */
  find(certificate: X509Certificate, isAllowed: (user: PasswordUser) => boolean): PasswordUser | undefined {
    const fields = certificateFields(certificate.raw)
    const { emails, dnsNames, uris } = readAlternativeNames(fields.extensions.get(SUBJECT_ALT_NAME))
    const byText = (texts: readonly string[]) => {
      return texts.map((text) => this.#byName.get(text)).find((user) => user !== undefined && isAllowed(user))
    }
    return (
      byText([...emails, ...dnsNames, ...uris]) ?? this.#bySubject(fields, isAllowed) ?? byText(subjectTexts(fields))
    )
  }

  #bySubject({ subject }: CertificateFields, isAllowed: (user: PasswordUser) => boolean): PasswordUser | undefined {
    const name = distinguishedNameOf(subject)
    if (name === undefined) return undefined
    const candidates = this.#byDistinguishedName.filter(([, user]) => isAllowed(user))
    const found =
      candidates.find(([candidate]) => isSameName(candidate, name)) ??
      candidates.find(([candidate]) => hasSameParts(candidate, name))
    return found?.[1]
  }
}

/** What Go makes of the subject; domain components, for which it has no name, come behind it, as they stand there. */
function subjectTexts({ subject }: CertificateFields): readonly string[] {
  const text = goName(subject)
  const components = subject.flat().flatMap(({ oid, value }) => {
    return oid === DOMAIN_COMPONENT && value !== undefined ? [`DC=${value}`] : []
  })
  return components.length > 0 ? [[text, ...components].join(','), text] : [text]
}

/** Who a certificate says that its owner is: for the log. */
export function describeCertificate(certificate: X509Certificate): string {
  return goName(certificateFields(certificate.raw).subject)
}
