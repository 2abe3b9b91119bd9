import { InvalidValue } from '../language/index.ts'
import { mustBe } from './setting-type.ts'
import { text } from './text.ts'

/** CSP3 §2.3.1: of a scheme alone, or a host with what may stand around it. Quoted keywords are none that make sense here. */
const SOURCE =
  /^(?:[a-z][a-z\d+.-]*:|(?:[a-z][a-z\d+.-]*:\/\/)?(?:\*|(?:\*\.)?[\w-]+(?:\.[\w-]+)*)(?::(?:\d+|\*))?(?:\/[\w\-.~!$&()+:@%/]*)?)$/i

/** Texts with spaces between, as Vaultwarden has them. */
export const wordsOf = (text: string | undefined): readonly string[] => text?.split(/\s+/).filter(Boolean) ?? []

/** Who may frame a page. What is no source would end the directive, or the policy. */
export const frameAncestors = text('one origin or several, with spaces between', (sources, source) => {
  if (wordsOf(sources).every((word) => SOURCE.test(word))) return sources
  throw new InvalidValue(
    mustBe(source, 'a list of origins with spaces between, such as "https://example.com"', sources),
  )
})

/** Whom a page may ask; by HTTPS only, as in Vaultwarden. */
export const connectSources = text('one `https://` URL or several, with spaces between', (sources, source) => {
  if (wordsOf(sources).every((word) => /^https:\/\//i.test(word) && SOURCE.test(word))) return sources
  throw new InvalidValue(mustBe(source, 'a list of URLs that begin with https://, with spaces between', sources))
})
