import type { Problems } from '../language/index.ts'
import { allSettings } from '../settings/schema.ts'
import { boolean } from '../types/boolean.ts'
import type { Values } from '../values.ts'
import { readVariable, reportInvalid, type Variables } from '../variables.ts'
import { PROTECTIONS } from './protections.ts'
import { type Default, UNSUPPORTED } from './unsupported.ts'

/** Warns of environment variables that have no effect because `config.json` sets the same, as Vaultwarden does. */
export function reportOverridden(
  environment: Values,
  { by: configJson, file }: { by: Values; file: string },
  problems: Problems,
): void {
  const variables = allSettings
    .filter(({ setting }) => environment.has(setting) && configJson.has(setting))
    .map(({ setting }) => setting.variable)
  if (variables.length > 0) problems.warning(`${file} overrides these environment variables: ${variables.join(', ')}`)
}

/**
 * Reports what is asked for by Vaultwarden's names and cannot be had: what protects is an error, everything else a
 * warning. Of `sources`, strongest first, only the first that sets a variable counts.
 */
export function reportUnsupported(sources: readonly Variables[], problems: Problems): void {
  for (const [variable, { lack, remedy }] of Object.entries(PROTECTIONS)) {
    reportInvalid(problems, () => {
      const source = sourceOf(variable)
      if (!source || !readVariable(boolean, variable, source, problems)) return
      const todo = remedy((variable) => source.keyOf(variable))
      problems.error(`${source.nameOf(variable)} is true, but this version of Belfry ${lack}: ${todo}`)
    })
  }
  for (const { lack, defaults } of UNSUPPORTED) {
    for (const [variable, byDefault] of Object.entries(defaults)) {
      reportInvalid(problems, () => {
        const source = sourceOf(variable)
        if (!source || [byDefault].flat().some((value) => isSame(source.textOf(variable)!, value))) return
        // The value stays out of it: some are passwords.
        problems.warning(`${source.nameOf(variable)} is set, but this version of Belfry ${lack}: it has no effect`)
      })
    }
  }

  function sourceOf(variable: string): Variables | undefined {
    return sources.find((source) => source.textOf(variable))
  }
}

/** Whether Vaultwarden would do the same by default; what it cannot read as a boolean or number it passes over. */
function isSame(text: string, byDefault: Default): boolean {
  switch (typeof byDefault) {
    case 'boolean':
      return (boolean.fromText(text, SILENT) ?? byDefault) === byDefault
    case 'number':
      return Number.isNaN(Number(text)) || Number(text) === byDefault
    default:
      return text.trim() === byDefault
  }
}

const SILENT = { name: '', warn: () => {} }
