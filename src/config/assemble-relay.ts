import { resolve } from 'node:path'
import type { Problems } from './language/index.ts'
import type { RelayOptions } from './options.ts'
import { problemOf, type RelayInstallation } from './relay/installations.ts'
import { schema } from './settings/schema.ts'
import type { Choice } from './values.ts'

/** The installations of the list and the one that has settings of its own, as the environment gives it. */
export function assembleRelay(choose: Choice, cwd: string, problems: Problems): RelayOptions {
  const { relay } = schema
  const installations = [...(choose(relay.installations) ?? []), ...theOne()].map((one) => ({
    ...one,
    publicKeyFile: one.publicKeyFile && resolve(cwd, one.publicKeyFile),
  }))
  const ids = new Set<string>()
  for (const { id } of installations) {
    if (ids.has(id)) problems.error(`relay: installation ${id} is there twice`)
    ids.add(id)
  }
  return { installations, internalKey: choose(relay.internalKey) }

  function theOne(): RelayInstallation[] {
    const id = choose(relay.installationId)
    const key = choose(relay.installationKey)
    const issuer = choose(relay.installationIssuer)
    const publicKeyFile = choose(relay.installationPublicKey)
    const identity = choose(relay.installationIdentity)
    if (id === undefined) {
      const isHalf = [key, issuer, publicKeyFile, identity].some((value) => value !== undefined)
      if (isHalf) problems.error('relay: an installation without installation_id (BELFRY_RELAY_INSTALLATION_ID)')
      return []
    }
    const one = { id, key: key ?? '', issuer, publicKeyFile, identity }
    const wrong = problemOf(one)
    if (wrong !== undefined) problems.error(`relay: ${wrong}`)
    return [one]
  }
}
