import { allSettings } from '../../src/config/settings/schema.ts'

const known = new Set([
  ...allSettings.flatMap(({ setting: { variable } }) => (variable === undefined ? [] : [variable, `${variable}_FILE`])),
  // Node's, and what is read before the settings.
  ...['NODE_ENV', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'ENV_FILE', 'CONFIG_FILE'],
])

/** Names of variables by which nothing is set. */
export function unknownVariables(environment: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(environment).filter((name) => !known.has(name))
}
