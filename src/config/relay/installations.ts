import { normalGuid } from '#kit'
import { deepType } from '../authorization/deep-type.ts'
import {
  arrayIn,
  type ConfigMap,
  type ConfigValue,
  goType,
  InvalidValue,
  type Problems,
  readMap,
  stringIn,
} from '../language/index.ts'

/** Another server whose events are relayed, as Bitwarden calls one. */
export interface RelayInstallation {
  /** UUID in lower case. */
  readonly id: string
  readonly key: string
  /**
   * `iss` of the tokens that it gives to its users, and the PEM file of the key that signs them, private or public.
   * Without them, and without `identity`, its devices cannot come in by the hub.
   */
  readonly issuer?: string | undefined
  readonly publicKeyFile?: string | undefined
  /** Instead, of an official server: the URL of its Identity service, without a slash at its end. */
  readonly identity?: string | undefined
}

/** `installations` of `relay {}`. */
export const installations = deepType<readonly RelayInstallation[]>({
  description: 'list of installations, see above',
  fromConfig: (value, { problems }) => installationsIn(value, problems),
  fromProgram(given, source) {
    if (!Array.isArray(given)) throw new InvalidValue(`${source.name} must be a list of installations`)
    return given.map((one: RelayInstallation, index) => {
      const name = `${source.name}[${index}]`
      const { id, key, issuer = '', publicKeyFile = '', identity = '' } = one
      if ([id, key, issuer, publicKeyFile, identity].some((text) => typeof text !== 'string')) {
        throw new InvalidValue(`${name} must have texts for id, key, issuer, publicKeyFile and identity`)
      }
      const wrong = problemOf(one)
      if (wrong !== undefined) throw new InvalidValue(`${name}: ${wrong}`)
      return normal(one)
    })
  },
})

/** What is wrong with an installation, in the words of the file. */
export function problemOf({ id, key, issuer, publicKeyFile, identity }: RelayInstallation): string | undefined {
  if (normalGuid(id) === undefined) return 'an installation needs an id, which is a UUID'
  if (key === '') return `installation ${id} needs a key`
  if ((issuer === undefined) !== (publicKeyFile === undefined)) {
    return `installation ${id} needs both issuer and public_key, or neither`
  }
  if (identity === undefined) return undefined
  if (issuer !== undefined) return `installation ${id} has an identity and needs no issuer and public_key`
  const url = /^https?:\/\//i.test(identity) ? URL.parse(identity) : null
  const isPlain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return isPlain ? undefined : `the identity of installation ${id} is no plain http or https URL`
}

/** Throws `InvalidValue` for what is no list. */
function installationsIn(value: ConfigValue, problems: Problems): readonly RelayInstallation[] {
  return arrayIn(value).flatMap((item) => {
    if (item.kind === 'map') return installationIn(item, problems) ?? []
    problems.errorAt(item.position, `Expected installation to be a map, got ${goType(item)}`)
    return []
  })
}

function installationIn(map: ConfigMap, problems: Problems): RelayInstallation | undefined {
  const errorsBefore = problems.errors.length
  let [id, key, issuer, publicKeyFile, identity] = ['', '', '', '', '']
  readMap(
    map,
    {
      id: ({ value }) => {
        id = stringIn(value)
      },
      key: ({ value }) => {
        key = stringIn(value)
      },
      issuer: ({ value }) => {
        issuer = stringIn(value)
      },
      public_key: ({ value }) => {
        publicKeyFile = stringIn(value)
      },
      identity: ({ value }) => {
        identity = stringIn(value)
      },
    },
    problems,
  )
  if (problems.errors.length > errorsBefore) return undefined
  // An empty text counts as none, as in the environment.
  const found = {
    id,
    key,
    issuer: issuer || undefined,
    publicKeyFile: publicKeyFile || undefined,
    identity: identity || undefined,
  }
  const wrong = problemOf(found)
  if (wrong === undefined) return normal(found)
  problems.errorAt([...map.entries.values()].at(-1)?.keyPosition ?? map.position, wrong)
  return undefined
}

const normal = (one: RelayInstallation): RelayInstallation => ({
  ...one,
  id: one.id.toLowerCase(),
  identity: one.identity?.replace(/\/+$/, ''),
})
