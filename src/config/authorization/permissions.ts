import { isValidSubject, type Permissions, type ResponseRules, type SubjectRules } from '#core'
import {
  type ConfigEntry,
  type ConfigMap,
  type ConfigValue,
  goFormat,
  goType,
  InvalidValue,
  integerIn,
  type Problems,
  parseDuration,
  readMap,
} from '../language/index.ts'
import { deepType } from './deep-type.ts'

/** What a client gets that may answer, of what is not said. (`spec/nats.md` §2.7) */
const RESPONSES: ResponseRules = { maxMessages: 1, ttlMs: 120_000 }

const MAX_INT32 = 2 ** 31 - 1

/** What users may do who have no permissions of their own. */
export const permissions = deepType<Permissions>({
  description: 'permissions, see below',
  fromConfig: (value, { name, problems, position }) =>
    permissionsIn({ key: name, keyPosition: position, value, isUsedAsVariable: false }, problems),
  fromProgram(given, { name }) {
    const wrong = problemOfPermissions(given)
    if (wrong !== undefined) throw new InvalidValue(`${name}: ${wrong}`)
    return withResponses(given)
  },
})

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A block of permissions, be it that of a user or the default of many. Throws `InvalidValue` for what is no map. */
export function permissionsIn({ value }: ConfigEntry, problems: Problems): Permissions {
  if (value.kind !== 'map') {
    throw new InvalidValue(`Expected permissions to be a map/struct, got ${goFormat(value)}`)
  }
  const permissions: Writable<Permissions> = {}
  const publish = (entry: ConfigEntry) => {
    permissions.publish = rulesIn(entry, { problems, allowsQueues: false })
  }
  const subscribe = (entry: ConfigEntry) => {
    permissions.subscribe = rulesIn(entry, { problems, allowsQueues: true })
  }
  const responses = (entry: ConfigEntry) => {
    permissions.responses = responsesIn(entry, problems)
  }
  const fields = {
    pub: publish,
    publish,
    import: publish,
    sub: subscribe,
    subscribe,
    export: subscribe,
    allow_responses: responses,
    publish_allow_responses: responses,
  }
  readMap(value, fields, problems, (key) => `Unknown field ${key} parsing permissions`)
  return withResponses(permissions)
}

/** Who may answer may publish nothing else that is not allowed by name. */
export function withResponses(permissions: Permissions): Permissions {
  const { publish, responses } = permissions
  return responses === undefined
    ? permissions
    : { ...permissions, publish: { ...publish, allow: publish?.allow ?? [] } }
}

interface RulesContext {
  readonly problems: Problems
  /** Whether entries may be `subject queue`. */
  readonly allowsQueues: boolean
}

/** `publish` or `subscribe`: a map of `allow` and `deny`, or only what is allowed. */
function rulesIn(entry: ConfigEntry, context: RulesContext): SubjectRules | undefined {
  const { value } = entry
  const { problems } = context
  // Of these nats-server does not say where they stand.
  if (value.kind !== 'map') {
    return { allow: subjectsIn(entry, context, (reason) => problems.errorWithPlace(reason, entry.keyPosition)) }
  }
  if (value.entries.size === 0) return undefined
  const rules: Writable<SubjectRules> = {}
  const read = (entry: ConfigEntry) =>
    subjectsIn(entry, context, (reason) => problems.errorAt(entry.keyPosition, reason))
  const fields = {
    allow: (entry: ConfigEntry) => {
      rules.allow = read(entry)
    },
    deny: (entry: ConfigEntry) => {
      rules.deny = read(entry)
    },
  }
  readMap(
    value,
    fields,
    problems,
    (key) => `Unknown field name ${key} parsing subject permissions, only 'allow' or 'deny' are permitted`,
  )
  return rules
}

/** One subject or a list of them; `undefined` when that is empty, for to nats-server that is as good as none. */
function subjectsIn(
  { key, keyPosition, value }: ConfigEntry,
  { problems, allowsQueues }: RulesContext,
  complain: (reason: string) => void,
): readonly string[] | undefined {
  if (value.kind !== 'string' && value.kind !== 'array') {
    complain(`Expected subject permissions to be a subject, or array of subjects, got ${goType(value)}`)
    return undefined
  }
  const items = value.kind === 'array' ? value.items : [value]
  const subjects = items.map(subjectIn)
  const wrong = problemOfSubjects(subjects, allowsQueues)
  if (wrong !== undefined) complain(wrong)
  if (subjects.length > 0) return subjects
  if (key.toLowerCase() !== 'deny') {
    problems.remarkAt(keyPosition, `${key} is empty, which allows everything: to allow nothing, write deny: ">"`)
  }
  return undefined
}

/** One of a list of them. Throws `InvalidValue`. */
export function subjectIn(item: ConfigValue): string {
  if (item.kind === 'string') return item.value
  throw new InvalidValue('Subject in permissions array cannot be cast to string', item.position)
}

/** What is wrong with the first wrong one, in nats-server's words. */
export function problemOfSubjects(subjects: readonly string[], allowsQueues: boolean): string | undefined {
  for (const subject of subjects) {
    if (isValidSubject(subject)) continue
    const [first = '', queue = '', ...more] = subject.trim().split(/\s+/)
    const isPair = allowsQueues && queue !== '' && more.length === 0
    if (!isPair) return `subject ${JSON.stringify(subject)} is not a valid subject`
    if (!isValidSubject(first)) return `subject ${JSON.stringify(first)} is not a valid subject`
    if (!isValidSubject(queue)) return `queue ${JSON.stringify(queue)} is not a valid queue`
  }
  return undefined
}

function responsesIn({ value }: ConfigEntry, problems: Problems): ResponseRules | undefined {
  if (value.kind === 'boolean') return value.value ? RESPONSES : undefined
  if (value.kind !== 'map') {
    throw new InvalidValue('error parsing response permissions, expected a boolean or a map')
  }
  return responseRulesIn(value, problems)
}

/** A number of 0 is as good as none, and a negative one has no end. */
function responseRulesIn(map: ConfigMap, problems: Problems): ResponseRules {
  const rules = { ...RESPONSES }
  const max = ({ value }: ConfigEntry) => {
    rules.maxMessages = Math.min(Number(integerIn(value)), MAX_INT32) || RESPONSES.maxMessages
  }
  const expires = ({ value }: ConfigEntry) => {
    rules.ttlMs = durationIn(value) || RESPONSES.ttlMs
  }
  const fields = {
    max,
    max_msgs: max,
    max_messages: max,
    max_responses: max,
    expires,
    expiration: expires,
    ttl: expires,
  }
  readMap(map, fields, problems, (key) => `Unknown field ${key} parsing permissions`)
  return rules
}

function durationIn(value: ConfigValue): number {
  if (value.kind !== 'string') throw new InvalidValue('error parsing expires, not a duration string')
  try {
    return parseDuration(value.value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InvalidValue(`error parsing expires: ${error.message}`)
  }
}

/** What is wrong with permissions that a program gives, in the words of nats-server's start. */
export function problemOfPermissions({ publish, subscribe }: Permissions): string | undefined {
  const lists = [
    ['publish allow', publish?.allow, false],
    ['publish deny', publish?.deny, false],
    ['subscribe allow', subscribe?.allow, true],
    ['subscribe deny', subscribe?.deny, true],
  ] as const
  for (const [what, subjects, allowsQueues] of lists) {
    const wrong = problemOfSubjects(subjects ?? [], allowsQueues)
    if (wrong !== undefined) return `${what}: ${wrong}`
  }
  return undefined
}
