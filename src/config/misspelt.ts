import type { Environment, Problems } from './language/index.ts'
import { nearest } from './nearest.ts'
import { allSettings } from './settings/schema.ts'

const OUR_PREFIX = 'BELFRY_'

/**
 * Warns of variables with our prefix that are nearly one of ours: they would be passed over without a word. Others with
 * it are let be, since programs that start containers set some by the container's name (`BELFRY_SERVICE_HOST`).
 */
export function reportMisspelt(environment: Environment, problems: Problems): void {
  const variables = allSettings.map(({ setting }) => setting.variable ?? '')
  const ours = variables.filter((name) => name.startsWith(OUR_PREFIX)).map((name) => name.slice(OUR_PREFIX.length))
  for (const [variable, text] of Object.entries(environment)) {
    if (!text || !variable.startsWith(OUR_PREFIX)) continue
    const name = variable.slice(OUR_PREFIX.length).replace(/_FILE$/, '')
    const meant = ours.includes(name) ? undefined : nearest(name, ours)
    if (meant !== undefined) problems.warning(`${variable} is no setting (did you mean ${OUR_PREFIX}${meant}?)`)
  }
}
