import { type JsonObject, numberOrNull, objectsOf } from '../../api/json.ts'

/** Domains that share logins. */
export interface DomainGroups {
  readonly own: readonly (readonly string[])[]
  /** Those that every user has. */
  readonly global: readonly { readonly type: number; readonly domains: readonly string[]; readonly isOn: boolean }[]
}

/** As the server says them. */
export function readDomains({ equivalentDomains, globalEquivalentDomains }: JsonObject): DomainGroups {
  return {
    own: Array.isArray(equivalentDomains) ? equivalentDomains.map(textsOf) : [],
    global: objectsOf(globalEquivalentDomains).flatMap(({ type, domains, excluded }) => {
      const number = numberOrNull(type)
      return number === null ? [] : [{ type: number, domains: textsOf(domains), isOn: excluded !== true }]
    }),
  }
}

/** Of what was typed, divided by commas or spaces; whole URLs are cut to their hosts. Each once. */
export function parseDomains(text: string): readonly string[] {
  const domains = text
    .split(/[\s,;，；、]+/)
    .map((part) =>
      part
        .toLowerCase()
        .replace(/^[a-z]+:\/\//, '')
        .replace(/[/?#].*$/, ''),
    )
    .filter((part) => part !== '')
  return [...new Set(domains)]
}

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((text) => typeof text === 'string') : []
