import type { ServiceLatency } from '#core'
import { type ConfigEntry, type ConfigValue, goType, InvalidValue, type Problems, readMap } from '../language/index.ts'

const ALL_PERCENT = 100

/** `latency` of a service export: a subject, or a map of `subject` and `sampling`. */
export function latencyIn({ value }: ConfigEntry, problems: Problems): ServiceLatency {
  if (value.kind === 'string') return { subject: value.value, sampling: ALL_PERCENT }
  if (value.kind !== 'map') {
    throw new InvalidValue(`Expected latency entry to be a map/struct or string, got ${goType(value)}`)
  }
  let sampling: ServiceLatency['sampling'] = ALL_PERCENT
  let subject: string | undefined
  const fields = {
    sampling: ({ value }: ConfigEntry) => {
      sampling = samplingIn(value)
    },
    subject: ({ value }: ConfigEntry) => {
      if (value.kind !== 'string') {
        throw new InvalidValue(`Expected latency subject to be a string, got ${goType(value)}`)
      }
      subject = value.value
    },
  }
  const errorsBefore = problems.errors.length
  readMap(value, fields, problems)
  if (subject === undefined && problems.errors.length === errorsBefore) {
    throw new InvalidValue('Latency subject required, but missing')
  }
  return { subject: subject ?? '', sampling }
}

function samplingIn(value: ConfigValue): ServiceLatency['sampling'] {
  if (value.kind === 'string') {
    if (value.value.trim().toLowerCase() === 'headers') return 'headers'
    const digits = value.value.replace(/%$/, '')
    if (/^[+-]?\d+$/.test(digits)) return percent(Number(digits))
    // Go's words for a text that is no number.
    throw new InvalidValue(
      `Failed to parse latency sample: strconv.Atoi: parsing ${JSON.stringify(digits)}: invalid syntax`,
    )
  }
  if (value.kind === 'integer') return percent(Number(value.value))
  throw new InvalidValue(`Expected latency sample to be a string or map/struct, got ${goType(value)}`)
}

function percent(number: number): number {
  if (number >= 1 && number <= ALL_PERCENT) return number
  throw new InvalidValue('bad sampling percentage, should be 1-100')
}
