import { checkDefinitions, emptyAccount, isValidSubject, type MappingDestination, type SubjectMapping } from '#core'
import {
  type ConfigEntry,
  type ConfigValue,
  goFormat,
  InvalidValue,
  mapIn,
  type Position,
  type Problems,
  stringIn,
} from '../language/index.ts'
import { deepType } from './deep-type.ts'

/** `mappings {}` of the top level. */
export const mappings = deepType<readonly SubjectMapping[]>({
  description: 'map of subjects, see below',
  fromConfig: (value, { name, problems, position }) =>
    mappingsIn({ key: name, keyPosition: position, value, isUsedAsVariable: false }, problems),
  fromProgram(given, { name }) {
    for (const mapping of given) {
      const wrong = problemOfMapping(mapping)
      if (wrong !== undefined) throw new InvalidValue(`${name}: ${wrong}`)
    }
    return given
  },
})

/** `mappings {}` of an account or of the top level. (`spec/nats.md` §2.9) */
export function mappingsIn({ keyPosition, value }: ConfigEntry, problems: Problems): readonly SubjectMapping[] {
  return [...mapIn(value).entries.values()].flatMap((entry) => {
    if (!isValidSubject(entry.key)) {
      // nats-server means the whole block here.
      problems.errorAt(keyPosition, `Subject ${JSON.stringify(entry.key)} is not a valid subject`)
      return []
    }
    const mapping = { source: entry.key, destinations: destinationsIn(entry, problems) }
    const wrong = problemOfMapping(mapping)
    if (wrong === undefined) return [mapping]
    // Only of a mapping that is a mere text nats-server names the destination.
    const [to] = mapping.destinations
    const isText = entry.value.kind === 'string' || to === undefined
    problems.errorAt(entry.keyPosition, isText ? wrong : wrong.replace(` to ${JSON.stringify(to.subject)} : `, ' : '))
    return []
  })
}

function problemOfMapping(mapping: SubjectMapping): string | undefined {
  return checkDefinitions([{ ...emptyAccount(''), mappings: [mapping] }])[0]?.text
}

/** A subject, a map with a subject and its weight, or a list of such maps. What is wrong is reported and left out. */
function destinationsIn({ keyPosition, value }: ConfigEntry, problems: Problems): readonly MappingDestination[] {
  if (value.kind === 'string') return [{ subject: value.value, weight: 100 }]
  const items = value.kind === 'array' ? value.items : [value]
  return items.flatMap((item) => {
    const position = value.kind === 'array' ? item.position : keyPosition
    try {
      return [destinationIn(item, position)]
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      problems.errorAt(error.position ?? position, error.message)
      return []
    }
  })
}

/** Throws `InvalidValue` for the first thing that is wrong with it: so does nats-server. */
function destinationIn(item: ConfigValue, position: Position): MappingDestination {
  if (item.kind !== 'map') throw new InvalidValue('Expected an entry for the mapping destination')
  let [subject, cluster, weight]: [string, string, number | undefined] = ['', '', undefined]
  for (const { key, keyPosition, value } of item.entries.values()) {
    switch (key.toLowerCase()) {
      case 'dest':
      case 'destination':
        subject = stringIn(value)
        break
      case 'weight':
        weight = weightIn(value, keyPosition)
        break
      case 'cluster':
        cluster = stringIn(value)
        break
      default:
        throw new InvalidValue(`Unknown field ${JSON.stringify(key)} for mapping destination`, keyPosition)
    }
  }
  if (weight === undefined) {
    throw new InvalidValue(`Missing weight for mapping destination ${JSON.stringify(subject)}`, position)
  }
  return { subject, weight, ...(cluster !== '' && { cluster }) }
}

/** Percent: a number, or a text with `%` behind it or not. */
function weightIn(value: ConfigValue, position: Position): number {
  if (value.kind !== 'string' && value.kind !== 'integer') {
    throw new InvalidValue(`Unknown entry type for weight of ${goFormat(value)}`, position)
  }
  const text = value.kind === 'string' ? value.value.replace(/%$/, '') : String(value.value)
  if (!/^[+-]?\d+$/.test(text)) {
    throw new InvalidValue(`Invalid weight ${JSON.stringify(text)} for mapping destination`, position)
  }
  const weight = Number(text)
  if (weight < 0 || weight > 100) throw new InvalidValue(`Invalid weight ${weight} for mapping destination`, position)
  return weight
}
