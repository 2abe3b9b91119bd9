import { InvalidValue, stringIn } from '../language/index.ts'
import { mustBe, type SettingType, type Source } from './setting-type.ts'
import { plainText, text } from './text.ts'

/** An e-mail address, as far as one can tell without sending anything there. (RFC 5321 §4.5.3.1: up to 254 characters) */
export const mailAddress = text('e-mail address', (address, source) => {
  const [, domain] = /^[^\s@<>(),;:"[\]\\\p{Cc}]{1,64}@([^\s@]+)$/u.exec(address) ?? []
  const isDomain = domain !== undefined && URL.parse(`https://${domain}`)?.pathname === '/' && /^[^/?#:]+$/.test(domain)
  if (!isDomain || address.length > 254) throw new InvalidValue(mustBe(source, 'an e-mail address', address))
  return address
})

/** Where somebody can be reached: by mail, or a page. */
export const contactUrl = text('`mailto:` or `https:` URL', (contact, source) => {
  if (/^mailto:/i.test(contact)) return `mailto:${mailAddress.fromText(contact.slice('mailto:'.length), source)}`
  if (/^https:\/\//i.test(contact) && URL.canParse(contact)) return contact
  throw new InvalidValue(mustBe(source, 'a URL such as "mailto:you@example.com" or "https://example.com"', contact))
})

/** A text that can stand in the head of a mail, or be said to a mail server. */
export function line(description: string): SettingType<string> {
  const type = plainText(description)
  const check = (line: string | undefined, source: Source) => {
    if (line !== undefined && /\p{Cc}/u.test(line)) throw new InvalidValue(mustBe(source, 'one line of text', line))
    return line
  }
  return {
    description,
    fromText: (text, source) => check(type.fromText(text, source), source),
    fromConfig: (value, source) => check(type.fromConfig(value, source), source),
    fromProgram: (value, source) => check(type.fromProgram(value, source), source),
  }
}

/**
 * The name of a time zone. The variable belongs to the whole system, which knows other forms of it as well: those have no
 * effect, as in Vaultwarden.
 */
export const timeZone: SettingType<string> = {
  description: 'name of a time zone, such as `Europe/Berlin`',
  fromText: knownTimeZone,
  fromConfig: (value, source) => knownTimeZone(stringIn(value), source),
  fromProgram: knownTimeZone,
}

function knownTimeZone(name: string, source: Source): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return name
  } catch {
    source.warn(`${source.name} is ${JSON.stringify(name)}, which is no name of a time zone: times in mails are UTC`)
    return undefined
  }
}
