import { isIP } from 'node:net'
import { InvalidValue, stringsIn } from '../language/index.ts'
import { mustBe, type SettingType, type Source } from './setting-type.ts'

/** Texts: separated by commas in the environment; one text (which may hold commas as well) or an array in the file. */
function list<T extends string = string>(
  description: string,
  check: (items: string[], source: Source) => T[],
): SettingType<readonly T[]> {
  const split = (texts: readonly string[]) => texts.flatMap((text) => text.split(',')).map((item) => item.trim())
  return {
    description,
    fromText: (text, source) => check(split([text]), source),
    fromConfig: (value, source) => check(split(stringsIn(value, source.name)), source),
    fromProgram(value, source) {
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return check(split(value), source)
      throw new InvalidValue(mustBe(source, 'an array of texts', value))
    },
  }
}

export const mailDomains = list('list of domains', (domains, source) => {
  if (domains.every((domain) => domain === '')) return []
  for (const domain of domains) {
    if (domain === '' || /[\s@]/.test(domain)) throw new InvalidValue(mustBe(source, 'a list of domains', domain))
  }
  return domains.map((domain) => domain.toLowerCase())
})

const tags = (texts: readonly string[]) => [
  ...new Set(texts.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== '')),
]

/** In lower case and once each, as in nats-server. */
export const serverTags: SettingType<readonly string[]> = {
  ...list('word or list of words', tags),
  fromConfig: (value) => tags(stringsIn(value, 'tags')),
}

/** As written: that each can be the origin of a page is checked at the start. */
export const origins: SettingType<readonly string[]> = {
  ...list(
    'one origin or a list of them, such as `"https://example.com"` or `"https://*.example.com:*"`',
    (list) => list,
  ),
  fromConfig: (value) => stringsIn(value, 'allowed origins'),
}

/** Which proxies are believed: none, those with a local address, all, or the listed ones. */
export type TrustedProxies = 'none' | 'local' | 'all' | readonly string[]

export const trustedProxies: SettingType<TrustedProxies> = {
  description: '`none`, `local`, `all`, or a list of IP addresses and CIDR ranges',
  fromText: (text, source) => proxies(text.split(','), source),
  fromConfig: (value, source) =>
    proxies(
      stringsIn(value, source.name).flatMap((text) => text.split(',')),
      source,
    ),
  fromProgram(value, source) {
    if (typeof value === 'string') return proxies([value], source)
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return proxies(value, source)
    throw new InvalidValue(mustBe(source, '"none", "local", "all" or an array of addresses', value))
  },
}

function proxies(items: readonly string[], source: Source): TrustedProxies {
  const ranges = items.map((item) => item.trim()).filter((item) => item !== '')
  const word = ranges.length === 1 ? ranges[0]!.toLowerCase() : ''
  if (word === 'none' || word === 'local' || word === 'all') return word
  for (const range of ranges) {
    const [address = '', bits, ...rest] = range.split('/')
    const maxBits = isIP(address) === 6 ? 128 : 32
    const isPrefix = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= maxBits)
    if (isIP(address) === 0 || !isPrefix || rest.length > 0) {
      throw new InvalidValue(mustBe(source, '"none", "local", "all" or a list of IP addresses and CIDR ranges', range))
    }
  }
  return ranges
}

const SMTP_MECHANISMS = ['plain', 'login', 'xoauth2'] as const

/** Those that are unknown are passed over, as in Vaultwarden, whose example has quotes around a name. */
export const smtpMechanisms = list('one or several of `plain`, `login`, `xoauth2`', (names, source) => {
  const wanted = names
    .map((name) =>
      name
        .replace(/^["']|["']$/g, '')
        .trim()
        .toLowerCase(),
    )
    .filter((name) => name !== '')
  return known(wanted, SMTP_MECHANISMS, source)
})

/** What Vaultwarden lets operators switch on in clients (`spec/vault.md` §6.6). */
const FEATURE_FLAGS = [
  ...['1', '2', '3', '4'].map((milestone) => `desktop-ui-migration-milestone-${milestone}`),
  'pm-5594-safari-account-switching',
  'ssh-agent',
  'ssh-agent-v2',
  'ssh-key-vault-item',
  'pm-25373-windows-biometrics-v2',
  'pm-26340-linux-biometrics-v2',
  'anon-addy-self-host-alias',
  'simple-login-self-host-alias',
  'mutual-tls',
  'cxp-import-mobile',
  'cxp-export-mobile',
  'pm-30529-webauthn-related-origins',
]

export const featureFlags = list(
  `list of ${FEATURE_FLAGS.map((flag) => `\`${flag}\``).join(', ')}`,
  (flags, source) => {
    const wanted = flags.filter((flag) => flag !== '')
    return known([...new Set(wanted)], FEATURE_FLAGS, source)
  },
)

/** Those of `names` that are among `all`; of the others the operator is told. */
function known<T extends string>(names: readonly string[], all: readonly T[], source: Source): T[] {
  return names.flatMap((name) => {
    const found = all.find((candidate) => candidate === name)
    if (found === undefined) source.warn(`${source.name}: ${JSON.stringify(name)} is unknown, and has no effect`)
    return found ?? []
  })
}
