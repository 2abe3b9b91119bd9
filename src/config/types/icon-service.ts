import { InvalidValue } from '../language/index.ts'
import { mustBe } from './setting-type.ts'
import { text } from './text.ts'

/** Vaultwarden's names of services. */
const SERVICES: Readonly<Record<string, string>> = {
  bitwarden: 'https://icons.bitwarden.net/{}/icon.png',
  duckduckgo: 'https://icons.duckduckgo.com/ip3/{}.ico',
  google: 'https://www.google.com/s2/favicons?domain={}&sz=32',
}

/** Who fetches icons: `internal`, or the URL of a service with `{}` for the domain, which is the normal form of its name. */
export const iconService = text(
  '`internal`, `bitwarden`, `duckduckgo`, `google`, or a URL with one `{}` for the domain',
  (service, source) => {
    if (service === 'internal') return service
    const url = Object.hasOwn(SERVICES, service) ? SERVICES[service]! : service
    if (!/^https?:\/\//i.test(url) || URL.parse(url.replace('{}', 'example.com')) === null) {
      throw new InvalidValue(mustBe(source, 'internal, bitwarden, duckduckgo, google or a URL', service))
    }
    if (url.split('{}').length !== 2)
      throw new InvalidValue(mustBe(source, 'a URL with one {} for the domain', service))
    return url
  },
)
