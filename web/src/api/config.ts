import { objectIn } from './answer.ts'
import type { Api, Options } from './client.ts'
import { isObject, textOrNull } from './json.ts'

/** What a server says of itself. */
export interface ServerConfig {
  /** That of the Bitwarden server whose API it has. */
  readonly version: string | null
  /** What the server calls itself. */
  readonly name: string | null
  /** Whether nobody may register. */
  readonly isClosed: boolean
}

/** Anybody may ask. Spec: vault §2.5 */
export async function getConfig(api: Api, { signal }: Options = {}): Promise<ServerConfig> {
  const { version, server, settings } = objectIn(await api.request('GET', 'api/config', { as: 'anybody', signal }))
  return {
    version: textOrNull(version),
    name: isObject(server) ? textOrNull(server.name) : null,
    isClosed: isObject(settings) && settings.disableUserRegistration === true,
  }
}
