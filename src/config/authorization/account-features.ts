import { isLiteralSubject, isValidSubject } from '#core'
import {
  type ConfigEntry,
  type ConfigValue,
  formatPosition,
  goFormat,
  goType,
  InvalidValue,
  type Problems,
  readMap,
} from '../language/index.ts'

/** What accounts of nats-server can have beside what we have: checked in its words, and without effect. */

const JETSTREAM_SIZES = [
  ['max_memory', 'max_mem', 'mem', 'memory'],
  ['max_store', 'max_file', 'max_disk', 'store', 'disk'],
  ['max_streams', 'streams'],
  ['max_consumers', 'consumers'],
  ['mem_max_stream_bytes', 'memory_max_stream_bytes'],
  ['disk_max_stream_bytes', 'store_max_stream_bytes'],
  ['max_ack_pending'],
].flat()

/** Whether JetStream is to be on for the account. */
export function jetstreamIn({ keyPosition, value }: ConfigEntry, problems: Problems): boolean {
  switch (value.kind) {
    case 'boolean':
      return value.value
    case 'string':
      if (/^enabled?$/i.test(value.value)) return true
      if (/^disabled?$/i.test(value.value)) return false
      // Here and below nats-server does not say where.
      problems.errorWithPlace(`Expected 'enabled' or 'disabled' for string value, got '${value.value}'`, keyPosition)
      return false
    case 'map': {
      const sizes = JETSTREAM_SIZES.map((name) => [name, wanted('integer', 'a parseable size')])
      const flags = ['max_bytes_required', 'max_stream_bytes', 'max_bytes'].map((name) => [
        name,
        wanted('boolean', 'a parseable bool'),
      ])
      readMap(value, { ...Object.fromEntries([...sizes, ...flags]), cluster_traffic: clusterTraffic }, problems)
      return true
    }
    default:
      problems.errorWithPlace(`Expected map, bool or string to define JetStream, got ${goType(value)}`, keyPosition)
      return false
  }
}

function wanted(kind: ConfigValue['kind'], what: string) {
  return ({ key, value }: ConfigEntry): void => {
    if (value.kind === kind) return
    throw new InvalidValue(`Expected ${what} for ${JSON.stringify(key)}, got ${goFormat(value)}`)
  }
}

function clusterTraffic({ key, value }: ConfigEntry): void {
  if (value.kind === 'string' && ['system', 'owner', ''].includes(value.value)) return
  const wanted = value.kind === 'string' ? "'system' or 'owner'" : "either 'system' or 'owner'"
  throw new InvalidValue(`Expected ${wanted} string value for ${JSON.stringify(key)}, got ${goFormat(value)}`)
}

/** `msg_trace` of an account: a subject, or a map of `dest` and `sampling`. */
export function checkMessageTrace({ key, keyPosition, value }: ConfigEntry, problems: Problems): void {
  if (value.kind === 'string') {
    checkTraceDestination(key, value)
    return
  }
  if (value.kind !== 'map') {
    const name = JSON.stringify(key)
    throw new InvalidValue(
      `Expected account message trace ${name} to be a string or a map/struct, got ${goType(value)}`,
    )
  }
  const errorsBefore = problems.errors.length
  const fields = {
    dest: ({ key, value }: ConfigEntry) => checkTraceDestination(key, value),
    sampling: checkTraceSampling,
  }
  readMap(
    value,
    fields,
    problems,
    (unknown) => `Unknown field ${unknown} parsing account message trace map/struct ${JSON.stringify(key)}`,
  )
  if (problems.errors.length > errorsBefore) return
  const names = [...value.entries.keys()].map((name) => name.toLowerCase())
  if (names.includes('sampling') && !names.includes('dest')) {
    problems.warning(`${formatPosition(keyPosition)}: Trace destination sampling ignored since no destination was set`)
  }
}

function checkTraceDestination(key: string, value: ConfigValue): void {
  if (value.kind !== 'string') {
    throw new InvalidValue(`Field ${JSON.stringify(key)} should be a string, got ${goType(value)}`)
  }
  if (isValidSubject(value.value) && isLiteralSubject(value.value)) return
  throw new InvalidValue(`Trace destination ${JSON.stringify(value.value)} is not valid`)
}

function checkTraceSampling({ key, value }: ConfigEntry): void {
  if (value.kind !== 'integer' && value.kind !== 'string') {
    const name = JSON.stringify(key)
    throw new InvalidValue(
      `Trace destination sampling field ${name} should be an integer or a percentage, got ${goType(value)}`,
    )
  }
  const digits = value.kind === 'string' ? value.value.replace(/%$/, '') : String(value.value)
  if (!/^[+-]?\d+$/.test(digits)) {
    throw new InvalidValue(`Invalid trace destination sampling value ${JSON.stringify(goFormat(value))}`)
  }
  const percent = Number(digits)
  if (percent >= 1 && percent <= 100) return
  // As nats-server writes it.
  throw new InvalidValue(`Ttrace destination sampling value ${percent} is invalid, needs to be [1..100]`)
}
