/** What an account exports, imports and maps, in the fields of nats-server's answers. */
import type { Export, ExportAccess, Import, MappingDestination, ServiceExport, SubjectMapping } from '#core'
import { fromByteString } from '#kit'
import { type JsonObject, unlessEmpty } from './json.ts'

const RESPONSE_TYPES: Readonly<Record<ServiceExport['responseType'], string>> = {
  single: 'Singleton',
  stream: 'Streamed',
  chunked: 'Chunked',
}

/** Services first. */
export function exportsOf(exports: readonly Export[]): JsonObject[] {
  return [...exports.filter(isService), ...exports.filter((one) => !isService(one))].map((one) => ({
    subject: fromByteString(one.subject),
    type: one.kind,
    token_req: unlessEmpty(one.access.kind === 'token'),
    response_type: one.kind === 'service' ? RESPONSE_TYPES[one.responseType] : undefined,
    service_latency:
      one.kind === 'service' && one.latency !== undefined
        ? { sampling: one.latency.sampling, results: fromByteString(one.latency.subject) }
        : undefined,
    approved_accounts: unlessEmpty(approved(one.access)),
  }))
}

/** Streams first. */
export function importsOf(imports: readonly Import[]): JsonObject[] {
  return [...imports.filter((one) => !isService(one)), ...imports.filter(isService)].map((one) => ({
    subject: fromByteString(one.subject),
    account: one.account,
    to: isService(one) ? fromByteString(one.to) : undefined,
    local_subject: fromByteString(one.to),
    type: one.kind,
    invalid: false,
    share: one.kind === 'service' && one.sharesRequestor,
    tracking: false,
  }))
}

export function mappingsOf(mappings: readonly SubjectMapping[]): JsonObject {
  return Object.fromEntries(mappings.map((mapping) => [fromByteString(mapping.source), destinationsOf(mapping)]))
}

/** Those of every cluster first. */
function destinationsOf({ source, destinations }: SubjectMapping): JsonObject[] {
  const clusters = new Set(['', ...destinations.map(({ cluster = '' }) => cluster)])
  const isSourceNamed = destinations.some(({ subject }) => subject === source)
  return [...clusters].flatMap((cluster) => {
    const own = destinations.filter((one) => (one.cluster ?? '') === cluster)
    const rest = 100 - sum(own)
    if (rest > 0 && !isSourceNamed) own.push({ subject: numbered(source), weight: rest })
    return addedUp(own).map(({ subject, weight }) => {
      return { subject: fromByteString(subject), weight, cluster: unlessEmpty(cluster) }
    })
  })
}

/** As nats-server keeps and shows them: from the smallest, each with the weights of those before it. */
function addedUp(destinations: readonly MappingDestination[]): MappingDestination[] {
  let weight = 0
  return destinations
    .toSorted((a, b) => a.weight - b.weight)
    .map((one) => {
      weight += one.weight
      return { ...one, weight }
    })
}

function sum(destinations: readonly MappingDestination[]): number {
  return destinations.reduce((total, { weight }) => total + weight, 0)
}

/** A source as a destination: its wildcards by number. */
function numbered(source: string): string {
  let wildcards = 0
  return source
    .split('.')
    .map((token) => (token === '*' ? `$${++wildcards}` : token))
    .join('.')
}

function approved(access: ExportAccess): readonly string[] {
  return access.kind === 'accounts' ? access.accounts : []
}

function isService<T extends Export | Import>(one: T): one is Extract<T, { kind: 'service' }> {
  return one.kind === 'service'
}
